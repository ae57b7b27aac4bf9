"""What the network policy suite of Kubernetes' own e2e tests expects, as data.

Facts from ``test/e2e/network/netpol/network_policy.go``: three namespaces x, y and z with pods
named a, b, c (label ``pod``), every container serving its ports under names like
``serve-80-tcp``. A case is a list of steps; a step changes policies or labels and then states
the table of one port: everything is allowed but for the lines given, a later line over an
earlier one. What a pod says to itself is not looked at, as upstream.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

NAME: Final = "kubernetes.io/metadata.name"

Spec = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """A change, and the tables after it.

    Attributes:
        apply: Policies put in force, as (namespace, name, spec); the same name replaces.
        clear: Whether all policies are deleted first.
        label: Labels added, by ``x/a`` or by namespace.
        tables: By protocol and port (``TCP 80``) the lines that differ from "all allowed":
            ``- source destination`` denies, ``+ source destination`` allows.
    """

    tables: dict[str, list[str]]
    apply: list[tuple[str, str, Spec]] = field(default_factory=list)
    clear: bool = False
    label: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One spec of the suite: its pods and its steps."""

    name: str
    pods: str
    steps: list[Step]


def equal(**labels: str) -> Spec:
    return {"matchLabels": labels}


def expression(key: str, operator: str, *values: str) -> Spec:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


def named(namespace: str) -> Spec:
    return {"matchLabels": {NAME: namespace}}


def ingress(pods: Spec, *rules: Spec) -> Spec:
    return {"podSelector": pods, "policyTypes": ["Ingress"], "ingress": list(rules)}


def egress(pods: Spec, *rules: Spec) -> Spec:
    return {"podSelector": pods, "policyTypes": ["Egress"], "egress": list(rules)}


def both(pods: Spec, inbound: list[Spec], outbound: list[Spec]) -> Spec:
    types = ["Ingress", "Egress"]
    return {"podSelector": pods, "policyTypes": types, "ingress": inbound, "egress": outbound}


def from_(*peers: Spec, ports: list[Spec] | None = None) -> Spec:
    return {"from": list(peers), **({"ports": ports} if ports else {})}


def to(*peers: Spec) -> Spec:
    return {"to": list(peers)}


def pods_in(namespaces: Spec, pods: Spec) -> Spec:
    return {"namespaceSelector": namespaces, "podSelector": pods}


def one(name: str, pods: str, spec: Spec, tables: dict[str, list[str]]) -> Case:
    """A case of one policy in x and one step."""
    return Case(name, pods, [Step(tables, [("x", "policy", spec)])])


EVERYTHING: Final[Spec] = {}
A, B = equal(pod="a"), equal(pod="b")
NOT_X = expression(NAME, "NotIn", "x")

# Addresses are those of the harness: 10.0.<namespace>.<pod>, x=1, y=2, z=3, a=1, b=2, c=3.
WIDE: Final = "0.0.0.0/4"
ADDRESS: Final = {"x/b": "10.0.1.2/32", "y/b": "10.0.2.2/32"}
SERVE_80: Final = {"port": "serve-80-tcp"}
SERVE_81: Final = {"port": "serve-81-tcp"}

SELECTORS: Final = [
    one(
        "a default deny of ingress",
        "x/a x/b y/a y/b",
        ingress(EVERYTHING),
        {"TCP 80": ["- * x/*"]},
    ),
    one(
        "a default deny of both directions",
        "x/a x/b y/a",
        both(EVERYTHING, [], []),
        {"TCP 80": ["- * x/*", "- x/* *"]},
    ),
    one(
        "pods of the server's namespace by their labels",
        "x/a x/b x/c y/a",
        ingress(A, from_({"podSelector": B})),
        {"TCP 80": ["- * x/a", "+ x/b x/a"]},
    ),
    Case(
        "an allowed target in a denied namespace",
        "x/a x/b y/a",
        [
            Step(
                {"TCP 80": ["- * x/b"]},
                [
                    ("x", "deny-all", ingress(EVERYTHING)),
                    ("x", "to-a", ingress(A, from_(pods_in(EVERYTHING, EVERYTHING)))),
                ],
            )
        ],
    ),
    one(
        "pods of all namespaces",
        "x/a x/b y/a z/a",
        ingress(A, from_({"namespaceSelector": EVERYTHING})),
        {"TCP 80": []},
    ),
    one(
        "one other namespace",
        "x/a x/b y/a z/a",
        ingress(A, from_({"namespaceSelector": named("y")})),
        {"TCP 80": ["- x/* x/a", "- z/* x/a"]},
    ),
    one(
        "pods by an expression",
        "x/a x/b y/a",
        ingress(A, from_({"podSelector": expression("pod", "In", "b")})),
        {"TCP 80": ["- * x/a", "+ x/b x/a"]},
    ),
    one(
        "namespaces by an expression",
        "x/a x/b y/a z/a",
        ingress(A, from_({"namespaceSelector": expression(NAME, "In", "y")})),
        {"TCP 80": ["- x/* x/a", "- z/* x/a"]},
    ),
    one(
        "pods or namespaces: two items",
        "x/a x/b x/c y/a",
        ingress(A, from_({"namespaceSelector": NOT_X}, {"podSelector": B})),
        {"TCP 80": ["- x/c x/a"]},
    ),
    one(
        "pods and namespaces: one item",
        "x/a x/b y/a y/b z/b",
        ingress(A, from_(pods_in(NOT_X, B))),
        {"TCP 80": ["- * x/a", "+ y/b x/a", "+ z/b x/a"]},
    ),
    one(
        "several pods in several namespaces",
        "x/a x/b y/a y/b y/c",
        ingress(A, from_(pods_in(NOT_X, expression("pod", "In", "b", "c")))),
        {"TCP 80": ["- x/* x/a", "- y/a x/a"]},
    ),
    one(
        "any of several pods",
        "x/a x/b x/c",
        ingress(A, from_({"podSelector": B}, {"podSelector": equal(pod="c")})),
        {"TCP 80": ["- * x/a", "+ x/b x/a", "+ x/c x/a"]},
    ),
    one(
        "one pod of another namespace",
        "x/a x/b y/a y/b z/a",
        ingress(A, from_(pods_in(named("y"), A))),
        {"TCP 80": ["- * x/a", "+ y/a x/a"]},
    ),
    one(
        "no pod of other namespaces",
        "x/a x/b y/a z/a",
        ingress(EVERYTHING, from_({"podSelector": {"matchLabels": {}}})),
        {"TCP 80": ["- y/* x/*", "- z/* x/*"]},
    ),
    one(
        "the label of the namespace's name",
        "x/a x/b y/a z/a",
        ingress(A, from_({"namespaceSelector": named("y")})),
        {"TCP 80": ["- x/* x/a", "- z/* x/a"]},
    ),
    one(
        "an expression over the label of the namespace's name",
        "x/a x/b y/a z/a",
        egress(A, to({"namespaceSelector": expression(NAME, "NotIn", "y")})),
        {"TCP 80": ["- x/a y/*"]},
    ),
]

_Y_ON_81 = ingress(
    A, from_({"namespaceSelector": named("y")}, ports=[{"protocol": "TCP", "port": 81}])
)
_Y_ON_80 = ingress(
    A, from_({"namespaceSelector": named("y")}, ports=[{"protocol": "TCP", "port": 80}])
)
_ONLY_Y = ["- x/* x/a", "- z/* x/a"]

PORTS: Final = [
    one(
        "one port for one namespace",
        "x/a x/b y/a y/b z/a",
        _Y_ON_81,
        {"TCP 81": ["- x/* x/a", "+ y/* x/a", "- z/* x/a"]},
    ),
    Case(
        "stacked policies with overlapping selectors",
        "x/a x/b y/a y/b z/a",
        [
            Step({"TCP 81": _ONLY_Y, "TCP 80": ["- * x/a"]}, [("x", "port-81", _Y_ON_81)]),
            Step({"TCP 80": _ONLY_Y}, [("x", "port-80", _Y_ON_80)]),
        ],
    ),
    one("allow all", "x/a x/b y/a", ingress(EVERYTHING, {}), {"TCP 80": [], "TCP 81": []}),
    one(
        "one named port",
        "x/a x/b y/a",
        ingress(EVERYTHING, {"ports": [SERVE_81]}),
        {"TCP 81": [], "TCP 80": ["- * x/*"]},
    ),
    one(
        "one named port for one namespace",
        "x/a x/b y/a z/a",
        ingress(
            A,
            from_({"namespaceSelector": named("y")}, ports=[{**SERVE_80, "protocol": "TCP"}]),
        ),
        {"TCP 80": _ONLY_Y, "TCP 81": ["- * x/a"]},
    ),
    one(
        "egress to one named port",
        "x/a y/a",
        egress(EVERYTHING, {"ports": [SERVE_80]}),
        {"TCP 80": [], "TCP 81": ["- x/* *"]},
    ),
    one(
        "any port of one protocol",
        "x/a y/a",
        ingress(A, {"ports": [{"protocol": "TCP"}]}),
        {"TCP 80": [], "UDP 80": ["- * x/a"]},
    ),
    Case(
        "an allow-all of ingress over a narrower policy",
        "x/a y/a",
        [
            Step(
                {"TCP 81": ["- * x/*"]},
                [("x", "port-80", ingress(EVERYTHING, {"ports": [{"port": 80}]}))],
            ),
            Step({"TCP 81": []}, [("x", "all", ingress(EVERYTHING, {}))]),
        ],
    ),
    Case(
        "an allow-all of egress over a narrower policy",
        "x/a y/a",
        [
            Step(
                {"TCP 81": ["- x/* *"]},
                [("x", "port-80", egress(EVERYTHING, {"ports": [{"port": 80}]}))],
            ),
            Step({"TCP 81": []}, [("x", "all", egress(EVERYTHING, {}))]),
        ],
    ),
    Case(
        "SCTP is not TCP",
        "x/a y/a",
        [
            Step(
                {"TCP 81": ["- * x/*"]},
                [
                    ("x", "deny", ingress(EVERYTHING)),
                    ("x", "sctp", ingress(A, {"ports": [{"protocol": "SCTP", "port": 81}]})),
                ],
            )
        ],
    ),
    one(
        "a rule for SCTP alone isolates",
        "x/a y/a",
        ingress(A, {"ports": [{"protocol": "SCTP", "port": 80}]}),
        {"TCP 81": ["- * x/a"]},
    ),
    one(
        "UDP is not TCP",
        "x/a y/a",
        ingress(A, {"ports": [{"protocol": "UDP", "port": 81}]}),
        {"TCP 81": ["- * x/a"]},
    ),
]

CHANGES: Final = [
    Case(
        "a policy that is updated",
        "x/a y/a",
        [
            Step({"TCP 81": []}, [("x", "policy", ingress(EVERYTHING, {}))]),
            Step({"TCP 81": ["- * x/*"]}, [("x", "policy", ingress(EVERYTHING))]),
        ],
    ),
    Case(
        "a namespace that gets a label",
        "x/a y/a",
        [
            Step(
                {"TCP 80": ["- * x/a"]},
                [("x", "policy", ingress(A, from_({"namespaceSelector": equal(ns2="updated")})))],
            ),
            Step({"TCP 80": ["- * x/a", "+ y/* *"]}, label={"y": {"ns2": "updated"}}),
        ],
    ),
    Case(
        "a client that gets a label",
        "x/a x/b",
        [
            Step(
                {"TCP 80": ["- * x/a"]},
                [
                    (
                        "x",
                        "policy",
                        ingress(A, from_({"podSelector": equal(pod="b", pod2="updated")})),
                    )
                ],
            ),
            Step({"TCP 80": ["- * x/a", "+ x/b x/a"]}, label={"x/b": {"pod2": "updated"}}),
        ],
    ),
    Case(
        "a server that gets a label",
        "x/a y/a",
        [
            Step({"TCP 80": []}, [("x", "policy", ingress(equal(target="isolated")))]),
            Step({"TCP 80": ["- * x/a"]}, label={"x/a": {"target": "isolated"}}),
        ],
    ),
    Case(
        "policies that are deleted",
        "x/a y/a",
        [
            Step({"TCP 80": ["- x/* *", "- * x/*"]}, [("x", "deny", both(EVERYTHING, [], []))]),
            Step({"TCP 80": []}, clear=True),
        ],
    ),
]

EGRESS: Final = [
    one("no egress of one pod", "x/a x/b y/a", egress(A), {"TCP 80": ["- x/a *"]}),
    one("no egress of a namespace", "x/a x/b y/a", egress(EVERYTHING), {"TCP 80": ["- x/* *"]}),
    one(
        "both directions in one policy",
        "x/a x/b x/c y/a",
        both(A, [from_({"podSelector": B})], [{"ports": [{"port": 80}]}]),
        {
            "TCP 80": ["- * x/a", "+ x/b x/a"],
            "TCP 81": ["- * x/a", "- x/a *", "+ x/b x/a"],
        },
    ),
    Case(
        "the client's side denies what the server allows",
        "x/a y/a y/b",
        [
            Step(
                {"TCP 80": ["- x/a *", "- * y/a", "+ x/a y/a", "- * y/b"]},
                [
                    ("x", "to-ya", egress(A, to(pods_in(named("y"), A)))),
                    ("y", "ya", ingress(A, from_(pods_in(named("x"), A)))),
                    ("y", "yb", ingress(B, from_(pods_in(named("x"), A)))),
                ],
            )
        ],
    ),
    one(
        "egress to one pod of another namespace",
        "x/a y/a y/b",
        egress(A, to(pods_in(named("y"), A))),
        {"TCP 80": ["- x/a *", "+ x/a y/a"]},
    ),
    one(
        "egress to the address of a pod",
        "x/a y/a y/b",
        egress(A, to({"ipBlock": {"cidr": ADDRESS["y/b"]}})),
        {"TCP 80": ["- x/a *", "+ x/a y/b"]},
    ),
    one(
        "egress to a block except one pod",
        "x/a x/b x/c",
        egress(A, to({"ipBlock": {"cidr": WIDE, "except": [ADDRESS["x/b"]]}})),
        {"TCP 80": ["- x/a x/b"]},
    ),
    Case(
        "an address in the exception of one version and in the block of the next",
        "x/a x/b x/c",
        [
            Step(
                {"TCP 80": ["- x/a x/b"]},
                [
                    (
                        "x",
                        "policy",
                        egress(A, to({"ipBlock": {"cidr": WIDE, "except": [ADDRESS["x/b"]]}})),
                    )
                ],
            ),
            Step(
                {"TCP 80": ["- x/a *", "+ x/a x/b"]},
                [("x", "policy", egress(A, to({"ipBlock": {"cidr": ADDRESS["x/b"]}})))],
            ),
        ],
    ),
    Case(
        "ingress and egress of one pod apart",
        "x/a x/b y/a",
        [
            Step({"TCP 80": []}, [("x", "out", egress(A, {}))]),
            Step({"TCP 80": ["- * x/a"]}, [("x", "in", ingress(A))]),
        ],
    ),
]


def _of_protocol(protocol: str) -> list[Case]:
    port = [{"protocol": protocol, "port": 81}]
    return [
        one(
            f"{protocol}: a default deny of ingress",
            "x/a x/b y/a y/b",
            ingress(EVERYTHING),
            {f"{protocol} 80": ["- * x/*"]},
        ),
        one(
            f"{protocol}: one port for one namespace",
            "x/a x/b y/a z/a",
            ingress(A, from_({"namespaceSelector": named("y")}, ports=port)),
            {f"{protocol} 81": _ONLY_Y},
        ),
        one(
            f"{protocol}: one pod of another namespace",
            "x/a x/b y/a",
            ingress(A, from_(pods_in(named("y"), A))),
            {f"{protocol} 80": ["- * x/a", "+ y/a x/a"]},
        ),
    ]


CASES: Final = [
    *SELECTORS,
    *PORTS,
    *CHANGES,
    *EGRESS,
    *_of_protocol("UDP"),
    *_of_protocol("SCTP"),
]
