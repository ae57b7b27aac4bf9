"""Rows of like records, drawn together over pods and interfaces: sums over arrays of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.connections.history import PAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from recommender.connections.history import History, Integers
    from recommender.connections.lookup import Held
    from recommender.connections.shapes import Meaning
    from recommender.sources.columns import Columns

_HOUR: Final = 3_600_000_000
_LARGEST: Final = 2**62
_BYTE: Final = 8


def draw_together(
    history: History,
    columns: Columns,
    ends: tuple[Held, Held],
    meaning: Integers,
    meanings: Sequence[Meaning],
) -> tuple[pa.Table, pa.Table]:
    """Draw records together that differ in nothing but pods, interfaces and clients' ports.

    Args:
        history: The cluster's history.
        columns: The records.
        ends: Who held their source and their destination.
        meaning: The number of what each of them means.
        meanings: What the numbers mean.

    Returns:
        The rows of like records, and of pairs of workloads the pods that took part.
    """
    import numpy as np
    import pyarrow as pa

    turned = np.array([one.turned for one in meanings]).take(meaning)
    source, target = ends
    c_who, v_who = _either(turned, source.who, target.who)
    c_bit, v_bit = _either(turned, source.bit, target.bit)
    port = np.where(turned, columns.src_port, columns.dst_port)
    hour = columns.start // _HOUR
    code = numbered(c_who, v_who, port, hour, meaning)
    count = int(code.max()) + 1
    # Of a row's records the first, since what comes last is what stays.
    first = np.empty(count, np.int64)
    first[code[::-1]] = np.arange(len(code) - 1, -1, -1)
    records = np.bincount(code, minlength=count)
    c_who, v_who, port, meaning = (all_[first] for all_ in (c_who, v_who, port, meaning))
    said = {
        name: pa.array([getattr(one, name) for one in meanings]).take(pa.array(meaning))
        for name in ("protocol", "verdict", "direction", "signs", "flows")
    }
    groups = pa.table(
        {
            "src_who": c_who,
            "dst_who": v_who,
            "src": history.ends(c_who),
            "dst": history.ends(v_who),
            "dst_port": port,
            **{name: said[name] for name in ("protocol", "verdict", "direction", "signs")},
            "observer": _least_text(code, count, columns.observer),
            "hour": hour[first],
            "records": records,
            "flows": records * said["flows"].to_numpy(),
            "bytes": _total(code, count, columns.bytes),
            "first": _least(code, count, columns.start),
            "last": -_least(code, count, -columns.until),
            "line": columns.line[first],
        }
    )
    rows = np.flatnonzero((c_who > 0) & (v_who > 0))
    pair = numbered(c_who[rows], v_who[rows], port[rows], _what(meanings)[meaning[rows]])
    pairs = int(pair.max(initial=-1)) + 1
    one = np.empty(pairs, np.int64)
    one[pair] = rows
    # What is of no pair goes to a row of its own, which is left out.
    of_group = np.full(count, pairs)
    of_group[rows] = pair
    of_record = of_group.take(code)
    return groups, pa.table(
        {
            **{name: groups[name].take(pa.array(one)) for name in _PAIR},
            "srcs": _bits(of_record, pairs, c_bit),
            "dsts": _bits(of_record, pairs, v_bit),
        }
    )


_PAIR: Final = ("src_who", "dst_who", "protocol", "dst_port", "verdict")


def _what(meanings: Sequence[Meaning]) -> Integers:
    """A number for the protocol and the verdict of each meaning."""
    import numpy as np

    number: dict[tuple[str, str], int] = {}
    each = [number.setdefault((one.protocol, one.verdict), len(number)) for one in meanings]
    return np.array(each)


def _either(turned: Integers, source: Integers, target: Integers) -> tuple[Integers, Integers]:
    """What is of clients, and what is of servers."""
    import numpy as np

    return np.where(turned, target, source), np.where(turned, source, target)


def numbered(*columns: Integers) -> Integers:
    """Numbers from 0 for the distinct rows of some columns."""
    import numpy as np
    import pyarrow as pa

    def encoded(key: Integers) -> Integers:
        codes: Integers = pa.array(key).dictionary_encode().indices.to_numpy()
        return codes

    if not len(columns[0]):
        return np.zeros(0, np.int64)
    key, size = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        least = int(column.min())
        many = int(column.max()) - least + 1
        if size * many > _LARGEST:
            key = encoded(key).astype(np.int64)
            size = int(key.max()) + 1
        key = key * many + (column - least)
        size *= many
    return encoded(key)


def _least(code: Integers, count: int, values: Integers) -> Integers:
    import numpy as np

    found = np.full(count, np.iinfo(values.dtype).max, values.dtype)
    np.minimum.at(found, code, values)
    return found


def _total(code: Integers, count: int, values: Integers) -> Integers:
    import numpy as np

    found = np.zeros(count, np.int64)
    np.add.at(found, code, values)
    return found


def _least_text(code: Integers, count: int, texts: pa.DictionaryArray) -> pa.Array:
    """The first text of each row in the order of characters."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import compute

    order = compute.sort_indices(texts.dictionary).to_numpy()
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order))
    least = _least(code, count, rank[texts.indices.to_numpy()])
    return texts.dictionary.take(pa.array(order[least]))


def _bits(row: Integers, count: int, bit: Integers) -> pa.Array:
    """Of each row which bits its records have; records of the row behind the last have none."""
    import numpy as np
    import pyarrow as pa

    width = int(bit.max(initial=0)) // _BYTE + 1
    seen = np.zeros((count + 1, width * _BYTE), bool)
    seen[row, bit] = True
    packed = np.zeros((count, PAGE // _BYTE), np.uint8)
    packed[:, :width] = np.packbits(seen[:count], axis=1)
    kind = pa.binary(PAGE // _BYTE)
    return pa.Array.from_buffers(kind, count, [None, pa.py_buffer(packed)])
