"""The grammars of names, labels and ports, and the metadata that every object carries.

Source: ``k8s.io/apimachinery`` ``pkg/api/validate/content``, ``pkg/util/validation`` and
``pkg/api/validation/objectmeta.go``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from recommender.evaluation.validation_fields import (
    FORBIDDEN,
    INVALID,
    REQUIRED,
    TOO_LONG,
    shown,
)
from recommender.model.labels import is_label_key, is_label_value

if TYPE_CHECKING:
    from recommender.evaluation.validation_fields import Checker

METADATA_FIELDS: Final = frozenset(
    {
        "annotations",
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "finalizers",
        "generateName",
        "generation",
        "labels",
        "managedFields",
        "name",
        "namespace",
        "ownerReferences",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)

_MAX_LABEL: Final = 63
_MAX_SUBDOMAIN: Final = 253
_MAX_PORT_NAME: Final = 15
_MAX_ANNOTATIONS: Final = 256 * 1024
_DNS_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(rf"{_DNS_LABEL.pattern}(\.{_DNS_LABEL.pattern})*")
_PORT_NAME: Final = re.compile(r"[-a-z0-9]+")
_OWNER_FIELDS: Final = frozenset(
    {"apiVersion", "blockOwnerDeletion", "controller", "kind", "name", "uid"}
)


def subdomain_problem(name: str) -> str:
    """Why a string is no RFC 1123 subdomain; empty where it is one."""
    if len(name) > _MAX_SUBDOMAIN:
        return f"must have at most {_MAX_SUBDOMAIN} characters"
    if _SUBDOMAIN.fullmatch(name) is None:
        return (
            "must consist of lower-case letters, digits, '-' and '.', "
            "and each part must start and end with a letter or digit"
        )
    return ""


def dns_label_problem(name: str) -> str:
    """Why a string is no RFC 1123 label; empty where it is one."""
    if len(name) > _MAX_LABEL:
        return f"must have at most {_MAX_LABEL} characters"
    if _DNS_LABEL.fullmatch(name) is None:
        return (
            "must consist of lower-case letters, digits and '-', "
            "and start and end with a letter or digit"
        )
    return ""


def port_name_problem(name: str) -> str:
    """Why a string is no port name (IANA service name in lower case); empty where it is one."""
    if len(name) > _MAX_PORT_NAME:
        return f"a port name has at most {_MAX_PORT_NAME} characters"
    if _PORT_NAME.fullmatch(name) is None:
        return "a port name consists of lower-case letters, digits and '-'"
    if re.search("[a-z]", name) is None:
        return "a port name has at least one letter"
    if "--" in name or name.startswith("-") or name.endswith("-"):
        return "a port name has no '-' at its ends and no two in a row"
    return ""


def check_label_key(checker: Checker, key: str, path: str) -> None:
    """A label key: an optional prefix that is a DNS name, a slash, a name."""
    if not is_label_key(key):
        message = (
            f"{shown(key)} is no label key: letters, digits, '-', '_' and '.', at most "
            f"{_MAX_LABEL}, starting and ending with a letter or digit, after an optional "
            "DNS name and a slash"
        )
        checker.refuse(INVALID, path, message)


def check_label_value(checker: Checker, value: str, path: str) -> None:
    """A label value: empty, or at most 63 letters, digits, '-', '_' and '.'."""
    if not is_label_value(value):
        message = (
            f"{shown(value)} is no label value: letters, digits, '-', '_' and '.', at most "
            f"{_MAX_LABEL}, starting and ending with a letter or digit"
        )
        checker.refuse(INVALID, path, message)


def check_labels(checker: Checker, value: object, path: str) -> None:
    """A map of labels, as in ``metadata.labels`` and ``matchLabels``."""
    for key, item in checker.mapping(value, path).items():
        check_label_key(checker, key, path)
        text = checker.string(item, f"{path}[{key}]")
        if text is not None:
            check_label_value(checker, text, f"{path}[{key}]")


def check_metadata(checker: Checker, value: object, *, namespaced: bool = True) -> None:
    """``metadata``: names, labels, annotations, finalizers and owners.

    A missing namespace is no error: ``kubectl`` fills in the one of its context.
    """
    path = "metadata"
    fields = checker.mapping(value, path, METADATA_FIELDS)
    _check_name(checker, fields)
    namespace = checker.string(fields.get("namespace"), f"{path}.namespace")
    if namespace and not namespaced:
        checker.refuse(FORBIDDEN, f"{path}.namespace", "this kind belongs to no namespace")
    elif namespace and (problem := dns_label_problem(namespace)):
        checker.refuse(INVALID, f"{path}.namespace", f"{shown(namespace)} {problem}")
    check_labels(checker, fields.get("labels"), f"{path}.labels")
    _check_annotations(checker, fields.get("annotations"), f"{path}.annotations")
    if fields.get("generation") is not None:
        generation = checker.int32(fields["generation"], f"{path}.generation")
        if generation is not None and generation < 0:
            checker.refuse(INVALID, f"{path}.generation", "must not be negative")
    for place, item in checker.items(fields.get("finalizers"), f"{path}.finalizers"):
        finalizer = checker.string(item, place)
        if finalizer is not None:
            check_label_key(checker, finalizer, place)
    _check_owners(checker, fields.get("ownerReferences"), f"{path}.ownerReferences")


def _check_name(checker: Checker, fields: dict[str, object]) -> None:
    name = checker.string(fields.get("name"), "metadata.name")
    prefix = checker.string(fields.get("generateName"), "metadata.generateName")
    if name and (problem := subdomain_problem(name)):
        checker.refuse(INVALID, "metadata.name", f"{shown(name)} {problem}")
    # The server adds five characters: what matters is the prefix without its last hyphen.
    stem = prefix[:-1] + "a" if prefix and prefix.endswith("-") else prefix
    if stem and (problem := subdomain_problem(stem)):
        checker.refuse(INVALID, "metadata.generateName", f"{shown(prefix)} {problem}")
    if name == "" and prefix == "":
        checker.refuse(REQUIRED, "metadata.name", "a name is required")


def _check_annotations(checker: Checker, value: object, path: str) -> None:
    size = 0
    for key, item in checker.mapping(value, path).items():
        check_label_key(checker, key.lower(), path)
        text = checker.string(item, f"{path}[{key}]") or ""
        size += len(key.encode("utf-8", "replace")) + len(text.encode("utf-8", "replace"))
    if size > _MAX_ANNOTATIONS:
        checker.refuse(TOO_LONG, path, f"annotations have at most {_MAX_ANNOTATIONS} bytes")


def _check_owners(checker: Checker, value: object, path: str) -> None:
    controllers = 0
    for place, item in checker.items(value, path):
        owner = checker.mapping(item, place, _OWNER_FIELDS)
        for name in ("apiVersion", "kind", "name", "uid"):
            if checker.string(owner.get(name), f"{place}.{name}") == "":
                checker.refuse(INVALID, f"{place}.{name}", "must not be empty")
        controllers += owner.get("controller") is True
    if controllers > 1:
        checker.refuse(INVALID, path, "only one owner can be the controller")
