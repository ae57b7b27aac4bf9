"""Public golden cases: manifest folders with the connectivity that netpol-analyzer expects.

Held extensionally: ranges of addresses may be cut differently. Where the specification leaves a
question open these cases answer it as that tool does, which the modes say.
"""

from __future__ import annotations

import csv
import ipaddress
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from conftest import SHARED

from recommender.evaluation.exposure import exposure
from recommender.evaluation.forms import as_csv, as_json, as_text
from recommender.evaluation.modes import Choice, Modes
from recommender.evaluation.reach import Reach, reach
from recommender.inventory import read_inventory
from recommender.model.ports import PortSet

if TYPE_CHECKING:
    from collections.abc import Iterable

GOLDEN: Final = SHARED / "conformance" / "np-guard"
OUTPUTS: Final = GOLDEN / "test_outputs" / "connlist"
CASES: Final = sorted(path.name for path in (GOLDEN / "tests").glob("*") if path.is_dir())
#: That tool matches no pod by its address, and has no IPv6.
MODES: Final = Modes(
    ip_block_pods=Choice.NO,
    host_network_pods=Choice.YES,
    networks_match_pods=False,
    ipv6=False,
)
_EXTERNAL: Final = re.compile(r"([\d.]+)-([\d.]+)\[External\]")
_SELECTOR_LABEL: Final = re.compile(r"\{Key:([^,]+),Operator:In,Values:\[([^ \]]+)\],\}")

Row = tuple[str, str, str]
#: Connections: (source, destination) without addresses to ports; and with addresses, as
#: (source, destination, ports) to the addresses.
Facts = tuple[set[Row], dict[Row, list[tuple[int, int]]]]


def facts(rows: Iterable[Row]) -> Facts:
    """Rows in a form that does not depend on how ranges of addresses are cut."""
    plain: set[Row] = set()
    outside: dict[Row, list[tuple[int, int]]] = {}
    for source, destination, ports in rows:
        key = (_outside(source), _outside(destination), _canonical_ports(ports))
        match = _EXTERNAL.fullmatch(source) or _EXTERNAL.fullmatch(destination)
        if match is None:
            plain.add(key)
            continue
        low, high = (int(ipaddress.ip_address(text)) for text in match.groups())
        outside.setdefault(key, []).append((low, high))
    return plain, {key: _merged(ranges) for key, ranges in outside.items()}


def _outside(end: str) -> str:
    return "External" if _EXTERNAL.fullmatch(end) else _SELECTOR_LABEL.sub(r"\1=\2", end)


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _canonical_ports(text: str) -> str:
    if text in {"All Connections", "No Connections"}:
        return text
    found = PortSet()
    for part in re.split(r",(?=[A-Z])", text):
        protocol, _, numbers = part.partition(" ")
        for piece in numbers.split(","):
            low, _, high = piece.partition("-")
            found |= PortSet.of(protocol, int(low), int(high or low))
    return str(found)


def text_rows(text: str) -> list[Row]:
    """The connections of the text form, what follows them left out."""
    found = []
    for line in text.split("\nExposure Analysis Result", maxsplit=1)[0].splitlines():
        if " => " in line:
            source, rest = line.split(" => ")
            destination, ports = rest.rsplit(" : ", 1)
            found.append((source, destination, ports))
    return found


def exposure_rows(text: str) -> list[Row]:
    """The lines of both exposure sections as rows, the workload first."""
    found = []
    for line in text.partition("Exposure Analysis Result")[2].splitlines():
        match = re.fullmatch(r"(\S+)\s+(=>|<=)\s+(.+) : (.+)", line)
        if match:
            found.append((f"{match[1]} {match[2]}", match[3], match[4]))
    return found


def unprotected(text: str) -> set[str]:
    return {line for line in text.splitlines() if " is not protected on " in line}


def json_rows(text: str) -> list[Row]:
    document = json.loads(text)
    rows = document["connlist_results"] if isinstance(document, dict) else document
    return [(row["src"], row["dst"], row["conn"]) for row in rows]


def csv_rows(text: str) -> list[Row]:
    rows = list(csv.reader(text.splitlines()))
    found = []
    for row in rows[1:]:
        if not any(row) or "Exposure" in row[0]:
            break
        found.append((row[0], row[1], row[2]))
    return found


def evaluated(name: str) -> Reach:
    inventory = read_inventory([GOLDEN / "tests" / name], infer_owners=False)
    return reach((*inventory.policies, *inventory.tiers), inventory, MODES)


pytestmark = pytest.mark.skipif(not CASES, reason="needs the golden cases in ../shared")


def test_all_golden_cases_are_here() -> None:
    assert len(CASES) == 65


@pytest.mark.parametrize("name", CASES)
def test_connections_are_those_expected(name: str) -> None:
    outputs = sorted(OUTPUTS.glob(f"{name}_connlist_output.*")) + sorted(
        OUTPUTS.glob(f"{name}_exposure_output.*")
    )
    assert outputs
    reached = evaluated(name)
    ours = {
        ".txt": text_rows(as_text(reached)),
        ".json": json_rows(as_json(reached)),
        ".csv": csv_rows(as_csv(reached)),
    }
    readers = {".txt": text_rows, ".json": json_rows, ".csv": csv_rows}
    for output in outputs:
        expected = readers[output.suffix](output.read_text())
        assert facts(ours[output.suffix]) == facts(expected), output.name


EXPOSED: Final = [name for name in CASES if (OUTPUTS / f"{name}_exposure_output.txt").is_file()]


@pytest.mark.parametrize("name", EXPOSED)
def test_exposure_is_that_expected(name: str) -> None:
    expected = Path(OUTPUTS / f"{name}_exposure_output.txt").read_text()
    reached = evaluated(name)
    ours = as_text(reached, exposure(reached))
    assert facts(exposure_rows(ours)) == facts(exposure_rows(expected))
    assert unprotected(ours) == unprotected(expected)


def json_exposure(text: str) -> list[Row]:
    """Both exposure lists of the JSON form as rows, the direction with the source."""
    found = json.loads(text)["exposure_results"]
    return [
        (f"{side} {row['src']}", row["dst"], row["conn"])
        for side in ("egress_exposure", "ingress_exposure")
        for row in found.get(side) or ()
        if not (_EXTERNAL.fullmatch(row["src"]) or _EXTERNAL.fullmatch(row["dst"]))
    ]


@pytest.mark.parametrize(
    "name", [name for name in EXPOSED if (OUTPUTS / f"{name}_exposure_output.json").is_file()]
)
def test_exposure_in_json_is_that_expected(name: str) -> None:
    expected = Path(OUTPUTS / f"{name}_exposure_output.json").read_text()
    reached = evaluated(name)
    ours = as_json(reached, exposure(reached))
    assert facts(json_exposure(ours)) == facts(json_exposure(expected))
