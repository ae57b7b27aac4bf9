"""Servers on this machine that answer as Google Cloud Storage and Azure Blob Storage do.

They know what reading takes: what an object is, what a prefix holds, and ranges of bytes.
"""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager, nullcontext
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qsl, unquote, urlparse

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "logs"
#: A key of the right form that belongs to nobody.
ACCOUNT, KEY = "canaryaccount", base64.b64encode(b"canary key that must not be shown").decode()
_MOMENT = "2026-03-02T00:00:00.000Z"
_RFC_1123 = "Mon, 02 Mar 2026 00:00:00 GMT"


class Gate:
    """Where requests for objects wait for each other: all but the first, until enough are there.

    Attributes:
        asked: How many have come.
        most: How many were there at a time.
    """

    def __init__(self, wanted: int = 1) -> None:
        self.asked = self.most = 0
        self._wanted, self._inside = wanted, 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self.asked += 1
            self._inside += 1
            self.most = max(self.most, self._inside)
            self._changed.notify_all()
            if self.asked > 1:
                # Only where something is wrong does anybody wait for so long.
                self._changed.wait_for(lambda: self.most >= self._wanted, timeout=5)

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._inside -= 1


class _Store(BaseHTTPRequestHandler):
    """What both stores share."""

    protocol_version = "HTTP/1.1"
    objects: ClassVar[dict[str, bytes]] = {}
    gate: ClassVar[Gate] = Gate()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def asked(self) -> tuple[str, dict[str, str]]:
        """The path and the query of a request."""
        url = urlparse(self.path)
        return unquote(url.path), dict(parse_qsl(url.query, keep_blank_values=True))

    def answer(self, code: int, body: bytes, **headers: str) -> None:
        self.send_response(code)
        length = headers.pop("length", str(len(body)))
        for name, value in {"Content-Length": length, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def part(self, data: bytes) -> tuple[int, bytes, str]:
        """The range of bytes that was asked for."""
        wanted = self.headers.get("x-ms-range") or self.headers.get("Range") or ""
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        if not wanted:
            return 200, data, ""
        piece = data[int(first) : int(last) + 1 if last else None]
        return 206, piece, f"bytes {first}-{int(first) + len(piece) - 1}/{len(data)}"


class _Google(_Store):
    def do_GET(self) -> None:
        path, query = self.asked()
        _, _, key = path.partition(f"/b/{BUCKET}/o")
        key = key.removeprefix("/")
        if not key:
            prefix = query.get("prefix", "")
            items = [self._about(name) for name in self.objects if name.startswith(prefix)]
            self.answer(200, json.dumps({"items": items}).encode())
        elif key not in self.objects:
            self.answer(404, b'{"error": {"code": 404, "message": "no such object"}}')
        elif query.get("alt") == "media":
            code, piece, shown = self.part(self.objects[key])
            with self.gate:
                self.answer(code, piece, **({"Content_Range": shown} if shown else {}))
        else:
            self.answer(200, json.dumps(self._about(key)).encode())

    def _about(self, name: str) -> dict[str, str]:
        size = str(len(self.objects[name]))
        times = {"updated": _MOMENT, "timeCreated": _MOMENT}
        return {"name": name, "bucket": BUCKET, "size": size, "generation": "1"} | times


class _Azure(_Store):
    def do_GET(self) -> None:
        path, query = self.asked()
        key = path.removeprefix(f"/{ACCOUNT}/{BUCKET}").removeprefix("/")
        if query.get("comp") == "list":
            self.answer(200, self._listed(query), Content_Type="application/xml")
        elif not key:
            self.answer(200, b"", **self._about(b""))
        elif key not in self.objects:
            self.answer(404, b"", x_ms_error_code="BlobNotFound")
        else:
            data = self.objects[key]
            code, piece, shown = self.part(data)
            headers = self._about(data) | ({"Content_Range": shown} if shown else {})
            with self.gate:
                self.answer(code, piece, **headers | {"length": str(len(piece))})

    def do_HEAD(self) -> None:
        path, _ = self.asked()
        key = path.removeprefix(f"/{ACCOUNT}/{BUCKET}").removeprefix("/")
        if key and key not in self.objects:
            self.answer(404, b"", x_ms_error_code="BlobNotFound")
        else:
            data = self.objects.get(key, b"")
            self.answer(200, b"", **self._about(data))

    @staticmethod
    def _about(data: bytes) -> dict[str, str]:
        return {
            "length": str(len(data)),
            "Last_Modified": _RFC_1123,
            "ETag": '"1"',
            "x_ms_blob_type": "BlockBlob",
            "Content_Type": "application/octet-stream",
        }

    def _listed(self, query: dict[str, str]) -> bytes:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        names = sorted(name for name in self.objects if name.startswith(prefix))
        deeper = {
            name[: name.index(delimiter, len(prefix)) + 1]
            for name in names
            if delimiter and delimiter in name[len(prefix) :]
        }
        folders = "".join(
            f"<BlobPrefix><Name>{name}</Name></BlobPrefix>" for name in sorted(deeper)
        )
        blobs = "".join(
            f"<Blob><Name>{name}</Name><Properties><Last-Modified>{_RFC_1123}</Last-Modified>"
            f"<Etag>1</Etag><Content-Length>{len(data)}</Content-Length>"
            "<BlobType>BlockBlob</BlobType></Properties></Blob>"
            for name, data in sorted(self.objects.items())
            if name in names and not any(name.startswith(folder) for folder in deeper)
        )
        return (
            '<?xml version="1.0" encoding="utf-8"?>'
            f'<EnumerationResults ContainerName="{BUCKET}">'
            f"<Prefix>{prefix}</Prefix><Delimiter>{delimiter}</Delimiter>"
            f"<Blobs>{blobs}{folders}</Blobs><NextMarker /></EnumerationResults>"
        ).encode()


class _Door(BaseHTTPRequestHandler):
    """Hands requests on to a server behind it."""

    protocol_version = "HTTP/1.1"
    behind: ClassVar[str] = ""
    gate: ClassVar[Gate] = Gate()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        with self.gate if "Range" in self.headers else nullcontext():
            self._hand_on()

    def do_HEAD(self) -> None:
        self._hand_on()

    def _hand_on(self) -> None:
        line = HTTPConnection(self.behind)
        line.request(self.command, self.path, headers=dict(self.headers))
        answer = line.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        line.close()


class _Refusal(BaseHTTPRequestHandler):
    """Answers everything in one way."""

    protocol_version = "HTTP/1.1"
    code: ClassVar[int] = 403
    body: ClassVar[bytes] = b""

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        self.send_response(self.code)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.body)

    def do_HEAD(self) -> None:
        self.do_GET()


@contextmanager
def _running(kind: type[BaseHTTPRequestHandler], **known: object) -> Iterator[str]:
    handler = type("Handler", (kind,), known)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def google(objects: dict[str, bytes], gate: Gate | None = None) -> Iterator[dict[str, str]]:
    """A bucket of Google's; gives the variables that lead to it."""
    with _running(_Google, objects=objects, gate=gate or Gate()) as address:
        yield {"STORAGE_EMULATOR_HOST": address, "NO_GCE_CHECK": "true"}


@contextmanager
def azure(objects: dict[str, bytes], gate: Gate | None = None) -> Iterator[dict[str, str]]:
    """A container of Azure's; gives the variables that lead to it."""
    with _running(_Azure, objects=objects, gate=gate or Gate()) as address:
        connection = (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
            f"BlobEndpoint={address}/{ACCOUNT};"
        )
        yield {"AZURE_STORAGE_CONNECTION_STRING": connection}


@contextmanager
def door(to: str, gate: Gate) -> Iterator[str]:
    """The address of a server that hands requests on, those for objects through a gate."""
    with _running(_Door, behind=to.removeprefix("http://"), gate=gate) as address:
        yield address


@contextmanager
def refusal(scheme: str, code: int, body: bytes) -> Iterator[dict[str, str]]:
    """A store that answers everything so; gives the variables that lead to it."""
    with _running(_Refusal, code=code, body=body) as address:
        yield {
            "s3": {"AWS_ENDPOINT_URL": address},
            "gs": {"STORAGE_EMULATOR_HOST": address, "NO_GCE_CHECK": "true"},
            "az": {
                "AZURE_STORAGE_CONNECTION_STRING": "DefaultEndpointsProtocol=http;"
                f"AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={address}/{ACCOUNT};"
            },
        }[scheme]
