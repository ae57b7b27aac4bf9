"""Everything in a log is hostile: nothing leaves the folder, steers a terminal or breaks YAML."""

from __future__ import annotations

import json
import re
import unicodedata
import zlib
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml
from end_to_end.commands import tree
from rendering.hostile import hostile_strings
from rendering.readers import kubectl_reads

from recommender.cli.app import main
from recommender.evaluation.validation import validate_network_policy
from recommender.model.findings import Severity
from recommender.simulation import Settings, simulate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Rename = Callable[[str, str], str]

ROUNDS: Final = 6
STRINGS: Final = tuple(hostile_strings(240))

#: What may stand in the path of a file that the program writes.
SAFE_PART: Final = re.compile(r"[A-Za-z0-9._-]{1,200}")
#: Unicode categories that move a cursor, turn text around or cannot be seen.
UNSEEN: Final = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


#: What a gentle attacker leaves alone, so that there is something to draft ...
NEEDED: Final = {"namespace", "cluster_name", "node_name", "key", "kind"}
#: ... out of label values that the API server takes and careless YAML turns into something else.
VALUES: Final = tuple(
    text for text in STRINGS if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", text)
)


def attacker(number: int) -> Rename:
    """Gives every thing of every kind a hostile name, the same one wherever it appears.

    With an even number he wants his drafts made and is careful, with an odd one nothing is safe.
    """
    gentle = number % 2 == 0

    def rename(kind: str, name: str) -> str:
        if gentle and kind in NEEDED:
            return name
        place = zlib.crc32(f"{number}/{kind}/{name}".encode())
        strings = VALUES if gentle and kind == "value" else STRINGS
        return strings[place % len(strings)]

    return rename


def disguised(line: bytes, rename: Rename) -> bytes:
    """A record with the attacker's names in every field that holds a string."""
    record = json.loads(line)
    flow = record["flow"]
    for side in ("source", "destination"):
        _disguise_end(flow.get(side, {}), rename)
        if f"{side}_names" in flow:
            flow[f"{side}_names"] = [rename("fqdn", name) for name in flow[f"{side}_names"]]
    for key in ("node_name", "Summary", "uuid", "trace_reason", "drop_reason_desc", "Type"):
        if isinstance(flow.get(key), str) and zlib.crc32(line + key.encode()) % 3 == 0:
            flow[key] = rename(key, flow[key])
    if dns := flow.get("l7", {}).get("dns", {}):
        dns["query"] = rename("fqdn", dns.get("query", ""))
    if zlib.crc32(line) % 17 == 0:
        flow["IP"] = {"source": rename("ip", "a"), "destination": rename("ip", "b")}
    if zlib.crc32(line) % 19 == 0:
        flow["time"] = rename("time", "")
    return json.dumps(record).encode() + b"\n"


def _disguise_end(end: dict[str, Any], rename: Rename) -> None:
    for key in ("namespace", "pod_name", "cluster_name"):
        if end.get(key):
            end[key] = rename(key, end[key])
    for workload in end.get("workloads", ()):
        workload["name"] = rename("workload", workload["name"])
        workload["kind"] = rename("kind", workload["kind"])
    end["labels"] = [_label(label, rename) for label in end.get("labels", ())]


def _label(label: str, rename: Rename) -> str:
    """Reserved classes stay, so that ends stay what they are; everything else is the attacker's."""
    source, _, rest = label.partition(":")
    key, _, value = rest.partition("=")
    if source != "k8s" or key.startswith("io."):
        return label
    key = rename("key", key)
    return f"k8s:{key}={rename('value', value)}"


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    simulation = simulate("shop", Settings(seed=31, connections=80, days=2))
    return [line for _, line in simulation.lines()]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_hostile_names_stay_names(
    number: int,
    lines: list[bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rename = attacker(number)
    log, out = tmp_path / "flows.jsonl", tmp_path / "deep/er/out"
    log.write_bytes(b"".join(disguised(line, rename) for line in lines))

    assert main(["recommend", str(log), "-d", str(out)]) == 0

    assert_nothing_escaped(tmp_path, out)
    assert_terminal_is_safe(capsys.readouterr())
    report = json.loads((out / "report.json").read_bytes())
    account = report["accounting"]
    assert account["records"] == len(lines)
    assert_yaml_is_intact(out)


@pytest.mark.parametrize("number", range(ROUNDS, ROUNDS + 2))
def test_hostile_names_stay_names_on_standard_output(
    number: int,
    lines: list[bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rename = attacker(number)
    log = tmp_path / "flows.jsonl"
    log.write_bytes(b"".join(disguised(line, rename) for line in lines))
    for form in ("yaml", "json", "table"):
        assert main(["recommend", str(log), "-o", form]) == 0
        shown = capsys.readouterr()
        assert_terminal_is_safe(shown)
        if form == "yaml":
            for document in yaml.safe_load_all(shown.out):
                assert set(document) == {"apiVersion", "kind", "metadata", "spec"}


def test_kubectl_reads_what_was_meant(lines: list[bytes], tmp_path: Path) -> None:
    documents = []
    for number in range(0, ROUNDS, 2):
        rename = attacker(number)
        log, out = tmp_path / f"{number}.jsonl", tmp_path / f"out-{number}"
        log.write_bytes(b"".join(disguised(line, rename) for line in lines))
        assert main(["recommend", str(log), "-d", str(out)]) == 0
        documents += [
            text
            for name, content in tree(out).items()
            if name.endswith(".yaml") and not name.endswith("kustomization.yaml")
            for text in re.split(r"(?m)^---\n", content.decode())
        ]
    assert len(documents) > 10
    assert kubectl_reads(tmp_path, documents) == [yaml.safe_load(text) for text in documents]


@pytest.mark.parametrize(
    "name",
    ["\x1b[31mred.jsonl", "a\nb.jsonl", "\u202elnosj.jsonl", "-.jsonl", "x\x9b31m.jsonl"],
)
def test_a_hostile_file_name_reaches_no_terminal(
    name: str,
    lines: list[bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = tmp_path / name
    log.write_bytes(b"".join(lines[:200]) + b"broken\n")
    assert main(["recommend", str(log), "-d", str(tmp_path / "out")]) == 0
    assert_terminal_is_safe(capsys.readouterr())
    log.write_bytes(b"\x1b]0;owned\x07 is no log\n")
    assert main(["recommend", str(log), "-d", str(tmp_path / "out")]) == 3
    assert_terminal_is_safe(capsys.readouterr())
    log.unlink()
    assert main(["recommend", str(log), "-d", str(tmp_path / "out")]) == 3
    assert_terminal_is_safe(capsys.readouterr())


def test_a_link_in_the_output_folder_is_not_followed(lines: list[bytes], tmp_path: Path) -> None:
    log, out, elsewhere = tmp_path / "flows.jsonl", tmp_path / "out", tmp_path / "elsewhere"
    log.write_bytes(b"".join(lines))
    elsewhere.mkdir()
    out.mkdir()
    (out / "policies").symlink_to(elsewhere)
    assert main(["recommend", str(log), "-d", str(out), "--force"]) == 2
    assert tree(elsewhere) == {}


# --- what has to hold ----------------------------------------------------------------------------


def assert_nothing_escaped(sandbox: Path, out: Path) -> None:
    inside = {path for path in sandbox.rglob("*") if path.is_file()}
    assert {path for path in inside if not path.is_relative_to(out)} == {sandbox / "flows.jsonl"}
    names = [path.relative_to(out) for path in sorted(out.rglob("*"))]
    assert all(SAFE_PART.fullmatch(part) for name in names for part in name.parts)
    assert len({str(name).casefold() for name in names}) == len(names)
    assert not any(path.is_symlink() for path in out.rglob("*"))


def assert_terminal_is_safe(shown: Any) -> None:  # noqa: ANN401 - pytest's result has no name
    for text in (shown.out, shown.err):
        unseen = {char for char in text if unicodedata.category(char) in UNSEEN}
        assert unseen <= {"\n"}


def assert_yaml_is_intact(out: Path) -> None:
    """Every file is what it says, and the API server would take every policy."""
    for name, content in tree(out).items():
        if not name.endswith(".yaml"):
            continue
        documents = list(yaml.safe_load_all(content.decode()))
        document = documents[0]
        # The ready-made rule of an edge has a policy for each side that is isolated.
        assert len(documents) == 1 or name.startswith("review/")
        if name.endswith("kustomization.yaml"):
            assert document["kind"] == "Kustomization"
            folder = (out / name).parent
            assert all((folder / resource).exists() for resource in document["resources"])
            continue
        found = [one for each in documents for one in validate_network_policy(each, where=name)]
        assert [one for one in found if one.severity is Severity.ERROR] == []
