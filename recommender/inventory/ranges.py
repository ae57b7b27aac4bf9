"""Names that people give to ranges outside the cluster: ``orders-rds: 10.9.0.0/24``.

A name is evidence for the reviewer: it stands beside the addresses of an edge and never makes a
rule wider. Where not all pods are known, it says that a private address is none. Of several ranges
that hold an address the narrowest gives the name.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from recommender.model.addresses import parse_address, parse_network
from recommender.model.errors import InputError, ModelError
from recommender.model.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import yaml

    from recommender.model.addresses import Network

_MAX_BYTES: Final = 16 << 20
_LONGEST_NAME: Final = 100
_HINT: Final = 'one name a line, as in "orders-rds": 10.9.0.0/24, or a list of ranges'


@dataclass(frozen=True, slots=True)
class NamedRange:
    """A range outside the cluster with its name.

    Attributes:
        name: What people call it.
        network: The range in canonical form.
        where: File and line that say so.
    """

    name: str
    network: Network
    where: str = ""


def read_ranges(path: str | Path) -> tuple[tuple[NamedRange, ...], tuple[Finding, ...]]:
    """Read a YAML file of names: each with a CIDR, an address, or a list of them.

    Returns:
        The ranges in the order of their addresses, and a note for each that lies within another
        of a different name.

    Raises:
        InputError: The file cannot be read, a value is no range, or a range has two names.
    """
    found: dict[Network, NamedRange] = {}
    for name, text, where in _entries(str(path), _content(Path(path))):
        network = _network(text, where)
        known = found.setdefault(network, NamedRange(name, network, where))
        if known.name != name:
            message = f"{network} has two names: {known.name!r} and {name!r}"
            raise InputError(message, where=where, hint=f"the first stands at {known.where}")
    ranges = tuple(found[network] for network in sorted(found, key=_order))
    return ranges, tuple(_overlaps(ranges))


class RangeNames:
    """Finds the name of an address: the narrowest range that holds it.

    Args:
        ranges: The ranges.
    """

    def __init__(self, ranges: Iterable[NamedRange]) -> None:
        self._names: dict[tuple[int, int, int], str] = {}
        for item in ranges:
            network = item.network
            key = (network.version, network.prefixlen, int(network.network_address))
            self._names[key] = item.name
        self._lengths = sorted({key[:2] for key in self._names}, reverse=True)

    def of(self, address: str) -> str:
        """The name of an address; empty where no range holds it, or it is none."""
        try:
            parsed = parse_address(address)
        except ModelError:
            return ""
        for version, length in self._lengths:
            if version == parsed.version:
                bits = parsed.max_prefixlen - length
                name = self._names.get((version, length, int(parsed) >> bits << bits))
                if name is not None:
                    return name
        return ""


def _order(network: Network) -> tuple[int, int, int]:
    return (network.version, int(network.network_address), network.prefixlen)


def _overlaps(ranges: Iterable[NamedRange]) -> Iterator[Finding]:
    """A note for each range within another of a different name; sorted, those around come first."""
    around: list[NamedRange] = []
    for item in ranges:
        while around and not _within(item.network, around[-1].network):
            around.pop()
        if around and around[-1].name != item.name:
            outer = around[-1]
            message = f"lies within {outer.network} of {outer.name}: the narrower range counts"
            subject = f"{item.name} {item.network}"
            yield Finding("names-overlap", Severity.NOTE, subject, message, where=item.where)
        around.append(item)


def _within(inner: Network, outer: Network) -> bool:
    if inner.version != outer.version:
        return False
    return int(outer.network_address) <= int(inner.network_address) and int(
        inner.broadcast_address
    ) <= int(outer.broadcast_address)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            raw = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if len(raw) > _MAX_BYTES:
        raise InputError("a file of names of more than 16 MiB is refused", where=str(path))
    return raw


def _entries(file: str, raw: bytes) -> Iterator[tuple[str, str, str]]:
    """Name, range and place of every entry; values are taken as they are written."""
    import yaml

    try:
        root = yaml.compose(raw, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else file
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise InputError(f"not YAML: {problem}", where=where, hint=_HINT) from None
    if root is None or not isinstance(root, yaml.MappingNode):
        raise InputError("not a mapping of names to ranges", where=file, hint=_HINT)
    lines: dict[str, int] = {}
    for key, value in root.value:
        line = key.start_mark.line + 1
        name = _name(key, f"{file}:{line}")
        if name in lines:
            message = f"the name {name!r} stands twice"
            hint = f"give its ranges as one list; the first stands at line {lines[name]}"
            raise InputError(message, where=f"{file}:{line}", hint=hint)
        lines[name] = line
        for item in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            where = f"{file}:{item.start_mark.line + 1}"
            if not isinstance(item, yaml.ScalarNode):
                message = f"the value of {name!r} is no range"
                raise InputError(message, where=where, hint=_HINT)
            yield name, item.value, where


def _name(key: yaml.Node, where: str) -> str:
    name = key.value.strip() if isinstance(key.value, str) else ""
    if not name or len(name) > _LONGEST_NAME:
        message = f"a name is a text of 1 to {_LONGEST_NAME} characters"
        raise InputError(message, where=where, hint=_HINT)
    return name


def _network(text: str, where: str) -> Network:
    hint = _HINT
    try:
        network = parse_network(text)
        if _is_exact(text):
            return network
        # Where bits of a host are set, the range that was meant may be another.
        hint = f"did you mean {network}?"
    except ModelError:
        pass
    raise InputError(f"not a CIDR or an address: {text[:80]!r}", where=where, hint=hint)


def _is_exact(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
