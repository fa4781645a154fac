""":class:`WholeTimeout`: the time-out of a whole fetch, which cancels its task."""

import asyncio

from ..ioloop import IOLoop
from .engine import Hop
from .failures import HTTPTimeoutError


class WholeTimeout:
    """Cancels the task in which it is made when the time is over.

    (:func:`asyncio.timeout` does the same for several times the price, which each fetch would pay.)

    :arg seconds: 0 is no limit.
    """

    __slots__ = ("_expired", "_handle", "_task")

    def __init__(self, loop: IOLoop, seconds: float) -> None:
        self._expired = False
        self._task = asyncio.current_task()
        self._handle = loop.call_later(seconds, self._expire) if seconds else None

    def _expire(self) -> None:
        assert self._task is not None
        self._expired = True
        self._task.cancel()

    def end(self) -> None:
        """It is over in time, or it no longer matters. To be called in any case."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._task = None  # which has this object among its variables

    def check(self, hop: Hop) -> None:
        """Raise :exc:`.HTTPTimeoutError` if the task was cancelled by this and by nobody else.

        :arg hop: what was waited for last.
        """
        assert self._task is not None
        if self._expired and self._task.uncancel() == 0:
            raise timed_out(hop)


def timed_out(hop: Hop) -> HTTPTimeoutError:
    """What to raise when there is no more time for ``hop``: it says what was waited for."""
    return HTTPTimeoutError(f"Timeout {hop.waiting_for}")
