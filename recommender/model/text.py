"""The one place where text from logs becomes fit for people, files and pages.

Every name, label, DNS name and path in a flow log can be chosen by an attacker. A terminal,
a YAML comment, a file name, a CSV cell or a Markdown page receives such text only through the
functions here.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final
from urllib.parse import quote

#: Longest text shown from a log; what is cut is marked by an ellipsis.
MAX_SHOWN: Final = 200

_MAX_FILE_STEM: Final = 100
_HASH_LENGTH: Final = 10
# Names are an attacker's choice: 128 bits, so that nobody finds two with one hash.
_STEM_HASH_LENGTH: Final = 32
_HASHED_STEM: Final = re.compile(rf".*--[0-9a-f]{{{_STEM_HASH_LENGTH}}}")
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL and C1 controls
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, bidi, line separators
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]",
)
_FORMULA: Final = re.compile(r"^\s*[=+\-@|%\t\r\n\uff1d\uff0b\uff0d\uff20]")
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$&:@/])")
_DNS_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_RESERVED_STEMS: Final = frozenset(
    {"con", "prn", "aux", "nul", "kustomization", "default-deny"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in range(10)},
)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"  # noqa: PLR2004 - one byte


def clean(value: object, *, limit: int = MAX_SHOWN) -> str:
    """Text that cannot steer a terminal: controls, bidi marks and invisibles become escapes.

    Args:
        value: Anything; its ``str`` is taken.
        limit: Most characters of the result; longer text ends in an ellipsis.

    Returns:
        One line without control, bidirectional or zero-width characters.
    """
    text = _UNSAFE.sub(_escape, str(value))
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"


def comment(value: object, *, limit: int = MAX_SHOWN) -> str:
    """Text fit for a ``#`` comment of a YAML file: one line, nothing that ends the comment."""
    return clean(value, limit=limit).strip()


def csv_cell(value: object) -> str:
    """Text that no spreadsheet takes for a formula (OWASP ASVS 5, 1.2.10)."""
    text = clean(value, limit=32_000)
    return f"'{text}" if _FORMULA.match(text) else text


def markdown(value: object, *, limit: int = MAX_SHOWN) -> str:
    """Text that stays text in Markdown: every character with a meaning is escaped."""
    return _MARKDOWN.sub(r"\\\1", clean(value, limit=limit))


def short_hash(value: str, length: int = _HASH_LENGTH) -> str:
    """The first hexadecimal digits of a SHA-256: a stable suffix for names."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def is_dns_name(value: str, *, limit: int = 63) -> bool:
    """Whether a string is a lower-case RFC 1123 name of at most ``limit`` characters."""
    return len(value) <= limit and _DNS_NAME.fullmatch(value) is not None


def file_stem(name: str) -> str:
    """A file name without suffix for a name from a log.

    A valid Kubernetes name stays as it is; anything else is percent-encoded, cut, and made
    unique by a hash of the whole, so that two names never share a file, not even on a file
    system that folds case or reserves the names of devices. No name that stays looks hashed.
    """
    if (
        is_dns_name(name, limit=_MAX_FILE_STEM)
        and name.partition(".")[0] not in _RESERVED_STEMS
        and _HASHED_STEM.fullmatch(name) is None
    ):
        return name
    folded = unicodedata.normalize("NFC", name).lower().encode("utf-8", "surrogatepass")
    readable = re.sub("[%~.]", "_", quote(folded, safe="")).strip("-_")[:40]
    return f"{readable or 'x'}--{short_hash(name, _STEM_HASH_LENGTH)}"
