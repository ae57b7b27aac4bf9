"""A text that is looked at while it is read says what a look at the whole of it would."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from recommender.sources.lines import MAX_LINE, is_sound
from recommender.sources.seen import SeenText
from recommender.sources.texts import MemoryText

SOUND = st.text(alphabet="ab\n é€😀").map(str.encode)
ANY = st.lists(st.sampled_from([b"ab", b"\n", b"\xc3", b"\xa9", b"\xff", b"\xf0\x9f"])).map(
    b"".join
)


def text_of(data: bytes) -> SeenText:
    return SeenText(MemoryText(bytearray(data)))


def lines_of(data: bytes) -> int | None:
    if not is_sound(data):
        return None
    return data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


@given(SOUND | ANY, st.integers(1, 9))
@example(b"\xc3", 1)
@example("a\né".encode(), 4)
def test_read_in_pieces_it_tells_what_the_whole_is(data: bytes, piece: int) -> None:
    found = text_of(data)
    for offset in range(0, len(data), piece):
        assert found.read(offset, piece) == data[offset : offset + piece]
    assert found.sound_lines == lines_of(data)


@given(SOUND | ANY, st.integers(1, 9))
def test_a_buffer_is_looked_at_as_well(data: bytes, piece: int) -> None:
    found = text_of(data)
    for offset in range(0, len(data), piece):
        found.read_into(offset, memoryview(bytearray(piece)))
    assert found.sound_lines == lines_of(data)


@given(SOUND | ANY, st.lists(st.integers(0, 30)))
def test_what_is_read_again_counts_once(data: bytes, offsets: list[int]) -> None:
    found = text_of(data)
    for offset in offsets:
        found.read(offset, 7)
    found.read(0, len(data))
    found.read(0, len(data))
    assert found.sound_lines == lines_of(data)


def test_nothing_is_said_of_what_was_passed_over() -> None:
    found = text_of(b"a\nb\nc\n")
    found.read(0, 2)
    found.read(4, 2)
    assert found.sound_lines is None
    found.read(2, 4)
    assert found.sound_lines == 3


def test_a_line_may_be_of_any_length_that_is_read() -> None:
    for before in (b"", b"\n" * 1000):
        for length, lines in ((MAX_LINE, 2), (MAX_LINE + 1, None)):
            data = before + b"x" * length + b"\ny"
            found = text_of(data)
            found.read(0, len(data))
            assert found.sound_lines == (lines and lines + len(before))
            found = text_of(data.removesuffix(b"\ny"))
            found.read(0, len(data))
            assert found.sound_lines == (lines and lines - 1 + len(before))
            found = text_of(data)
            found.read_into(0, memoryview(bytearray(len(data))))
            assert found.sound_lines == (lines and lines + len(before))


def test_many_lines_are_counted_as_few_are() -> None:
    data = b"ab\n" * 3_000_000
    found = text_of(data)
    for offset in range(0, len(data), 1 << 20):
        found.read(offset, 1 << 20)
    assert found.sound_lines == 3_000_000
