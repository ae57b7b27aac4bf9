"""Small objects of a cloud's store, fetched several at a time before they are asked for.

A log in a bucket is mostly thousands of small objects. Fetched one after another, each would wait
for the store's answer.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Self

from recommender.sources.remote import is_remote, open_store

if TYPE_CHECKING:
    from types import TracebackType

    from recommender.sources.discovery import InputFile
    from recommender.sources.remote import ObjectStore

#: Largest object that is fetched as a whole; a larger one is read as a stream.
SMALL: Final = 8 << 20
#: Bytes that are fetched, or being fetched, before they are asked for.
AHEAD: Final = 32 << 20
#: Objects that are fetched at a time.
AT_A_TIME: Final = 8

_Task = tuple["InputFile", Future[bytes | None]]


class Fetcher:
    """Fetches the small ones of some objects ahead, in the order in which they are taken.

    A context manager: its threads end with it, and do not hold up the end of the program.
    """

    def __init__(self, files: tuple[InputFile, ...]) -> None:
        """Remember what may be fetched; nothing is until the first is taken."""
        self._later = deque(file for file in files if is_remote(file.path) and _is_small(file))
        self._begun: dict[str, Future[bytes | None]] = {}
        self._bytes = 0
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads = 0
        self._stores: dict[str, ObjectStore] = {}
        self._one_at_a_time = threading.Lock()

    def __enter__(self) -> Self:
        """The fetcher itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Begin nothing any more; what is being fetched is not waited for."""
        for task in self._begun.values():
            task.cancel()
        for _ in range(self._threads):
            self._tasks.put(None)

    def take(self, file: InputFile) -> bytes | None:
        """The content of the next file; None where it is no small object, and is to be streamed.

        Raises:
            PartialInputError: It cannot be fetched.
        """
        self._go_on()
        task = self._begun.pop(file.path, None)
        if task is None:
            return None
        content = task.result()
        self._bytes -= file.size or 0
        self._go_on()
        return content

    def _go_on(self) -> None:
        """Begin as many of the next ones as there is room for."""
        while self._later and (
            not self._begun or self._bytes + (self._later[0].size or 0) <= AHEAD
        ):
            file = self._later.popleft()
            self._bytes += file.size or 0
            self._begun[file.path] = task = Future[bytes | None]()
            self._tasks.put((file, task))
            if self._threads < AT_A_TIME:
                self._threads += 1
                threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while (item := self._tasks.get()) is not None:
            file, task = item
            if not task.set_running_or_notify_cancel():
                continue
            try:
                task.set_result(self._fetch(file))
            except BaseException as error:  # noqa: BLE001 - handed on to who takes the file
                task.set_exception(error)

    def _fetch(self, file: InputFile) -> bytes | None:
        scheme = file.path.partition("://")[0]
        with self._one_at_a_time:
            store = self._stores.get(scheme)
            if store is None:
                # Logging in is part of the first fetch, so that it happens once.
                self._stores[scheme] = store = open_store(file.path)
                return store.content(file, most=SMALL)
        return store.content(file, most=SMALL)


def _is_small(file: InputFile) -> bool:
    return file.size is not None and 0 < file.size <= SMALL
