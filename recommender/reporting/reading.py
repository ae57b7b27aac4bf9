"""Reading ``report.json`` back."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from recommender.model.errors import InputError
from recommender.reporting.document import SCHEMA_VERSION

if TYPE_CHECKING:
    from recommender.reporting.document import Document

_STANDARD_INPUT: Final = "-"
_HINT: Final = "name the report.json that `recommender recommend -d` wrote"


def read_document(path: str | os.PathLike[str]) -> Document:
    """The document in a file, or on standard input where the path is ``-``.

    Raises:
        InputError: It cannot be read, or is no report that this version understands.
    """
    name = os.fspath(path)
    try:
        document = json.loads(_content(name))
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        raise InputError(f"cannot read: {reason}", where=name, hint=_HINT) from error
    except (ValueError, RecursionError) as error:
        raise InputError("not a JSON document", where=name, hint=_HINT) from error
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, str):
        raise InputError("not a report: it has no schema_version", where=name, hint=_HINT)
    if version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        message = f"a report of version {version}, and this program reads {SCHEMA_VERSION}"
        raise InputError(message, where=name, hint="make it anew with this version")
    return dict(document)


def _content(name: str) -> bytes:
    if name == _STANDARD_INPUT:
        return sys.stdin.buffer.read()
    return Path(name).read_bytes()
