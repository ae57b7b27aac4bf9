"""Names of drafts: valid, told by the workload, the same on every run."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from recommender.model.text import short_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

#: Name of the policy that denies what no other policy of a namespace allows.
DEFAULT_DENY: Final = "default-deny"

_MOST: Final = 63
_READABLE: Final = 50
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_UNFIT: Final = re.compile(r"[^a-z0-9]+")


def is_namespace_name(name: str) -> bool:
    """Whether the API server accepts a string as the name of a namespace (RFC 1123 label)."""
    return _LABEL.fullmatch(name) is not None


def is_object_name(name: str) -> bool:
    """Whether the API server accepts a string as a policy's name, in at most 63 characters."""
    return len(name) <= _MOST and all(_LABEL.fullmatch(part) for part in name.split("."))


def object_name(text: str, suffix: str = "") -> str:
    """A valid object name for any text; the text itself where it is one.

    Args:
        text: The wanted name, maybe from a hostile log.
        suffix: What to append, already valid.
    """
    whole = f"{text}-{suffix}" if suffix else text
    if is_object_name(whole):
        return whole
    readable = _UNFIT.sub("-", whole.lower())[:_READABLE].strip("-")
    return f"{readable or 'x'}-{short_hash(whole)}"


def policy_names(
    wanted: Mapping[str, tuple[str, str]],
    taken: Collection[str],
) -> dict[str, str]:
    """A name for each subject of one namespace, no two the same.

    Args:
        wanted: Per subject's key its name and what sets it apart from a namesake: its kind.
        taken: Names that other people's policies of the namespace already have.

    Returns:
        Per key the workload's name; ``name-kind`` where two share it or it is taken; with a hash
        of the key where even that is not enough.
    """
    busy = {DEFAULT_DENY, f"{DEFAULT_DENY}-drafted", *taken}
    plain = {key: object_name(name) for key, (name, _) in wanted.items()}
    shared = {name for name, times in Counter(plain.values()).items() if times > 1} | busy
    names = {key: name for key, name in plain.items() if name not in shared}
    busy |= set(names.values())
    longer = {
        key: object_name(name, object_name(kind.lower()))
        for key, (name, kind) in wanted.items()
        if key not in names
    }
    clashing = {name for name, times in Counter(longer.values()).items() if times > 1} | busy
    for key, name in longer.items():
        fits = name not in clashing
        names[key] = name if fits else object_name(wanted[key][0], short_hash(key))
    return names
