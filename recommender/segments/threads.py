"""One thread for linear algebra."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threadpoolctl import ThreadpoolController

#: Packages that bring threads of their own once they are loaded.
_WITH_THREADS: Final = ("numpy", "scipy", "sklearn")


@contextmanager
def one_thread() -> Iterator[None]:
    """Let matrices be multiplied and decomposed by one thread.

    Sums that several threads share depend in their last bit on how many there are, and segments
    must not. For matrices of this size several threads are no faster either.
    """
    with thread_pools().limit(limits=1):
        yield


def thread_pools() -> ThreadpoolController:
    """The pools of threads of all that is loaded now."""
    return _pools(tuple(name in sys.modules for name in _WITH_THREADS))


@cache
def _pools(_loaded: tuple[bool, ...]) -> ThreadpoolController:
    # To look through the libraries of a process takes milliseconds.
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
