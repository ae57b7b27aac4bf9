"""The log formats that can be read, and which one a file is in, told by its first lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from recommender.model.errors import InputError, UsageError
from recommender.model.text import clean
from recommender.sources import aws, azure, gcp, hubble, ibm
from recommender.sources.options import AS_FOUND, Snat

if TYPE_CHECKING:
    from recommender.sources.endpoint import Endpoint
    from recommender.sources.layout import Layout, LogFormat
    from recommender.sources.options import ReadOptions

#: Formats that can be read, by name, in the order in which a file is held against them.
FORMATS: Final[dict[str, LogFormat]] = {
    module.FORMAT.name: module.FORMAT for module in (hubble, aws, gcp, azure, ibm)
}

_SHOWN: Final = 60
_AWS: Final = re.compile(rb"(?m)^(?:\S+ )*eni-\S+ ")
# What other well-known files look like, to name them in the error.
_STRANGERS: Final = (
    (re.compile(rb'"(jsonPayload|insertId)"\s*:'), "a GCP log without flows"),
    (re.compile(rb'"cpp\.flows'), "a normalised export of another tool"),
    (re.compile(rb'^\s*[{"\s]*"?(apiVersion|kind)"?\s*:'), "a Kubernetes manifest"),
    (re.compile(rb'"id[._]orig_h"'), "a Zeek connection log"),
    (re.compile(rb'"SrcAddr"\s*:|SrcK8S_'), "a NetObserv export"),
    (re.compile(rb"^(\xff\xfe|\xfe\xff)"), "text in UTF-16, as PowerShell writes it"),
    (re.compile(rb"^(BZh|\xfd7zXZ|PK\x03\x04)"), "an archive that is neither gzip nor zstd"),
)


def format_of(layout: Layout) -> LogFormat:
    """The format that a layout is one of; what is left of a broken archive may be of none."""
    return FORMATS.get(layout.format, hubble.FORMAT)


def decode(text: str) -> Endpoint:
    """The meaning of what a log wrote of one end; texts other than Hubble's name their format."""
    name, colon, rest = text.partition(":")
    known = FORMATS.get(name) if colon else None
    return known.decode(rest) if known else hubble.FORMAT.decode(text)


def require_known(options: ReadOptions) -> None:
    """See that what the user said can be meant.

    Raises:
        UsageError: The format is none that can be read, or a word is none of its option's.
    """
    if options.snat not in tuple(Snat):
        message = f"snat: {clean(str(options.snat))!r} is none of {', '.join(Snat)}"
        raise UsageError(message, hint="leave it out to have the log tell it")
    if options.format and options.format not in FORMATS:
        message = f"{clean(options.format)!r} is no format that can be read"
        raise UsageError(message, hint=f"formats: {', '.join(FORMATS)}")


def recognise(name: str, head: list[bytes], options: ReadOptions = AS_FOUND) -> Layout:
    """The layout of a file by its first lines.

    Args:
        name: The file as the user named it.
        head: Its first lines.
        options: What the user said about it.

    Raises:
        InputError: The file is empty, or is in no format that can be read, or not in the one
            that the user named.
    """
    lines = [line for line in head if line.strip()]
    if not lines:
        message = "the file holds no records"
        raise InputError(message, where=name, hint="check that the export wrote anything")
    candidates = [FORMATS[options.format]] if options.format else list(FORMATS.values())
    for candidate in candidates:
        layout = candidate.recognise(lines, options)
        if layout is not None:
            return layout
    raise _stranger(name, lines, options)


def _meant(lines: list[bytes]) -> LogFormat | None:
    """The format that some lines are in, whichever was named."""
    return next((known for known in FORMATS.values() if known.recognise(lines, AS_FOUND)), None)


def _fields_unknown(name: str, line: bytes, options: ReadOptions) -> InputError:
    """The error for lines of AWS whose fields are not known, or are not those that were named."""
    if not options.aws_fields:
        message = "looks like an AWS VPC flow log whose fields cannot be told"
        hint = "name them in their order with --aws-fields"
        return InputError(message, where=name, hint=hint)
    message = (
        f"its lines are not of the {len(options.aws_fields)} fields that --aws-fields names: the "
        f"first has {len(line.split())} values"
    )
    start = clean(line[: 2 * _SHOWN].decode("utf-8", "replace").strip())
    return InputError(message, where=name, hint=f"name them in the order of this line: {start}")


def _stranger(name: str, lines: list[bytes], options: ReadOptions) -> InputError:
    """The error that says what a file looks like instead."""
    text = b"\n".join(lines[:20])
    if options.format and (meant := _meant(lines)):
        message = f"looks like {meant.title}, not {FORMATS[options.format].title}"
        return InputError(message, where=name, hint="leave out --format, or name the right one")
    if _AWS.search(text) and options.format in ("", aws.NAME):
        return _fields_unknown(name, lines[0], options)
    wanted = FORMATS[options.format].title if options.format else "a flow log that can be read"
    for pattern, what in _STRANGERS:
        if pattern.search(text):
            message = f"looks like {what}, not {wanted}"
            break
    else:
        start = clean(lines[0][:_SHOWN].decode("utf-8", "replace").strip())
        message = f"not a flow log that can be read; it starts with: {start}"
    hint = "make one with: hubble observe -o jsonpb --since 24h > flows.jsonl"
    return InputError(message, where=name, hint=hint)
