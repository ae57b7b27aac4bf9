"""Large documents are read in as much memory as small ones."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SMALL, LARGE = 8 << 20, 48 << 20
#: Most that a file of 40 MiB more may take on top: half of what its mere text would.
MOST = (LARGE - SMALL) // 2

# Small blocks, so that what is held for the engine is full with the small file already.
_READ = """
import resource, sys
from recommender.sources import cutting
from recommender.sources.discovery import find_inputs
from recommender.sources.reader import read_parts
cutting.BLOCK_BYTES = 1 << 20
for path in sys.argv[1:]:
    lines = sum(getattr(part.part, "lines", 0) for part in read_parts(find_inputs([path])))
    print(lines, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

_CONNECTION = {"src_ip": "10.4.0.1", "src_port": 41000, "dest_ip": "10.4.0.2", "dest_port": 80}
_GCP = {"logName": "x/vpc_flows", "jsonPayload": {"connection": _CONNECTION | {"protocol": 6}}}
_AWS = "2 1 eni-1 10.0.0.1 10.0.0.2 41000 443 6 5 840 1700000000 1700000059 ACCEPT OK"
_IBM = {"initiator_ip": "10.0.0.1", "target_ip": "10.0.0.2", "action": "accepted"}
_AZURE = {"flows": [{"rule": "a", "flowTuples": ["1493763938,1.2.3.4,10.0.0.4,1,2,T,I,A"]}]}
_BLOB = {"category": "NetworkSecurityGroupFlowEvent", "properties": {"Version": 1, **_AZURE}}
#: What begins a document, one of its elements, and what ends it.
FORMS: dict[str, tuple[str, Any, str]] = {
    "array": ("[", _GCP, "]"),
    "array behind prose": ("Some words\n\n[\n", _GCP, "\n]\n"),
    "entries of a response": ('Words\n{"entries": [', _GCP, '], "nextPageToken": "x"}\n'),
    "events of CloudWatch": ('{\n"events": [\n', {"message": _AWS}, '\n], "nextToken": "x"}\n'),
    "object of IBM": ('{"version": "0.0.1", "flow_logs": [', _IBM, "]}"),
    "blob of Azure": ('{"records":\n[', _BLOB, "]}"),
}


def write(path: Path, form: str, size: int) -> int:
    """A document of about this size; how many elements it has."""
    begin, element, end = FORMS[form]
    one = json.dumps(element)
    count = size // len(one)
    path.write_text(begin + ",\n".join([one] * count) + end)
    return count


@pytest.mark.parametrize("form", FORMS)
def test_a_document_is_read_in_memory_that_does_not_grow_with_it(tmp_path: Path, form: str) -> None:
    paths = tmp_path / "small.json", tmp_path / "large.json"
    counts = [write(path, form, size) for path, size in zip(paths, (SMALL, LARGE), strict=True)]
    command = [sys.executable, "-c", _READ, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert [lines for lines, _ in found] == counts
    grown = (found[1][1] - found[0][1]) * 1024
    assert grown < MOST
