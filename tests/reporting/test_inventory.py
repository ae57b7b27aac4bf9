"""What `recommender inventory show` says of a cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import recommender as nr
from recommender.model.errors import UsageError
from recommender.reporting import address_history
from recommender.reporting.inventory import to_document, to_json, to_text

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.inventory.types import Inventory

HOSTILE = "ev\x1b[31mil"


def pod(name: str, ip: str) -> dict[str, Any]:
    status = {"podIPs": [{"ip": ip}]}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name}, "status": status}


def cron_job(name: str) -> dict[str, Any]:
    return {
        "kind": "CronJob",
        "apiVersion": "batch/v1",
        "metadata": {"name": name},
        "spec": {
            "schedule": f"0 3 * * * {HOSTILE}",
            "timeZone": "Europe/Paris",
            "suspend": True,
            "jobTemplate": {"spec": {"template": {"spec": {"containers": []}}}},
        },
    }


def known(folder: Path, *objects: dict[str, Any]) -> Inventory:
    file = folder / "objects.json"
    file.write_text("\n".join(json.dumps(body) for body in objects))
    return nr.read_inventory(file)


def test_what_there_is_is_counted(tmp_path: Path) -> None:
    about = to_document(known(tmp_path, pod("a", "10.0.0.1"), pod("b", "10.0.0.2"), cron_job("c")))
    assert about["workloads"] == {"CronJob": 1, "Pod": 2}
    assert (about["addresses"], about["holdings"], about["taken"]) == ({"pod": 2}, 2, None)
    assert about["schedules"][0]["time_zone"] == "Europe/Paris"


def test_addresses_that_several_hold_at_once_are_named(tmp_path: Path) -> None:
    inventory = known(tmp_path, pod("a", "10.0.0.1"), pod("b", "10.0.0.1"), pod("c", "10.0.0.2"))
    assert to_document(inventory)["contested"] == ["10.0.0.1"]
    assert "1 at times held by several at once: 10.0.0.1" in to_text(inventory)


def test_text_for_a_terminal_holds_no_control_characters_of_the_cluster(tmp_path: Path) -> None:
    text = to_text(known(tmp_path, cron_job("c"), pod(HOSTILE, "10.0.0.1"), pod("x", "no")))
    assert "\x1b" not in text
    assert (
        "Schedule     default/CronJob/c 0 3 * * * ev\\x1b[31mil (Europe/Paris), suspended" in text
    )
    assert "Error        invalid-manifest" in text


def test_the_document_is_versioned_json(tmp_path: Path) -> None:
    document = json.loads(to_json(known(tmp_path, pod("a", "10.0.0.1"))))
    assert (document["kind"], document["version"]) == ("inventory", 1)


def test_the_history_of_an_address_is_told_as_records_would_be_attributed(tmp_path: Path) -> None:
    first, second = pod("a", "10.0.0.1"), pod("b", "10.0.0.1")
    times = {"startedAt": "2026-03-02T10:00:00Z", "finishedAt": "2026-03-02T11:00:00Z"}
    first["status"] |= {
        "phase": "Succeeded",
        "containerStatuses": [{"state": {"terminated": times}}],
    }
    second["status"]["startTime"] = "2026-03-02T11:00:05Z"
    inventory = known(tmp_path, first, second)
    text = address_history.to_text(inventory, "10.0.0.1")
    assert text.splitlines() == [
        "FROM                  UNTIL                 WHO",
        "ever                  2026-03-02T09:59:50Z  nobody: ip-gap",
        "2026-03-02T09:59:50Z  2026-03-02T10:00:10Z  nobody: ip-margin",
        "2026-03-02T10:00:10Z  2026-03-02T10:59:50Z  default/Pod/a, pod a",
        "2026-03-02T10:59:50Z  2026-03-02T10:59:55Z  nobody: ip-margin",
        # A cloud may stamp what the first pod sent up to a minute later.
        "2026-03-02T10:59:55Z  2026-03-02T11:01:10Z  nobody: ip-reused",
        "2026-03-02T11:01:10Z  open                  default/Pod/b, pod b",
    ]
    document = json.loads(address_history.to_json(inventory, "10.0.0.1"))
    assert [span["reason"] or span["holder"] for span in document["spans"]][2] == "default/Pod/a"
    assert address_history.to_text(inventory, "10.0.0.2").startswith("10.0.0.2 was never seen")


def test_what_is_no_address_has_no_history(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not an IP address"):
        address_history.to_text(known(tmp_path, pod("a", "10.0.0.1")), "web-0")
