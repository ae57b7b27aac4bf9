"""Which configuration is used, and which may run a program to get credentials."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from inventory.api_server import TOKEN, Cluster, make_authority, serve, write_kubeconfig

import recommender as nr
from recommender.model.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve(Cluster()) as cluster:
        yield cluster.url


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, with an empty ~/.kube."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    (folder / ".kube").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    return folder


def program(folder: Path) -> tuple[dict[str, Any], Path]:
    """A user whose credentials come from a program, and the file that shows that it ran."""
    ran, script = folder / "ran", folder / "get-token"
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": TOKEN},
    }
    script.write_text(f"#!/bin/sh\ntouch '{ran}'\necho '{json.dumps(credential)}'\n")
    script.chmod(0o700)
    about = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": str(script),
        "args": [],
        "interactiveMode": "Never",
    }
    return {"exec": about}, ran


def test_the_usual_places_are_those_of_kubectl(
    url: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="no kubeconfig found") as caught:
        nr.snapshot()
    assert caught.value.where == str(home / ".kube" / "config")
    write_kubeconfig(home / ".kube" / "config", url)
    assert nr.snapshot().objects == ()
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'absent'}:{tmp_path / 'other'}")
    with pytest.raises(InputError, match="no kubeconfig found"):
        nr.snapshot()
    write_kubeconfig(tmp_path / "other", url)
    assert nr.snapshot().objects == ()


def test_a_context_that_is_not_there_is_an_error_that_names_those_that_are(
    url: str, tmp_path: Path
) -> None:
    config = write_kubeconfig(tmp_path / "config", url)
    with pytest.raises(InputError, match="no context 'nope'") as caught:
        nr.snapshot(kubeconfig=config, context="nope")
    assert caught.value.hint == "known: prod, stranger"


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [", "not YAML"), ("- 1", "not a kubeconfig"), ("{}", "no context is set")],
)
def test_a_file_that_is_no_kubeconfig_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        nr.snapshot(kubeconfig=file)


def test_a_kubeconfig_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    config = write_kubeconfig(tmp_path / "config", "http://127.0.0.1:1", ca=tmp_path / "absent")
    text = config.read_text().replace("cluster: c\n", "cluster: gone\n")
    config.write_text(text)
    with pytest.raises(InputError, match="the context 'prod' cannot be used"):
        nr.snapshot(kubeconfig=config)


def test_a_program_is_run_for_the_users_own_file(url: str, home: Path, tmp_path: Path) -> None:
    user, ran = program(tmp_path)
    config = write_kubeconfig(home / ".kube" / "config", url, user=user)
    assert nr.snapshot().objects == ()
    assert ran.exists()
    ran.unlink()
    assert nr.snapshot(kubeconfig=config).objects == ()
    assert ran.exists()


def test_a_program_is_run_for_a_file_that_the_environment_names(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, ran = program(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "config", url, user=user)))
    assert nr.snapshot().objects == ()
    assert ran.exists()


def test_a_program_of_a_file_from_elsewhere_is_refused_unless_allowed(
    url: str, tmp_path: Path
) -> None:
    user, ran = program(tmp_path)
    config = write_kubeconfig(tmp_path / "config", url, user=user)
    with pytest.raises(UsageError, match="names a program") as caught:
        nr.snapshot(kubeconfig=config)
    assert "lies outside" in caught.value.message
    assert "--allow-exec" in caught.value.hint
    assert not ran.exists()
    nr.snapshot(kubeconfig=config, allow_exec=True)
    assert ran.exists()


def test_a_link_from_the_trusted_folder_to_elsewhere_is_not_trusted(
    url: str, home: Path, tmp_path: Path
) -> None:
    user, ran = program(tmp_path)
    config = write_kubeconfig(tmp_path / "config", url, user=user)
    link = home / ".kube" / "linked"
    link.symlink_to(config)
    with pytest.raises(UsageError, match="lies outside"):
        nr.snapshot(kubeconfig=link)
    assert not ran.exists()


@pytest.mark.parametrize("place", ["file", "folder"])
def test_a_program_of_a_file_that_others_can_write_is_refused(
    url: str, home: Path, tmp_path: Path, place: str
) -> None:
    user, ran = program(tmp_path)
    config = write_kubeconfig(home / ".kube" / "config", url, user=user)
    loose = config if place == "file" else config.parent
    loose.chmod(stat.S_IMODE(loose.stat().st_mode) | stat.S_IWGRP)
    with pytest.raises(UsageError, match="can be written by other users"):
        nr.snapshot()
    assert not ran.exists()


def test_a_file_without_a_program_may_lie_anywhere(url: str, tmp_path: Path) -> None:
    config = write_kubeconfig(tmp_path / "config", url)
    config.chmod(0o666)
    assert nr.snapshot(kubeconfig=config).objects == ()


def test_the_kubeconfig_is_never_written(url: str, home: Path, tmp_path: Path) -> None:
    user, _ = program(tmp_path)
    config = write_kubeconfig(home / ".kube" / "config", url, user=user)
    before = config.read_bytes(), config.stat().st_mtime_ns
    nr.snapshot()
    assert (config.read_bytes(), config.stat().st_mtime_ns) == before


def test_inside_a_pod_a_service_account_without_a_token_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")
    with pytest.raises(InputError, match="the pod's service account cannot be used"):
        nr.snapshot()


def test_inside_a_pod_its_service_account_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubernetes.config import incluster_config

    authority, token = make_authority(tmp_path), tmp_path / "token"
    token.write_text(TOKEN)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(authority.ca_file))
    with serve(Cluster(), authority) as cluster:
        address = urlsplit(cluster.url)
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(address.hostname))
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(address.port))
        assert nr.snapshot().objects == ()
        cluster.objects["pods"] = [{"metadata": {"name": "a"}}]
        assert len(nr.snapshot().objects) == 1
