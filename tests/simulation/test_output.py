"""Files: compression, one folder a node, rotation, dialects, envelopes, and the command."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from typing import TYPE_CHECKING, Any, Unpack

import orjson
import pytest
import zstandard
from simulation.logs import PAIR, of, shop

from recommender.cli.app import main
from recommender.model.errors import OutputError, UsageError
from recommender.simulation import Settings, simulate
from recommender.simulation.graph_files import parse
from recommender.simulation.output import Layout, write
from recommender.simulation.settings import ENVELOPES, STYLES

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.simulation import Simulation
    from recommender.simulation.output import Written
    from recommender.simulation.settings import Options


def _write(
    directory: Path,
    layout: Layout | None = None,
    **options: Unpack[Options],
) -> tuple[Written, Simulation]:
    simulation = simulate("shop", Settings(connections=60), **options)
    return write(simulation, directory, layout), simulation


def _plain(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(content)
    if path.suffix == ".zst":
        return zstandard.ZstdDecompressor().decompressobj().decompress(content)
    return content


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_the_log_is_written_whole_however_it_is_packed(tmp_path: Path, compression: str) -> None:
    written, simulation = _write(tmp_path, Layout(compression=compression))
    (path,) = written.logs
    assert _plain(path) == b"".join(line for _, line in simulation.lines())
    names = sorted(file.name for file in tmp_path.iterdir())
    ending = {"none": "", "gzip": ".gz", "zstd": ".zst"}[compression]
    assert names == sorted(
        [f"flows.jsonl{ending}", "inventory.json", "shop.yaml", "truth.csv", "truth.json"]
    )


def test_each_node_writes_its_own_log(tmp_path: Path) -> None:
    written, simulation = _write(tmp_path, Layout(per_node=True), envelope="exporter")
    lines = 0
    for path in written.logs:
        found = _plain(path).splitlines()
        assert {orjson.loads(line)["node_name"] for line in found} <= {
            f"{path.parent.parent.name}/{path.parent.name}"
        }
        lines += len(found)
    assert lines == written.lines
    assert len(written.logs) == len(simulation.nodes)


def test_rotation_starts_new_files_and_loses_nothing(tmp_path: Path) -> None:
    limit = 40_000
    layout = Layout(compression="none", per_node=True, rotate_bytes=limit)
    written, simulation = _write(tmp_path, layout, envelope="exporter")
    assert len(written.logs) > 2 * len(simulation.nodes)
    assert all(path.stat().st_size <= limit for path in written.logs)
    made = Counter(line for _, line in simulation.lines())
    assert (
        Counter(
            line for path in written.logs for line in path.read_bytes().splitlines(keepends=True)
        )
        == made
    )
    names = {path.name for path in (tmp_path / "demo/node-1").iterdir()}
    assert {"events.log", "events-0000.log", "events-0001.log"} <= names


def test_an_array_is_one_json_document(tmp_path: Path) -> None:
    written, _ = _write(tmp_path, Layout(compression="none"), envelope="array")
    flows = orjson.loads(written.logs[0].read_bytes())
    assert len(flows) == written.lines
    assert all("verdict" in flow for flow in flows)


def test_files_that_are_there_are_replaced_only_when_asked(tmp_path: Path) -> None:
    _write(tmp_path)
    before = (tmp_path / "flows.jsonl.gz").read_bytes()
    with pytest.raises(OutputError, match="use --force"):
        _write(tmp_path, seed=2)
    assert (tmp_path / "flows.jsonl.gz").read_bytes() == before
    _write(tmp_path, Layout(force=True), seed=2)
    assert (tmp_path / "flows.jsonl.gz").read_bytes() != before


def test_a_failed_run_leaves_no_half_file(tmp_path: Path) -> None:
    simulation = simulate("shop", Settings(connections=800))

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(simulation, tmp_path, Layout(), stop)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written"):
        _write(tmp_path / "file" / "out")


def test_the_truth_as_csv_has_a_row_for_each_edge(tmp_path: Path) -> None:
    _write(tmp_path)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "truth.csv").read_text(encoding="utf-8"))))
    edges = orjson.loads((tmp_path / "truth.json").read_bytes())["edges"]
    assert [(row["client"], row["server"], int(row["connections"])) for row in rows] == [
        (edge["client"], edge["server"], edge["connections"]) for edge in edges
    ]


def test_hostile_names_stay_inside_the_folder(tmp_path: Path) -> None:
    text = PAIR.replace("application: pair", "application: '../../pair'\ncluster: '../up'")
    simulation = simulate(parse(text), connections=5, flows=None)
    written = simulation.write(tmp_path / "out", Layout(per_node=True))
    assert all(path.resolve().is_relative_to(tmp_path / "out") for path in written.files)


def test_percent_signs_and_quotes_in_names_survive() -> None:
    text = PAIR.replace("{app: client}", "{app: '50% \"off\" <b>'}")
    labels = {label for flow in of(text).flows for label in flow["source"]["labels"]}
    assert 'k8s:app=50% "off" <b>' in labels


# --- dialects and envelopes ----------------------------------------------------------------------


def test_old_logs_have_reply_and_none_of_the_newer_fields() -> None:
    log = shop(style="old", connections=300)
    fields = {name for flow in log.flows for name in flow}
    assert "reply" in fields
    assert not fields & {"is_reply", "trace_reason", "uuid", "emitter", "node_labels"}
    ends = {key for flow in log.flows for key in flow["source"]}
    assert ends == {"ID", "identity", "namespace", "labels", "pod_name"}
    overlay = [f for f in log.flows if f.get("trace_observation_point") == "TO_OVERLAY"]
    assert overlay
    assert not any("reply" in flow or "traffic_direction" in flow for flow in overlay)
    assert {flow["node_name"] for flow in log.flows} >= {"node-1", "control-1"}
    assert b"gen:" not in b"".join(log.lines)


def test_retina_says_of_every_traced_packet_that_it_is_no_reply() -> None:
    log = shop(style="retina", connections=300)
    traced = [flow for flow in log.flows if flow["event_type"]["type"] == 4]
    assert {flow["is_reply"] for flow in traced} == {False}
    points = {(flow["trace_observation_point"], flow["traffic_direction"]) for flow in traced}
    assert points == {("TO_STACK", "EGRESS"), ("TO_ENDPOINT", "INGRESS")}
    dropped = [flow for flow in log.flows if flow["event_type"]["type"] != 4]
    assert {flow["event_type"]["type"] for flow in dropped} == {1}
    assert not any("is_reply" in flow for flow in dropped)


def test_a_field_mask_leaves_addresses_and_names() -> None:
    log = shop(style="masked", connections=100)
    fields = {name for flow in log.flows for name in flow}
    assert fields == {
        "time",
        "verdict",
        "IP",
        "l4",
        "source",
        "destination",
        "node_name",
        "drop_reason_desc",
    }
    assert {key for flow in log.flows for key in flow["source"]} == {"namespace", "pod_name"}
    assert any(flow["source"] == {} for flow in log.flows)


@pytest.mark.parametrize(
    ("envelope", "keys"),
    [("wrapped", {"flow", "node_name", "time"}), ("flow-only", {"flow"})],
)
def test_envelopes_hold_the_same_flows(envelope: str, keys: set[str]) -> None:
    log = shop(envelope=envelope, connections=100)
    bare = shop(envelope="bare", connections=100)
    assert all(set(orjson.loads(line)) == keys for line in log.lines)
    assert log.flows == [orjson.loads(line) for line in bare.lines]


def test_aggregation_counts_every_flow_once(tmp_path: Path) -> None:
    plain = shop(connections=200, seed=1)
    written, _ = _write(tmp_path, connections=200, aggregate=60)
    flows = [orjson.loads(line)["flow"] for line in _plain(written.logs[0]).splitlines()]
    assert len(flows) < len(plain.flows)
    counted: Counter[str] = Counter()
    for flow in flows:
        assert list(flow)[-1] == "aggregate"
        assert all(isinstance(count, int) and count for count in flow["aggregate"].values())
        counted.update(flow["aggregate"])
    directions = Counter(flow.get("traffic_direction") for flow in plain.flows)
    assert counted == {
        "ingress_flow_count": directions["INGRESS"],
        "egress_flow_count": directions["EGRESS"],
        "unknown_direction_flow_count": directions[None],
    }


@pytest.mark.parametrize(
    "options",
    [
        {"style": "fancy"},
        {"envelope": "none"},
        {"family": "ipx"},
        {"days": 0.0},
        {"flows": -1},
        {"nodes": 100_000},
    ],
)
def test_settings_that_mean_nothing_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Settings(**options)


# --- the command ---------------------------------------------------------------------------------


def test_the_command_writes_a_log_and_names_the_next_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["simulate", "shop", "-d", str(tmp_path / "out"), "--flows", "1500", "--days", "2"])
    out = capsys.readouterr().out
    assert code == 0
    assert f"recommender recommend {tmp_path / 'out' / 'flows.jsonl.gz'}" in out
    assert (tmp_path / "out/truth.json").is_file()


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_the_command_writes_every_envelope(tmp_path: Path, envelope: str) -> None:
    code = main(["simulate", "-d", str(tmp_path), "--flows", "1200", "--envelope", envelope])
    assert code == 0
    assert (tmp_path / "demo/node-1/events.log.gz").is_file() is (envelope == "exporter")


def test_the_command_prints_an_application(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "shop", "--print-application"]) == 0
    path = tmp_path / "mine.yaml"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["simulate", str(path), "-d", str(tmp_path / "out"), "--flows", "1200"]) == 0
    assert (tmp_path / "out/shop.yaml").read_bytes() == path.read_bytes()


_REFUSED = pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["shop"], 2, "name one with -d"),
        (["nobody", "-d", "x"], 2, "no application is called"),
        (["shop", "-d", "x", "--format", "xml"], 2, "unknown format"),
        (["shop", "-d", "x", "--compress", "rar"], 2, "unknown compression"),
        (["shop", "-d", "x", "--start", "monday"], 2, "is no moment"),
        (["shop", "-d", "x", "--start", "2026-03-02T00:00:00"], 2, "no time zone"),
        (["none.yaml", "-d", "x"], 3, "cannot be read"),
    ],
)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@_REFUSED
def test_the_command_refuses_in_one_line(
    elsewhere: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    what: str,
) -> None:
    assert main(["simulate", *arguments]) == code
    err = capsys.readouterr().err
    assert what in err
    assert "Traceback" not in err
    assert not list(elsewhere.iterdir())


def test_every_style_has_a_format_of_the_command() -> None:
    from recommender.cli.simulate import _STYLES

    assert sorted(_STYLES.values()) == sorted(STYLES)
