"""A server on loopback that speaks the list protocol of the Kubernetes API.

It is written from the API's documentation and knows nothing of the code under test: pages with
``limit`` and ``continue``, statuses as objects, bearer tokens, TLS.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "sesame-open"  # noqa: S105 - of a server that lives for one test
GROUPS = {
    "pods": "/api/v1",
    "namespaces": "/api/v1",
    "nodes": "/api/v1",
    "services": "/api/v1",
    "replicationcontrollers": "/api/v1",
    "endpointslices": "/apis/discovery.k8s.io/v1",
    "deployments": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "statefulsets": "/apis/apps/v1",
    "daemonsets": "/apis/apps/v1",
    "jobs": "/apis/batch/v1",
    "cronjobs": "/apis/batch/v1",
    "networkpolicies": "/apis/networking.k8s.io/v1",
}


@dataclass
class Cluster:
    """What the server serves, how it misbehaves, and what it was asked.

    Attributes:
        objects: By plural; a plural that is not there is not served.
        forbidden: Plurals that may not be listed, or ``namespace/plural``.
        gone: How many continued pages of a plural end in 410 from now on.
        failing: How many requests for a plural fail from now on, and with which status.
        largest: Most objects a page, whatever was asked for.
        date: The clock of the server; None for the real one.
        requests: Method, path and query of every request, in order.
        headers: Their headers.
    """

    objects: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {plural: [] for plural in GROUPS}
    )
    forbidden: set[str] = field(default_factory=set)
    gone: Counter[str] = field(default_factory=Counter)
    failing: dict[str, list[int]] = field(default_factory=dict)
    largest: int = 500
    date: str | None = None
    requests: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def asked(self, plural: str) -> list[str]:
        """The requests for one plural."""
        return [path for _, path in self.requests if f"/{plural}" in path]

    def answer(self, path: str, token: str | None) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Status, body and headers of one GET."""
        parts, query = urlsplit(path), parse_qs(urlsplit(path).query)
        *before, plural = parts.path.split("/")
        namespace = before[-1] if len(before) > 1 and before[-2] == "namespaces" else ""
        root = "/".join(before[:-2] if namespace else before)
        scheme, _, word = (token or "").partition(" ")
        if (scheme.lower(), word) != ("bearer", TOKEN):
            return _status(401, "Unauthorized", "Unauthorized")
        if self.failing.get(plural):
            status = self.failing[plural].pop(0)
            code, body, headers = _status(status, "Failure", "the server is busy")
            return code, body, {**headers, "Retry-After": "7"} if status == 429 else headers
        if {plural, f"{namespace}/{plural}"} & self.forbidden:
            message = f'{plural} is forbidden: User "reader" cannot list resource "{plural}"'
            return _status(403, "Forbidden", message)
        if plural not in self.objects or GROUPS[plural] != root:
            return _status(404, "NotFound", "the server could not find the requested resource")
        found = [
            item
            for item in self.objects[plural]
            if not namespace or item["metadata"].get("namespace") == namespace
        ]
        start = int(query.get("continue", ["0"])[0].removeprefix("from-"))
        if start and self.gone[plural]:
            self.gone[plural] -= 1
            return _status(410, "Expired", "The provided continue parameter is too old")
        limit = int(query.get("limit", ["0"])[0])
        # Without a limit the whole list comes in one piece, as the API promises.
        stop = start + min(limit, self.largest) if limit else len(found)
        metadata: dict[str, Any] = {"resourceVersion": "7"}
        if stop < len(found):
            metadata |= {"continue": f"from-{stop}", "remainingItemCount": len(found) - stop}
        return 200, {"kind": "List", "metadata": metadata, "items": found[start:stop]}, {}


def _status(code: int, reason: str, message: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    body = {"kind": "Status", "status": "Failure", "reason": reason, "message": message}
    return code, {**body, "apiVersion": "v1", "code": code}, {}


def _handler(cluster: Cluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            cluster.requests.append((self.command, self.path))
            cluster.headers.append(dict(self.headers))
            status, body, headers = cluster.answer(self.path, self.headers.get("authorization"))
            raw = json.dumps(body).encode()
            self.send_response_only(status)
            self.send_header("Date", cluster.date or self.date_time_string())
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - as its base

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as its base
            pass

    return Handler


@contextmanager
def serve(cluster: Cluster, authority: Authority | None = None) -> Iterator[Cluster]:
    """Serve a cluster on loopback, over TLS where there is an authority."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(cluster))
    if authority is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.server_file)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    scheme = "http" if authority is None else "https"
    cluster.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    try:
        yield cluster
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Authority:
    """A certificate authority of one test.

    Attributes:
        ca_file: Its certificate.
        server_file: Certificate and key of a server at 127.0.0.1.
    """

    ca_file: Path
    server_file: Path


def make_authority(folder: Path) -> Authority:
    """An authority and a server's certificate that it signed."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")])
    now = dt.datetime.now(dt.UTC)

    def builder(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
        )

    ca = (
        builder(ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        builder(name, key.public_key())
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    ca_file, server_file = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(ca.public_bytes(pem))
    server_file.write_bytes(private + certificate.public_bytes(pem))
    return Authority(ca_file, server_file)


def write_kubeconfig(
    path: Path, url: str, *, ca: Path | None = None, user: dict[str, Any] | None = None
) -> Path:
    """A kubeconfig with the contexts ``prod`` (current) and ``stranger`` (a wrong token)."""
    cluster: dict[str, Any] = {"server": url}
    if ca is not None:
        cluster["certificate-authority"] = str(ca)
    body = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "prod",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [
            {"name": "reader", "user": {"token": TOKEN} if user is None else user},
            {"name": "nobody", "user": {"token": "wrong"}},
        ],
        "contexts": [
            {"name": "prod", "context": {"cluster": "c", "user": "reader"}},
            {"name": "stranger", "context": {"cluster": "c", "user": "nobody"}},
        ],
    }
    path.write_text(yaml.safe_dump(body))
    path.chmod(0o600)
    return path
