"""How the user wants logs to be read, where their content does not tell it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Snat(StrEnum):
    """Whether nodes stand for their pods towards the internet."""

    #: The log of a cloud tells it: nodes call the internet, and no pod is seen to.
    AUTO = "auto"
    #: They do, or some do: what pods call may be missing from a cloud's log.
    ON = "on"
    #: They do not: pods keep their addresses.
    OFF = "off"


class ReplyFlag(StrEnum):
    """Whether to believe the log's reply flag.

    ``auto`` believes it unless the log contradicts itself: some producers write ``false`` into
    every record, also into those that answer a handshake.
    """

    AUTO = "auto"
    TRUST = "trust"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Answers to what the content of a log may leave open.

    Attributes:
        format: Name of the format that every file has; empty to recognise each by its content.
        aws_fields: The fields of AWS flow logs without a header line, in their order; empty for
            the default format.
        snat: Whether nodes stand for their pods towards the internet.
    """

    format: str = ""
    aws_fields: tuple[str, ...] = ()
    snat: Snat = Snat.AUTO


#: Everything is told by the content.
AS_FOUND = ReadOptions()
