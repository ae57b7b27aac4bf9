"""What makes a line one that can be read: text, and not too long."""

from __future__ import annotations

from typing import Final

#: Longest line that is read; a longer one is quarantined.
MAX_LINE: Final = 4 << 20
_NEWLINE: Final = ord("\n")
# Bytes that are compared at a time: more take memory that the system has to clear first.
_COUNTED: Final = 1 << 20


def count_lines(data: bytes | bytearray) -> int:
    """How many newlines some text has."""
    import numpy as np  # what does not read needs none

    return sum(
        int(np.count_nonzero(np.frombuffer(data, np.uint8, size, begin) == _NEWLINE))
        for begin in range(0, len(data), _COUNTED)
        if (size := min(_COUNTED, len(data) - begin))
    )


def is_utf8(line: bytes | bytearray) -> bool:
    """Whether some bytes are text."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_sound(data: bytes | bytearray) -> bool:
    """Whether every line is valid text of acceptable length."""
    return not has_long_line(data) and (data.isascii() or is_utf8(data))


def has_long_line(data: bytes | bytearray) -> bool:
    """Whether a line is longer than the limit; such a line covers a multiple of the limit."""
    for position in range(0, len(data), MAX_LINE):
        begin = data.rfind(b"\n", 0, position) + 1
        if data.find(b"\n", position) - begin > MAX_LINE:
            return True
    return False
