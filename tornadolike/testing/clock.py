""":class:`VirtualClock`: a loop whose time passes only when it has nothing else to do, and then at once."""

import math
import time
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Final, Self

from ..ioloop import IOLoop
from ..ioloop.clocks import Events, Poll
from .limits import RealLimit

PATIENCE: Final = 0.001
"""Real seconds of silence before the clock jumps, by default, while the loop watches a descriptor."""

TICKS: Final = 1024
"""In a second. With such fractions floats count exactly."""


class VirtualClock:
    """Makes timers jump: what would take an hour takes a millisecond, in the same order, at exact times.

    .. code-block:: python

        async def main():
            with VirtualClock():
                await asyncio.sleep(3600)  # done at once

    While the loop has something to do its time stands still. When it would sleep until its next timer,
    the clock jumps to that moment. ``loop.time()`` and all that goes by it follow: ``asyncio.sleep()``
    and ``timeout()``, ``call_later()``, ``add_timeout()``, ``PeriodicCallback``, the time-outs of our
    server, client and streams. :func:`time.time` and :func:`time.monotonic` do not.

    Sockets are real, and are asked first: as long as data arrives nothing jumps. So a server and its clients
    on one loop talk undisturbed. Of what other threads, processes and hosts do the clock knows nothing: give
    it the ``patience`` that their answers need. Only while ``run_in_executor()`` works for the loop
    (``asyncio.to_thread()``, the look-up of a name) does time stand still.

    When the clock is stopped, as it is at the end of the ``with`` block, the loop's time goes on at its
    usual pace, from where it is.

    :arg loop: the loop, one of ours. By default the one that is current when the clock is started.
    :arg patience: real seconds of silence before each jump. By default 0.001 while the loop watches
        descriptors (from one end of a connection to the other the kernel may take a moment), else 0.
    :arg alone: says that no other thread, process or host will wake the loop. Where it would sleep for ever, the
        loop then raises :exc:`RuntimeError`.

    For one thread, the loop's.
    """

    def __init__(
        self, loop: IOLoop | None = None, *, patience: float | None = None, alone: bool = False
    ) -> None:
        if patience is not None and not 0 <= patience < math.inf:
            raise ValueError(f"patience should be a number of seconds from 0 on, got {patience}")
        self._loop = loop
        self._patience = patience
        self._alone = alone
        self._running = False
        self._now = 0.0
        self._ahead = 0.0
        """Of :func:`time.monotonic`, while the clock is stopped."""
        self._jobs: set[Future[Any]] = set()

    def start(self) -> Self:
        """Begin to jump. The time becomes a multiple of 1/1024 second, so that ``==`` may compare differences.

        Raises :exc:`RuntimeError` if the loop has a virtual clock that is running, or is of a foreign kind.
        """
        if self._loop is None:
            self._loop = IOLoop.current()
        if isinstance(self._loop.clock, VirtualClock) and self._loop.clock._running:
            raise RuntimeError(f"{self._loop!r} has a virtual clock already: one is enough")
        self._now = math.ceil(self._loop.time() * TICKS) / TICKS
        self._loop.set_clock(self)
        self._running = True
        return self

    def stop(self) -> None:
        """Jump no more: from here on time passes as it does. No error if the clock is not running."""
        if not self._running:
            return
        self._running = False
        self._ahead = self._now - time.monotonic()
        assert self._loop is not None
        limit = RealLimit.of(self._loop)
        if limit is not None:
            limit.take_from_clock()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def time(self) -> float:
        """The loop's time in seconds."""
        return self._now if self._running else time.monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Put the clock forward, as if the last callback had taken so long: what is due then is late.

        To have what is due run at its time, ``await asyncio.sleep(seconds)``. Raises :exc:`ValueError` for
        less than 0 seconds, :exc:`RuntimeError` if the clock is not running.
        """
        if not 0 <= seconds < math.inf:
            raise ValueError(
                f"a clock can be put forward only: by 0 seconds or more, not {seconds}"
            )
        if not self._running:
            raise RuntimeError("the clock is not running: start() it, or use it in a with block")
        self._now += seconds

    # What the loop calls

    def poll(self, poll: Poll, timeout: float, max_events: int, /) -> Events:
        """What is ready; if nothing is, the clock has jumped by ``timeout``."""
        if not self._running:
            return poll(timeout, max_events)
        assert self._loop is not None
        limit = RealLimit.of(self._loop)
        if limit is not None:
            limit.leave_to_clock()
            if limit.ends_here():
                return []
        left = -1.0 if limit is None else limit.seconds_left()
        if timeout == 0.0:
            return poll(timeout, max_events)
        # Asked before the poll: who has left has woken the loop already.
        if self._jobs:
            return poll(left, max_events)
        events = poll(self._silence(), max_events)
        if events:
            return events
        if timeout > 0.0:
            self._now += timeout
            return []
        if self._alone:
            raise RuntimeError("the loop would sleep for ever: nothing is left that could wake it")
        return poll(left, max_events)

    def job_begun(self, job: Future[Any]) -> None:
        """Stand still until ``job`` is done."""
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    def _silence(self) -> float:
        if self._patience is not None:
            return self._patience
        assert self._loop is not None
        return PATIENCE if self._loop.watches_descriptors else 0.0
