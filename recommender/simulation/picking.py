"""Choosing the two ends of a connection among what lives at its moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.simulation.graph import Intent, Target, TargetKind
from recommender.simulation.streams import alive

if TYPE_CHECKING:
    from recommender.simulation.cluster import Cluster, Placement, Pod
    from recommender.simulation.dice import Dice
    from recommender.simulation.ends import End, Ends
    from recommender.simulation.graph import Call
    from recommender.simulation.settings import Settings
    from recommender.simulation.streams import Stream


class Picker:
    """Chooses ends.

    Args:
        ends: Makes ends.
        settings: Address families and datapath.
        cluster: Nodes and pods.
        dice: Chooses.
    """

    def __init__(self, ends: Ends, settings: Settings, cluster: Cluster, dice: Dice) -> None:
        self._ends = ends
        self._families = settings.families
        self._tunnel = settings.through_tunnel
        self._dice = dice
        self._nodes = {
            name: [node for node in cluster.nodes if node.cluster == name]
            for name in dict.fromkeys(node.cluster for node in cluster.nodes)
        }

    def family(self, call: Call) -> str:
        """The address family of a connection; in a dual-stack cluster mostly IPv4."""
        if len(self._families) == 1:
            return self._families[0]
        for target in (call.client, call.server):
            if target.kind is TargetKind.CIDR:
                return "IPv6" if ":" in target.name else "IPv4"
        return self._families[self._dice.below(3) == 0]

    def ends(self, stream: Stream, moment: int) -> tuple[End, End, Pod | None] | None:
        """Client, server and the client's pod; None when one of them does not live then."""
        call = stream.call
        family = self.family(call)
        server_pod = self.pod(stream.server, moment)
        client_pod = self.pod(stream.client, moment, apart_from=server_pod)
        missing = (stream.server is not None and server_pod is None) or (
            stream.client is not None and client_pod is None
        )
        if missing:
            return None
        if server_pod is not None:
            server = self._ends.pod(server_pod, family)
        else:
            server = self._server(call, stream.cluster, family)
        through_router = self._tunnel and server.pod is not None
        if client_pod is not None:
            router = client_pod.workload.host_network and through_router
            client = self._ends.pod(client_pod, family, router=router)
        elif call.intent is Intent.PROBE and server_pod is not None:
            client = self._ends.host(server_pod.node, family, router=through_router)
        else:
            client = self._client(call.client, stream.cluster, family)
        return client, server, client_pod

    def pod(
        self,
        placement: Placement | None,
        moment: int,
        apart_from: Pod | None = None,
    ) -> Pod | None:
        """A pod of a workload that lives at a moment, and is not the given one."""
        if placement is None:
            return None
        pods = alive(placement, moment)
        if apart_from is not None and apart_from.workload is placement.workload:
            pods = tuple(pod for pod in pods if pod is not apart_from)
        return self._dice.pick(pods) if pods else None

    def _server(self, call: Call, cluster: str, family: str) -> End:
        target = call.server
        if target.kind is TargetKind.NODE:
            node = self._dice.pick(self._nodes[cluster])
            if call.client.kind is TargetKind.NODE:
                return self._ends.health(node, family)
            return self._ends.host(node, family)
        return self._outside(target, cluster, family)

    def _client(self, target: Target, cluster: str, family: str) -> End:
        if target.kind is TargetKind.NODE:
            node = self._dice.pick(self._nodes[cluster])
            return self._ends.host(node, family, router=self._tunnel)
        return self._outside(target, cluster, family)

    def _outside(self, target: Target, cluster: str, family: str) -> End:
        if target.kind is TargetKind.APISERVER:
            return self._ends.apiserver(cluster, family)
        return self._ends.external(target, family, self._dice)
