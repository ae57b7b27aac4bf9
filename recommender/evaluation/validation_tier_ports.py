"""The API server's validation of ports in the cluster-wide policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.evaluation.validation_fields import INVALID, NOT_SUPPORTED, REQUIRED, shown
from recommender.evaluation.validation_names import port_name_problem
from recommender.model.ports import MAX_PORT, MIN_PORT, PROTOCOLS

if TYPE_CHECKING:
    from recommender.evaluation.validation_fields import Checker

#: Code of a port name that no container can have.
UNSERVABLE_NAME: Final = "named-port-not-servable"

_ADMIN_PORTS: Final = frozenset({"portNumber", "portRange", "namedPort"})
_PROTOCOLS: Final = frozenset({"tcp", "udp", "sctp", "destinationNamedPort"})


def check_admin_port(checker: Checker, value: object, path: str) -> bool:
    """One entry of ``ports`` (v1alpha1); whether it is a name."""
    fields = checker.mapping(value, path, _ADMIN_PORTS)
    kind = _only(checker, fields, path, _ADMIN_PORTS)
    if kind == "portNumber":
        number = checker.mapping(fields[kind], f"{path}.{kind}", frozenset({"protocol", "port"}))
        _check_protocol_name(checker, number.get("protocol"), f"{path}.{kind}.protocol")
        _check_number(checker, number.get("port"), f"{path}.{kind}.port")
    elif kind == "portRange":
        known = frozenset({"protocol", "start", "end"})
        bounds = checker.mapping(fields[kind], f"{path}.{kind}", known)
        _check_protocol_name(checker, bounds.get("protocol"), f"{path}.{kind}.protocol")
        _check_range(checker, bounds, f"{path}.{kind}", least=0)
    elif kind == "namedPort":
        _check_name(checker, fields[kind], f"{path}.{kind}")
    return kind == "namedPort"


def check_protocol(checker: Checker, value: object, path: str) -> bool:
    """One entry of ``protocols`` (v1alpha2); whether it is a name."""
    fields = checker.mapping(value, path, _PROTOCOLS)
    kind = _only(checker, fields, path, _PROTOCOLS)
    if kind == "destinationNamedPort":
        _check_name(checker, fields[kind], f"{path}.{kind}")
        return True
    if kind:
        place = f"{path}.{kind}"
        inner = checker.mapping(fields[kind], place, frozenset({"destinationPort"}))
        place = f"{place}.destinationPort"
        if inner.get("destinationPort") is None:
            checker.refuse(REQUIRED, place, "a destination port is required")
            return False
        known = frozenset({"number", "range"})
        port = checker.mapping(inner["destinationPort"], place, known)
        form = _only(checker, port, place, known)
        if form == "number":
            _check_number(checker, port[form], f"{place}.number")
        elif form == "range":
            bounds = checker.mapping(port[form], f"{place}.range", frozenset({"start", "end"}))
            _check_range(checker, bounds, f"{place}.range", least=1)
    return False


def _only(checker: Checker, fields: dict[str, object], path: str, known: frozenset[str]) -> str:
    """The one field that is set; empty, and a refusal, where it is not one."""
    given = sorted(name for name, item in fields.items() if item is not None)
    if len(given) == 1:
        return given[0]
    found = " and ".join(given) or "none"
    message = f"exactly one of {', '.join(sorted(known))} belongs here, not {found}"
    checker.refuse(INVALID if given else REQUIRED, path, message)
    return ""


def _check_protocol_name(checker: Checker, value: object, path: str) -> None:
    if value is None:
        return
    name = checker.string(value, path)
    if name is not None and name not in PROTOCOLS:
        hint = ", ".join(PROTOCOLS)
        checker.refuse(NOT_SUPPORTED, path, f"{shown(name)} is no protocol here", hint)


def _check_number(checker: Checker, value: object, path: str) -> int | None:
    if value is None:
        checker.refuse(REQUIRED, path, "a port is required")
        return None
    number = checker.int32(value, path)
    if number is not None and not MIN_PORT <= number <= MAX_PORT:
        message = f"{number} is no port: ports go from {MIN_PORT} to {MAX_PORT}"
        checker.refuse(INVALID, path, message)
        return None
    return number


def _check_range(checker: Checker, bounds: dict[str, object], path: str, *, least: int) -> None:
    start = _check_number(checker, bounds.get("start"), f"{path}.start")
    end = _check_number(checker, bounds.get("end"), f"{path}.end")
    if start is not None and end is not None and end - start < least:
        relation = "greater than" if least else "at least"
        checker.refuse(INVALID, f"{path}.end", f"{end} must be {relation} the start {start}")


def _check_name(checker: Checker, value: object, path: str) -> None:
    name = checker.string(value, path)
    if name == "":
        checker.refuse(REQUIRED, path, "a port name is required")
    elif name is not None and (problem := port_name_problem(name)):
        # The API takes any text here; only no container can ever serve it.
        message = f"no container can have a port named {shown(name)}: {problem}"
        checker.warn(UNSERVABLE_NAME, path, message)
