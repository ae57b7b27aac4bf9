"""CIDRs as the API server reads them, and what it will refuse once it reads them strictly.

Source: ``pkg/apis/networking/validation.ValidateIPBlock``, ``k8s.io/utils/net.ParseCIDRSloppy``
and the warnings of ``pkg/util/validation/ip.go`` (refused with the feature gate
``StrictIPCIDRValidation``, KEP-4858).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Interface, ip_interface
from typing import TYPE_CHECKING, Final

from recommender.evaluation.validation_fields import INVALID, REQUIRED, shown
from recommender.model.addresses import parse_network
from recommender.model.errors import ModelError

if TYPE_CHECKING:
    from recommender.evaluation.validation_fields import Checker
    from recommender.model.addresses import Network

#: Code of a CIDR that old objects may hold and newer API servers refuse.
LEGACY_CIDR: Final = "api-legacy-cidr"

_SHAPE: Final = re.compile(r"([0-9A-Fa-f:.]+)/([0-9]{1,4})")
_LEADING_ZERO: Final = re.compile(r"(?:^|\.)0[0-9]")
_BLOCK_FIELDS: Final = frozenset({"cidr", "except"})


@dataclass(frozen=True, slots=True)
class _Cidr:
    """A CIDR that the server accepts: what it means, and the prefix length as written."""

    network: Network
    written_prefix: int


def check_ip_block(checker: Checker, value: object, path: str) -> None:
    """An ``ipBlock``: a CIDR, and exceptions that lie strictly inside it."""
    fields = checker.mapping(value, path, _BLOCK_FIELDS)
    text = checker.string(fields.get("cidr"), f"{path}.cidr")
    exceptions = checker.items(fields.get("except"), f"{path}.except")
    if text is None:
        return
    if text == "":
        checker.refuse(REQUIRED, f"{path}.cidr", "a CIDR is required")
        return
    whole = check_cidr(checker, text, f"{path}.cidr")
    if whole is None:
        return
    for place, item in exceptions:
        inner = checker.string(item, place)
        part = check_cidr(checker, inner, place) if inner is not None else None
        if part is None:
            continue
        first, block = part.network.network_address, whole.network
        inside = first.version == block.version and first in block
        if not inside or whole.written_prefix >= part.written_prefix:
            message = f"{shown(inner)} must lie inside {shown(text)} and be smaller"
            checker.refuse(INVALID, place, message)


def check_cidr(checker: Checker, text: str, path: str) -> _Cidr | None:
    """One CIDR; None, and a refusal, where the server cannot read it."""
    shape = _SHAPE.fullmatch(text)
    try:
        network = parse_network(text) if shape else None
    except ModelError:
        network = None
    if network is None or shape is None:
        hint = "an address, a slash and a prefix length, as 10.9.8.0/24 or 2001:db8::/64"
        single = f"{text}/{128 if ':' in text else 32}"
        if "/" not in text and _reads(single):
            hint = f"one address is written {single}"
        checker.refuse(INVALID, path, f"{shown(text)} is no CIDR", hint)
        return None
    _warn_of_old_forms(checker, text, network, path)
    return _Cidr(network, int(shape[2]))


def _reads(text: str) -> bool:
    try:
        parse_network(text)
    except ModelError:
        return False
    return True


def _warn_of_old_forms(checker: Checker, text: str, network: Network, path: str) -> None:
    use = f"write {network}"
    if _LEADING_ZERO.search(text):
        message = f"{shown(text)} has leading zeros: newer API servers refuse it"
        checker.warn(LEGACY_CIDR, path, message, use)
        return
    written = ip_interface(text)
    if isinstance(written, IPv6Interface) and written.ip.ipv4_mapped is not None:
        message = f"{shown(text)} is an IPv4 address written as IPv6: newer API servers refuse it"
        checker.warn(LEGACY_CIDR, path, message, use)
    elif written.ip != written.network.network_address:
        message = f"{shown(text)} has address bits after its prefix: newer API servers refuse it"
        checker.warn(LEGACY_CIDR, path, message, f"write {network} or {written.ip}/{_bits(text)}")
    elif text != str(network):
        message = f"{shown(text)} is not in canonical form"
        checker.warn(LEGACY_CIDR, path, message, use)


def _bits(text: str) -> int:
    return 128 if ":" in text else 32
