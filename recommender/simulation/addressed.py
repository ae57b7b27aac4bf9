"""Addresses in the configuration of containers: what it says they connect to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Object = dict[str, Any]

_HOST: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
_URL: Final = re.compile(rf"([a-z][a-z0-9+.-]*)://(?:[^/@\s]*@)?({_HOST})(?::(\d{{1,5}}))?")
_HOST_PORT: Final = re.compile(rf"(?<![\w./:@-])({_HOST}):(\d{{1,5}})(?![\w.:-])")
_REFERENCE: Final = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
_NUMERIC: Final = re.compile(r"[\d.]+")
_MAX_PORT: Final = 65_535
#: The ports that URLs of these schemes mean when they name none.
_DEFAULT_PORTS: Final = {
    "http": 80,
    "https": 443,
    "postgres": 5432,
    "postgresql": 5432,
    "mysql": 3306,
    "redis": 6379,
    "amqp": 5672,
    "mongodb": 27017,
    "nats": 4222,
}


def addresses(value: str) -> list[tuple[str, int]]:
    """The hosts and ports that a text names: ``host:port`` and URLs.

    Args:
        value: The value of an environment variable, or an argument.

    Returns:
        Host name and port of each, in the order in which they stand; addresses in digits are
        left out, for they name nothing.
    """
    out: list[tuple[str, int]] = []
    rest = value.lower()
    for scheme, host, port in _URL.findall(rest):
        number = int(port) if port else _DEFAULT_PORTS.get(scheme, 0)
        out.append((host, number))
    rest = _URL.sub(" ", rest)
    out.extend((host, int(port)) for host, port in _HOST_PORT.findall(rest))
    return [
        (host, port)
        for host, port in out
        if 0 < port <= _MAX_PORT and host != "localhost" and not _NUMERIC.fullmatch(host)
    ]


def configured(
    template: Object,
    namespace: str,
    maps: Mapping[tuple[str, str], Mapping[str, object]],
) -> Iterator[str]:
    """Every text that configures the containers of a pod.

    Args:
        template: The pod template.
        namespace: Its namespace.
        maps: Data of the ConfigMaps, by namespace and name.

    Yields:
        Values of environment variables with ``$(NAME)`` filled in, commands and arguments.
    """
    spec = template.get("spec") or {}
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        known: dict[str, str] = {}
        for source in container.get("envFrom") or []:
            name = (source.get("configMapRef") or {}).get("name")
            for key, value in maps.get((namespace, str(name)), {}).items():
                known[str(key)] = str(value)
        for variable in container.get("env") or []:
            text = _value(variable, namespace, maps)
            known[str(variable.get("name"))] = _filled(text, known)
        yield from known.values()
        for field in ("command", "args"):
            for word in container.get(field) or []:
                yield _filled(str(word), known)


def _value(
    variable: Object,
    namespace: str,
    maps: Mapping[tuple[str, str], Mapping[str, object]],
) -> str:
    if variable.get("value") is not None:
        return str(variable["value"])
    reference = (variable.get("valueFrom") or {}).get("configMapKeyRef") or {}
    data = maps.get((namespace, str(reference.get("name"))), {})
    return str(data.get(str(reference.get("key")), ""))


def _filled(text: str, known: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda match: known.get(match[1], match[0]), text)
