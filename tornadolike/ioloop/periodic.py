""":class:`PeriodicCallback`: a callback at regular intervals."""

import asyncio
import datetime
import functools
import math
import random
from collections.abc import Awaitable, Callable
from inspect import isawaitable

from ..log import app_log
from .handles import TimerHandle
from .loop import IOLoop


class PeriodicCallback:
    """Calls ``callback`` every ``callback_time`` milliseconds (or a :class:`~datetime.timedelta`).

    If the callback is a coroutine function, the next call waits until it has ended: calls never
    overlap. A call that takes longer than the interval skips the calls that it missed, so the rhythm
    (multiples of the interval after :meth:`start`) is kept. ``jitter`` varies each interval by up to that
    fraction (0.1: from 0.95 to 1.05 of it) so that many processes do not march in step.
    """

    def __init__(
        self,
        callback: Callable[[], Awaitable[object] | object],
        callback_time: datetime.timedelta | float,
        jitter: float = 0,
    ) -> None:
        self.callback = callback
        if isinstance(callback_time, datetime.timedelta):
            self.callback_time = callback_time / datetime.timedelta(milliseconds=1)
        else:
            self.callback_time = callback_time
        if self.callback_time <= 0:
            raise ValueError("Periodic callback must have a positive callback_time")
        self.jitter = jitter
        self.io_loop: IOLoop | None = None
        self._running = False
        self._timeout: TimerHandle | None = None
        self._next_timeout = 0.0
        self._call: asyncio.Future[object] | None = None
        """The coroutine's call that is under way; its end schedules the next."""

    def start(self) -> None:
        """Start the rhythm; the first call comes after one interval."""
        if self._running:
            return
        self.io_loop = loop = IOLoop.current()
        self._running = True
        self._next_timeout = loop.time()
        if self._call is not None and self._call.get_loop() is not loop.asyncio_loop:
            self._call = None  # of another loop, which may never run again
        self._schedule_next(loop)

    def stop(self) -> None:
        """No further calls; one that is under way goes on."""
        self._running = False
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None

    def is_running(self) -> bool:
        """Whether :meth:`start` was called and :meth:`stop` was not since."""
        return self._running

    def _run(self, loop: IOLoop) -> None:
        self._timeout = None
        try:
            result = self.callback()
            if isawaitable(result):
                self._call = loop.adopt(result, self.callback)
                self._call.add_done_callback(functools.partial(self._ended, loop))
                return
        except asyncio.CancelledError:
            pass
        except Exception:
            app_log.error("Exception in callback %r", self.callback, exc_info=True)
        self._schedule_next(loop)

    def _ended(self, loop: IOLoop, call: asyncio.Future[object]) -> None:
        if call is self._call:
            self._call = None
            self._schedule_next(loop)

    def _schedule_next(self, loop: IOLoop) -> None:
        # Not if a call is under way (restarted meanwhile), nor if the callback itself restarted.
        if self._running and self._call is None and self._timeout is None:
            self._update_next(loop.time())
            self._timeout = loop.call_at(self._next_timeout, self._run, loop)

    def _update_next(self, current_time: float) -> None:
        interval = self.callback_time / 1000.0
        if self.jitter:
            interval *= 1 + self.jitter * (random.random() - 0.5)  # noqa: S311 - not a secret
        if self._next_timeout <= current_time:
            # The first moment of the rhythm that lies ahead.
            missed = math.floor((current_time - self._next_timeout) / interval)
            self._next_timeout += (missed + 1) * interval
        else:
            # The clock went backwards, or the timer came a little early: one interval on.
            self._next_timeout += interval
