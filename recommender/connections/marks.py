"""The words for what a reader of an edge must know."""

from __future__ import annotations

from typing import Final

#: The exporter aggregated the records; ports and verdict describe one sample of each.
AGGREGATED: Final = "aggregated"
#: The log shows the address of a Service; its pods and their port were told by the inventory.
BY_SERVICE: Final = "by-service"
#: The log does not say who opened the connection; listeners, fan-in or ports told.
DIRECTION_INFERRED: Final = "direction-inferred"
#: Traffic from the node that hosts the pod, such as kubelet probes; Kubernetes always allows it.
OWN_NODE: Final = "own-node"
#: The end's identity was taken from its address, which the log names elsewhere.
IDENTITY_BY_ADDRESS: Final = "identity-by-address"
#: So many ports or addresses that they were drawn together: the port or the address is left out.
FOLDED: Final = "folded"
#: Some records carry no time.
TIME_UNKNOWN: Final = "time-unknown"
#: Part of the traffic went through a layer 7 proxy.
LAYER7_PROXY: Final = "layer7-proxy"
#: More addresses than the threshold reached this end: they were drawn together to everywhere.
WORLD: Final = "world"
