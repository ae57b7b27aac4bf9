"""The list protocol of the Kubernetes API: pages, continue tokens, refusals, second tries.

https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlencode

from recommender.inventory.pruning import pruned
from recommender.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from recommender.inventory.kinds import Resource

#: Objects a page: what kubectl asks for.
PAGE: Final = 500

_TRIES: Final = 4
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
#: How often a list begins anew because its token expired, before it is asked for in one piece.
_RESTARTS: Final = 3

_OK: Final = 200
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_GONE: Final = 410
_BUSY: Final = frozenset({429, 500, 502, 503, 504})


class Unreachable(Exception):  # noqa: N818 - a state of the line, mostly mended by another try
    """The server did not answer; the text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said to one request.

    Attributes:
        status: The HTTP status.
        body: The JSON of the body; an empty mapping where there is none.
        moment: When the server's clock stood before it answered, at the latest.
        retry_after: Seconds that the server asks to wait; 0 where it does not.
    """

    status: int
    body: dict[str, Any]
    moment: datetime
    retry_after: float = 0.0

    @property
    def message(self) -> str:
        """What the server says about a failure."""
        message = self.body.get("message")
        return message if isinstance(message, str) else f"HTTP status {self.status}"


class Server(Protocol):
    """What a list needs: an answer to a GET of one path."""

    @property
    def name(self) -> str:
        """The server as a user knows it."""

    def get(self, path: str) -> Answer:
        """One GET.

        Raises:
            Unreachable: There was no answer.
        """


@dataclass(slots=True)
class Listed:
    """All objects of one kind, or why there are none.

    Attributes:
        objects: What is kept of each object.
        moment: When the server's clock stood before the first page was read, at the latest.
        refused: The server's words where the kind may not be read.
        absent: Whether the server does not know the kind.
    """

    objects: list[dict[str, Any]] = field(default_factory=list)
    moment: datetime | None = None
    refused: str = ""
    absent: bool = False


def list_all(
    server: Server,
    resource: Resource,
    namespace: str = "",
    *,
    told: Callable[[str, int], None] | None = None,
) -> Listed:
    """List all objects of a kind, page by page.

    Args:
        server: Where to ask.
        resource: The kind.
        namespace: Only those of this namespace; empty for all.
        told: Called after each page with the kind's plural and the objects on the page.

    Raises:
        InputError: The server does not answer, does not accept the credentials, or answers what
            is no list.
    """
    limit = PAGE
    for attempt in range(_RESTARTS + 1):
        # A server that lets every token expire is asked for everything at once.
        limit = PAGE if attempt < _RESTARTS else 0
        listed = _list_once(server, resource, namespace, limit=limit, told=told)
        if listed is not None:
            return listed
    message = f"the list of {resource.plural} expired again and again"
    raise InputError(message, where=server.name, hint="try again when the cluster is less busy")


def _list_once(
    server: Server,
    resource: Resource,
    namespace: str,
    *,
    limit: int,
    told: Callable[[str, int], None] | None,
) -> Listed | None:
    """The list from its first page to its last; None where a page's token had expired."""
    listed, token = Listed(), ""
    while True:
        query = {**({"limit": limit} if limit else {}), **({"continue": token} if token else {})}
        path = resource.path(namespace) + (f"?{urlencode(query)}" if query else "")
        answer = _answer(server, path)
        if answer.status == _GONE:
            return None
        if answer.status == _FORBIDDEN:
            return Listed(moment=answer.moment, refused=answer.message)
        if answer.status == _NOT_FOUND:
            return Listed(moment=answer.moment, absent=True)
        listed.moment = listed.moment or answer.moment
        items, token = _page(answer, server.name, resource)
        listed.objects += [pruned(resource.kind, resource.api_version, item) for item in items]
        if told is not None:
            told(resource.plural, len(items))
        if not token:
            return listed


def _page(answer: Answer, name: str, resource: Resource) -> tuple[list[dict[str, Any]], str]:
    """The items of a page, and the token of the next; an empty one after the last."""
    metadata, items = answer.body.get("metadata"), answer.body.get("items", [])
    items = [] if items is None else items
    if (
        answer.status != _OK
        or not isinstance(metadata, dict)
        or not isinstance(items, list)
        or not all(isinstance(item, dict) for item in items)
    ):
        told = "what it answers is no list" if answer.status == _OK else answer.message
        message = f"the list of {resource.plural} cannot be read: {told}"
        raise InputError(message, where=name, hint="is this the API server of a cluster?")
    token = metadata.get("continue", "")
    return items, token if isinstance(token, str) else ""


def _answer(server: Server, path: str) -> Answer:
    """An answer that is worth reading: what is only busy is asked again, a little later."""
    wait, why = _FIRST_PAUSE, ""
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(wait)
            wait = min(wait * 2, _LONGEST_PAUSE)
        try:
            answer = server.get(path)
        except Unreachable as error:
            why = str(error)
            continue
        if answer.status == _UNAUTHORIZED:
            raise InputError(
                "the API server does not accept the credentials (401)",
                where=server.name,
                hint="log in again, or choose another --context",
            )
        if answer.status not in _BUSY:
            return answer
        why = answer.message
        wait = min(max(wait, answer.retry_after), _LONGEST_PAUSE)
    message = f"no answer in {_TRIES} tries: {why}"
    hint = "is the cluster reachable from here? kubectl get --raw /readyz with the same context"
    raise InputError(message, where=server.name, hint=hint)
