"""A live API server, reached with the configuration that kubectl uses.

The `kubernetes` client reads the configuration, brings the credentials and the connections.
Answers are read as raw JSON: its typed models are slow and drop what they do not know.
"""

from __future__ import annotations

import email.utils
import math
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from recommender.inventory.kubeconfig import configuration
from recommender.inventory.listing import Answer, Unreachable
from recommender.model.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

#: Most bytes of one answer: a page of 500 objects of the largest size that etcd takes.
MAX_BYTES: Final = 1 << 30

_TIMEOUT: Final = 60.0
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ClusterServer:
    """An API server, its connections and credentials.

    Attributes:
        name: The context as the user named it, or where the server is.
        client: The configured client of the `kubernetes` package.
    """

    name: str
    client: Any

    @classmethod
    def connect(
        cls,
        kubeconfig: str | Path | None = None,
        context: str | None = None,
        *,
        allow_exec: bool = False,
    ) -> ClusterServer:
        """Prepare to talk to a cluster; nothing is sent yet.

        Args:
            kubeconfig: The file to read; without it, what kubectl would read, and inside a pod
                the pod's service account.
            context: The context to use; without it, the current one.
            allow_exec: Let a file of a place that is not trusted name a program that gets the
                credentials.

        Raises:
            InputError: There is no configuration, or it cannot be used.
            UsageError: The file names a program and is not trusted.
        """
        settings, name = configuration(kubeconfig, context, allow_exec=allow_exec)
        import urllib3
        from kubernetes.client import ApiClient

        # Second tries are ours to make, and credentials follow no redirection.
        settings.retries = urllib3.Retry(total=0, redirect=0)
        if not settings.verify_ssl:
            # Who says so in a kubeconfig knows it, and needs no word with every request.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        return cls(name, ApiClient(settings))

    def get(self, path: str) -> Answer:
        """One GET.

        Raises:
            Unreachable: There was no answer, or it broke off.
            InputError: The server's certificate is not trusted.
        """
        import urllib3

        settings = self.client.configuration
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        headers["User-Agent"] = "recommender"
        for entry in settings.auth_settings().values():
            if entry["in"] == "header" and entry["value"]:
                headers[entry["key"]] = entry["value"]
        begin = time.monotonic()
        try:
            with self._pool.request(
                "GET",
                settings.host.rstrip("/") + path,
                headers=headers,
                timeout=urllib3.Timeout(connect=_TIMEOUT, read=_TIMEOUT),
                preload_content=False,
            ) as response:
                moment = _clock(response.headers.get("Date"), time.monotonic() - begin)
                return Answer(
                    response.status,
                    _json(self._read(response)),
                    moment,
                    _seconds(response.headers.get("Retry-After")),
                )
        except urllib3.exceptions.HTTPError as error:
            raise self._failure(error) from error

    @property
    def _pool(self) -> Any:  # noqa: ANN401 - a urllib3 pool, behind an untyped package
        return self.client.rest_client.pool_manager

    def _read(self, response: Any) -> bytes:  # noqa: ANN401 - as _pool
        parts, size = [], 0
        for part in response.stream(_CHUNK, decode_content=True):
            size += len(part)
            if size > MAX_BYTES:
                raise InputError("an answer of more than 1 GiB is refused", where=self.name)
            parts.append(part)
        return b"".join(parts)

    def _failure(self, error: Exception) -> Exception:
        """What to raise for an error of the transport."""
        from urllib3.exceptions import SSLError

        cause = getattr(error, "reason", None) or error
        if isinstance(cause, SSLError):
            message = f"the connection is not secure: {_first_line(cause)}"
            hint = "name the cluster's certificate authority in the kubeconfig"
            return InputError(message, where=self.name, hint=hint)
        return Unreachable(_first_line(cause))


def _first_line(error: object) -> str:
    # urllib3 puts the object in front: "HTTPSConnection(host='...', port=6443): Failed to ...".
    return (str(error).splitlines() or [type(error).__name__])[0].rpartition("): ")[2]


def _json(raw: bytes) -> dict[str, Any]:
    import orjson

    with suppress(orjson.JSONDecodeError):
        body = orjson.loads(raw)
        if isinstance(body, dict):
            return body
    return {}


def _clock(text: str | None, elapsed: float) -> datetime:
    """The server's clock when the request was sent, at the latest; ours where it has none."""
    moment = datetime.now(UTC).replace(microsecond=0)
    if text:
        with suppress(ValueError, TypeError):
            moment = email.utils.parsedate_to_datetime(text).astimezone(UTC)
    return moment - timedelta(seconds=math.ceil(elapsed))


def _seconds(text: str | None) -> float:
    with suppress(ValueError):
        return max(0.0, float(text or 0))
    return 0.0
