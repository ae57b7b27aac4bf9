"""One thread for linear algebra."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def one_thread() -> Iterator[None]:
    """Let matrices be multiplied and decomposed by one thread.

    Sums that several threads share depend in their last bit on how many there are, and segments
    must not. For matrices of this size several threads are no faster either.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield
