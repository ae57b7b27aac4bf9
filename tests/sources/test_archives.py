"""Archives that break off, are corrupt, or unpack to more than anybody wants."""

from __future__ import annotations

import gzip
import random
import time
import zlib
from typing import TYPE_CHECKING

import pytest
import zstandard
from connections.records import CART, WEB, ids, pod, read, reconciles, talk, text, wrapped

from recommender.connections.edges import connect
from recommender.model.errors import BombError, InputError
from recommender.sources.blocks import Block
from recommender.sources.discovery import find_inputs
from recommender.sources.reader import FileEnd, read_parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recommender.connections.types import Connections

FLOWS = [flow for at in range(40000, 40003) for flow in talk(WEB, CART, at=at)]
LINES = text(map(wrapped, FLOWS))


def zstd(data: bytes) -> bytes:
    # Small blocks, so that something comes out before the end.
    made = zstandard.ZstdCompressor(level=1).compressobj()
    return b"".join(
        made.compress(data[i : i + 500]) + made.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        for i in range(0, len(data), 500)
    ) + made.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH)


PACKS = pytest.mark.parametrize("pack", [gzip.compress, zstd], ids=["gzip", "zstd"])


def lines_and_end(path: Path) -> tuple[int, int, FileEnd]:
    """Good lines, quarantined lines and the end of one file, as the reader hands them on."""
    good = bad = 0
    *blocks, last = [part.part for part in read_parts(find_inputs([path]))]
    for block in blocks:
        assert isinstance(block, Block)
        table, quarantined = block.examine()
        good += table.num_rows
        bad += len(quarantined)
    assert isinstance(last, FileEnd)
    return good, bad, last


@PACKS
def test_archive_that_is_cut_at_any_byte_is_partial(
    tmp_path: Path,
    pack: Callable[[bytes], bytes],
) -> None:
    whole = pack(LINES)
    path = tmp_path / "flows.log"
    seen = set()
    for cut in range(4, len(whole)):
        path.write_bytes(whole[:cut])
        good, bad, end = lines_and_end(path)
        assert end.problem is not None, cut
        assert "ends early" in end.problem.message
        assert bad == 0
        seen.add(good)
    assert {0, len(FLOWS)} <= seen


@PACKS
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_partial_archive_reconciles(
    tmp_path: Path,
    pack: Callable[[bytes], bytes],
    share: float,
) -> None:
    whole = pack(LINES)
    path = tmp_path / "flows.log"
    path.write_bytes(whole[: int(len(whole) * share)])
    found = connect([path])
    account = found.accounting
    account.check()
    assert not account.complete
    assert reconciles(found, account.records)
    assert sum(account.malformed.values()) <= 1
    assert [f.code for f in found.findings if f.code == "input-partial"] == ["input-partial"]


@PACKS
def test_head_too_short_to_be_an_archive_is_one_clear_line(
    tmp_path: Path,
    pack: Callable[[bytes], bytes],
) -> None:
    path = tmp_path / "flows.log"
    for cut in (0, 1):
        path.write_bytes(pack(LINES)[:cut])
        with pytest.raises(InputError):
            connect([path])


def test_plain_file_that_breaks_off_quarantines_its_last_line(tmp_path: Path) -> None:
    path = tmp_path / "flows.log"
    for cut in (len(LINES) - 2, len(LINES) - 200):
        path.write_bytes(LINES[:cut])
        found = connect([path])
        assert [q.record.line for q in found.accounting.quarantined] == [len(FLOWS)]
        assert reconciles(found, len(FLOWS))


@PACKS
def test_corrupt_archive_is_partial_or_refused_and_never_crashes(
    tmp_path: Path,
    pack: Callable[[bytes], bytes],
) -> None:
    whole = bytearray(pack(LINES))
    path = tmp_path / "flows.log"
    dice = random.Random(7)  # noqa: S311 - no secret
    for _ in range(60):
        broken = bytearray(whole)
        place = dice.randrange(4, len(broken))
        broken[place] ^= 1 << dice.randrange(8)
        path.write_bytes(broken)
        try:
            lines_and_end(path)
        except InputError:
            continue


def test_checksum_is_checked(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(LINES))
    whole[-6] ^= 1
    path = tmp_path / "flows.log"
    path.write_bytes(whole)
    found = connect([path])
    assert not found.accounting.complete
    assert "corrupt" in found.accounting.files[0].problem
    assert found.accounting.accepted == len(FLOWS)


def test_rubbish_after_an_archive_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "flows.log"
    path.write_bytes(gzip.compress(LINES) + b"rubbish")
    assert not connect([path]).accounting.complete


def test_broken_file_leaves_the_others_whole(tmp_path: Path) -> None:
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(LINES)[:200])
    (tmp_path / "b.log.gz").write_bytes(gzip.compress(LINES))
    found = connect([tmp_path])
    assert [account.complete for account in found.accounting.files] == [False, True]
    assert ids(found) == ["shop/Deployment/web -> shop/Deployment/cart TCP/8080"]


def bomb_gzip() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * (1 << 20)
    return b"".join(packer.compress(block) for _ in range(512)) + packer.flush()


def bomb_zstd() -> bytes:
    packer = zstandard.ZstdCompressor().compressobj()
    block = b" " * (1 << 20)
    return b"".join(packer.compress(block) for _ in range(512)) + packer.flush()


@pytest.mark.parametrize("make", [bomb_gzip, bomb_zstd], ids=["gzip", "zstd"])
@pytest.mark.parametrize("head", [b"", LINES], ids=["at once", "after records"])
def test_decompression_bomb_is_refused(
    tmp_path: Path,
    make: Callable[[], bytes],
    head: bytes,
) -> None:
    first = gzip.compress(head) if make is bomb_gzip else zstd(head)
    path = tmp_path / "flows.log.gz"
    path.write_bytes((first if head else b"") + make())
    start = time.process_time()
    # Nothing but blank lines is no log at all, and refused before it is known for a bomb.
    with pytest.raises((BombError, InputError), match=r"decompression bomb|holds no records"):
        connect([path])
    # Half a gigabyte takes far longer: it stopped soon after the floor of 64 MiB.
    assert time.process_time() - start < 10


def test_log_that_packs_well_is_no_bomb(tmp_path: Path) -> None:
    path = tmp_path / "flows.log.gz"
    path.write_bytes(gzip.compress(LINES * 2000))
    found: Connections = connect([path])
    assert found.accounting.records == 2000 * len(FLOWS)


def test_no_record_is_lost_between_files(tmp_path: Path) -> None:
    other = pod("shop", "other-0", "10.0.9.9")
    assert reconciles(read(tmp_path, *FLOWS, *talk(WEB, other)), len(FLOWS) + 4)


def test_a_file_of_a_folder_that_cannot_be_read_is_a_part_of_the_log_that_is_missing(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.log").write_bytes(LINES)
    # Nobody can read it from its beginning, not even who may read anything.
    (tmp_path / "b.log").symlink_to("/proc/self/mem")
    good, bad = connect([tmp_path]).accounting.files
    assert (good.records, good.complete) == (len(FLOWS), True)
    assert (bad.file, bad.records, bad.complete) == (str(tmp_path / "b.log"), 0, False)
    assert "cannot be read" in bad.problem
