"""How the user wants logs to be read, where their content does not tell it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Answers to what the content of a log may leave open.

    Attributes:
        format: Name of the format that every file has; empty to recognise each by its content.
        aws_fields: The fields of AWS flow logs without a header line, in their order; empty for
            the default format.
    """

    format: str = ""
    aws_fields: tuple[str, ...] = ()


#: Everything is told by the content.
AS_FOUND = ReadOptions()
