"""A real API server with its store, on loopback, where both programs are on the PATH."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What has to be on the PATH.
PROGRAMS: Final = ("kube-apiserver", "etcd")
ADMIN: Final = "sesame-open"
#: Somebody who may do nothing unless a role allows it.
GUEST, GUEST_TOKEN = "guest", "knock-knock"
_PATIENCE: Final = 60.0


@dataclass
class RealServer:
    """An API server that runs.

    Attributes:
        folder: Where its files are; ``ca.crt`` is what its certificate is checked with.
        port: Where it listens.
        store: Where its store listens.
    """

    folder: Path
    port: int
    store: int

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """One request as the administrator."""
        trust = ssl.create_default_context(cafile=str(self.folder / "certs/apiserver.crt"))
        line = HTTPSConnection("127.0.0.1", self.port, context=trust, timeout=30)
        headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/json"}
        line.request(method, path, None if body is None else json.dumps(body), headers)
        answer = line.getresponse()
        found = answer.status, json.loads(answer.read() or b"{}")
        line.close()
        return found

    def make(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make an object, with the status that it says."""
        status, made = self.ask("POST", path, body)
        assert status == 201, made
        if "status" in body:
            place = f"{path}/{body['metadata']['name']}/status"
            code, made = self.ask("PUT", place, made | {"status": body["status"]})
            assert code == 200, made
        return made

    def forget(self) -> None:
        """Let the store forget all that is not now, as it does every few minutes."""
        line = HTTPConnection("127.0.0.1", self.store, timeout=30)
        line.request("POST", "/v3/kv/range", '{"key": "AA=="}')
        revision = json.loads(line.getresponse().read())["header"]["revision"]
        line.request("POST", "/v3/kv/compaction", json.dumps({"revision": revision}))
        assert line.getresponse().status == 200
        line.close()

    def kubeconfig(self, token: str = ADMIN) -> Path:
        """A file to reach it with."""
        path = self.folder / f"{token}.kubeconfig"
        there = {
            "server": f"https://127.0.0.1:{self.port}",
            "certificate-authority": str(self.folder / "certs/apiserver.crt"),
        }
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "real",
            "clusters": [{"name": "real", "cluster": there}],
            "users": [{"name": "me", "user": {"token": token}}],
            "contexts": [{"name": "real", "context": {"cluster": "real", "user": "me"}}],
        }
        path.write_text(yaml.safe_dump(config))
        return path


def missing() -> str:
    """What is not on the PATH, in words; empty where all is."""
    return " and ".join(name for name in PROGRAMS if shutil.which(name) is None)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def _started(folder: Path, name: str, *arguments: str) -> Iterator[None]:
    with (folder / f"{name}.log").open("wb") as log:
        running = subprocess.Popen([name, *arguments], stdout=log, stderr=log, cwd=folder)
        try:
            yield
        finally:
            running.terminate()
            running.wait(_PATIENCE)


@contextmanager
def running(folder: Path) -> Iterator[RealServer]:
    """Start both, wait until they answer, and end them."""
    server = RealServer(folder, _free_port(), _free_port())
    store, peer = f"http://127.0.0.1:{server.store}", f"http://127.0.0.1:{_free_port()}"
    key = folder / "tokens.key"
    subprocess.run(
        ["openssl", "genrsa", "-out", str(key), "2048"], check=True, stderr=subprocess.DEVNULL
    )
    tokens = folder / "tokens.csv"
    tokens.write_text(f"{ADMIN},admin,1,system:masters\n{GUEST_TOKEN},{GUEST},2\n")
    with ExitStack() as stack:
        stack.enter_context(
            _started(
                folder,
                "etcd",
                *("--data-dir", str(folder / "store"), "--listen-client-urls", store),
                *("--advertise-client-urls", store, "--listen-peer-urls", peer),
                *("--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"),
                "--unsafe-no-fsync",
            )
        )
        stack.enter_context(
            _started(
                folder,
                "kube-apiserver",
                *("--etcd-servers", store, "--bind-address", "127.0.0.1"),
                *("--advertise-address", "127.0.0.1", "--secure-port", str(server.port)),
                *("--cert-dir", str(folder / "certs"), "--token-auth-file", str(tokens)),
                *("--service-account-key-file", str(key)),
                *("--service-account-signing-key-file", str(key)),
                *("--service-account-issuer", "https://kubernetes.default.svc"),
                *("--service-cluster-ip-range", "10.96.0.0/16"),
                *("--authorization-mode", "RBAC"),
                *("--disable-admission-plugins", "ServiceAccount"),
                *("--endpoint-reconciler-type", "none"),
            )
        )
        _wait_for(server)
        yield server


def _wait_for(server: RealServer) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            if server.ask("GET", "/api/v1/namespaces/default")[0] == 200:
                return
        except (OSError, HTTPException):
            pass
        time.sleep(0.2)
    log = (server.folder / "kube-apiserver.log").read_text(errors="replace")
    message = f"the API server does not answer: {log[-2000:]}"
    raise TimeoutError(message)
