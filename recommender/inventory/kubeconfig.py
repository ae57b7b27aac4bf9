"""Which cluster, and with what credentials: kubeconfig files and the service account of a pod.

A kubeconfig may name a program that gets the credentials, and reading it runs the program. That
is what people want of their own file, and not of one that came with a download: a file that is
not trusted may not name one unless the user allows it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from recommender.inventory.streams import parse_yaml
from recommender.model.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARIABLE: Final = "KUBECONFIG"
_IN_CLUSTER: Final = "KUBERNETES_SERVICE_HOST"
_RUNS_PROGRAMS: Final = ("exec", "auth-provider")
_MAX_BYTES: Final = 16 << 20
_WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


def configuration(
    kubeconfig: str | Path | None,
    context: str | None,
    *,
    allow_exec: bool,
) -> tuple[Any, str]:
    """A configuration of the `kubernetes` client, and what to call the server.

    Args:
        kubeconfig: The file; without it, those of ``KUBECONFIG`` or ``~/.kube/config``, and
            where there is none, the service account of the pod that this runs in.
        context: The context; without it, the file's current one.
        allow_exec: Whether a file that is not trusted may name a program.

    Raises:
        InputError: There is no configuration, or it cannot be used.
        UsageError: A file that is not trusted names a program.
    """
    named = [Path(kubeconfig)] if kubeconfig is not None else []
    files = named or [path for path in _usual() if path.is_file()]
    if not files:
        return _of_pod(context)
    read = [(path, _content(path)) for path in files]
    chosen = context or _first(read, "current-context")
    if not chosen:
        raise InputError(
            "no context is set",
            where=_names(files),
            hint="choose one with --context",
        )
    entry = _entry(read, "contexts", chosen)
    if entry is None:
        known = ", ".join(sorted(_entries(read, "contexts"))) or "none"
        raise InputError(f"no context {chosen!r}", where=_names(files), hint=f"known: {known}")
    _require_trust(read, entry[1], named=bool(named), allow_exec=allow_exec)
    return _of_files(files, chosen), chosen


def _usual() -> Iterator[Path]:
    """Where kubectl looks."""
    listed = os.environ.get(_VARIABLE, "")
    if listed:
        yield from (Path(part).expanduser() for part in listed.split(os.pathsep) if part)
    else:
        yield Path.home() / ".kube" / "config"


def _names(files: list[Path]) -> str:
    return os.pathsep.join(map(str, files))


def _content(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            raw = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        hint = "name another with --kubeconfig"
        raise InputError(f"cannot be read: {error.strerror}", where=str(path), hint=hint) from None
    if len(raw) > _MAX_BYTES:
        raise InputError("a kubeconfig of more than 16 MiB is refused", where=str(path))
    documents = [entry.value for entry in parse_yaml(raw, where=str(path))]
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise InputError("not a kubeconfig", where=str(path), hint="kubectl config view")
    return documents[0]


_Read = list[tuple[Path, dict[str, Any]]]


def _first(read: _Read, key: str) -> str:
    """The first value that any of the files has, as kubectl merges them."""
    return next((text for _, body in read if isinstance(text := body.get(key), str) and text), "")


def _entries(read: _Read, kind: str) -> dict[str, tuple[Path, dict[str, Any]]]:
    """The named entries of one kind, each with its file; of two the first counts."""
    inner = {"contexts": "context", "users": "user"}[kind]
    found: dict[str, tuple[Path, dict[str, Any]]] = {}
    for path, body in read:
        listed = body.get(kind)
        for entry in listed if isinstance(listed, list) else ():
            name = entry.get("name") if isinstance(entry, dict) else None
            value = entry.get(inner) if isinstance(entry, dict) else None
            if isinstance(name, str) and isinstance(value, dict):
                found.setdefault(name, (path, value))
    return found


def _entry(read: _Read, kind: str, name: object) -> tuple[Path, dict[str, Any]] | None:
    return _entries(read, kind).get(name) if isinstance(name, str) else None


def _require_trust(read: _Read, context: dict[str, Any], *, named: bool, allow_exec: bool) -> None:
    """Refuse a user whose credentials come from a program, where the file is not trusted.

    Raises:
        UsageError: It is so.
    """
    user = _entry(read, "users", context.get("user"))
    if user is None or allow_exec or not any(user[1].get(key) for key in _RUNS_PROGRAMS):
        return
    path, about = user
    why = _distrust(path, named=named)
    if why:
        program = about["exec"].get("command", "") if isinstance(about.get("exec"), dict) else ""
        what = f"names a program, {program!r}," if program else "names a provider"
        message = f"the kubeconfig {what} that gets the credentials, and {why}"
        hint = "read it first; --allow-exec then lets it run"
        raise UsageError(message, where=str(path), hint=hint)


def _distrust(path: Path, *, named: bool) -> str:
    """Why a file may not name a program; empty where it may."""
    home = Path.home() / ".kube"
    real = path.resolve()
    if named and home.resolve() not in real.parents:
        return f"lies outside {home}"
    for place in (real, real.parent):
        about = place.stat()
        if about.st_uid not in {os.geteuid(), 0}:
            return "belongs to another user"
        # A sticky folder, as for temporary files, lets nobody replace the file of another.
        if about.st_mode & _WRITABLE_BY_OTHERS and not about.st_mode & stat.S_ISVTX:
            return "can be written by other users"
    return ""


def _of_files(files: list[Path], context: str) -> Any:  # noqa: ANN401 - of an untyped package
    from kubernetes import config
    from kubernetes.client import Configuration

    # The package ships no types: it is looked at as such.
    load: Any = config.load_kube_config
    settings = Configuration()
    try:
        load(
            config_file=_names(files),
            context=context,
            client_configuration=settings,
            # A fresh token is not written back: this program writes nothing but its output.
            persist_config=False,
        )
    except (config.ConfigException, OSError, ValueError, KeyError, TypeError) as error:
        message = f"the context {context!r} cannot be used: {error}"
        hint = "does kubectl get pods work with it?"
        raise InputError(message, where=_names(files), hint=hint) from error
    return settings


def _of_pod(context: str | None) -> tuple[Any, str]:
    if context is not None or not os.environ.get(_IN_CLUSTER):
        raise InputError(
            "no kubeconfig found",
            where=_names(list(_usual())),
            hint="name one with --kubeconfig, or set KUBECONFIG",
        )
    from kubernetes import config
    from kubernetes.client import Configuration

    load: Any = config.load_incluster_config
    settings = Configuration()
    try:
        load(client_configuration=settings)
    except (config.ConfigException, OSError) as error:
        message = f"the pod's service account cannot be used: {error}"
        hint = "give the pod a service account whose token is mounted"
        raise InputError(message, where="in-cluster", hint=hint) from error
    return settings, "in-cluster"
