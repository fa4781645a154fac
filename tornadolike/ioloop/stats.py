"""What a loop has done: :meth:`Statistics.stats` and the figures it gives.

How many things there are to count the loop knows anyway. How long they take it does not: a clock that
is read at each turn costs something. So measuring begins when somebody asks for the first time, by
:meth:`~Statistics.stats` or :meth:`~Statistics.watch_lag`, and until then nothing is paid: the loop
polls through :meth:`_Meter.poll` instead of the poller's own method, and runs what it runs through
the same method as in debug mode.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from .clocks import Clock, Poll
from .core import Core
from .origins import origin_of
from .poller import Poller

SLOW_CALLBACKS_KEPT = 100
"""How many slow callbacks a loop remembers; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How late something was: the last time, on average, and at worst. Seconds."""

    last: float = 0.0
    mean: float = 0.0
    max: float = 0.0


@dataclass(frozen=True, slots=True)
class SlowCallback:
    """A callback, a step of a task or a handler of a descriptor that kept the loop too long."""

    name: str
    """The function's qualified name; for a step of a task the name of its coroutine function."""
    source: str
    """``file:line``: where a function is defined, where a coroutine waits after its slow step (where it
    is defined, if the step was its last). Empty for what was not written in Python."""
    duration: float
    """Seconds that it took."""
    when: float
    """When it ended, as :func:`time.time` counts."""

    def __str__(self) -> str:
        where = f" ({self.source})" if self.source else ""
        return f"{self.name}{where} took {self.duration:.3f} s"


@dataclass(frozen=True, slots=True)
class LoopStats:
    """A loop at one moment, and since it was made or since measuring began."""

    descriptors: int
    """Descriptors that are watched now, without the loop's own."""
    ready: int
    """Callbacks that wait for the next turn."""
    timers: int
    """Timers that wait for their time."""
    cancelled_timers: int
    """Timers that were cancelled and whose place in the queue is not cleared yet."""
    tasks: int
    """Tasks that are not done. (They are counted one by one for this.)"""
    errors: int
    """Exceptions since the loop was made that nobody caught, and other reports to
    ``call_exception_handler``."""
    wake_ups: int
    """How often, since the loop was made, a call from another thread or a signal woke it. Calls that
    come together count once."""

    measured: float
    """Seconds that the loop ran while being measured: ``busy`` and ``blocked`` together. 0.0 at the first
    :meth:`~Statistics.stats`, which begins it; so are the figures below."""
    turns: int
    """Turns of the loop."""
    events: int
    """Events of descriptors that were handed out; many calls from threads are one event."""
    busy: float
    """Seconds spent in callbacks, handlers and tasks."""
    blocked: float
    """Seconds spent waiting for something to do."""
    lag: Lag
    """How long the loop was busy in one turn: whatever became ready then had to wait up to so long."""
    timer_lag: Lag
    """How late the earliest timer was in each turn that found one due. It shows what ``lag`` cannot see
    too: that the process itself did not get to run. (Kernels round up to a millisecond.)"""
    slow_callbacks: tuple[SlowCallback, ...]
    """What took at least ``slow_callback_duration`` seconds, the most recent last."""

    @property
    def utilisation(self) -> float:
        """Which part of the time the loop was busy: from 0.0 to 1.0. At 1.0 it cannot keep up."""
        return self.busy / self.measured if self.measured else 0.0


class _Delays:
    """Adds up to a :class:`Lag`."""

    __slots__ = ("count", "last", "max", "sum")

    def __init__(self) -> None:
        self.count = 0
        self.sum = self.last = self.max = 0.0

    def add(self, delay: float) -> None:
        self.count += 1
        self.sum += delay
        self.last = delay
        if delay > self.max:
            self.max = delay

    def lag(self) -> Lag:
        return Lag(self.last, self.sum / self.count if self.count else 0.0, self.max)


class _Meter:
    """Stands between a loop and its poller, and reads the clock before and after each poll."""

    def __init__(self, loop: "Statistics", poll: Poll) -> None:
        self._clock = loop.time
        self._timers = loop._timers
        self._poll = poll
        self._returned: float | None = None
        """When the poll of this turn returned; None before the first one of a run."""
        self.events = 0
        self.blocked = 0.0
        self.turns = _Delays()
        self.timers = _Delays()

    def end_turn(self) -> float:
        """Count the turn that ends now; return the time."""
        now = self._clock()
        if self._returned is not None:
            self.turns.add(now - self._returned)
            self._returned = None
        return now

    def poll(self, timeout: float, max_events: int) -> list[tuple[int, int]]:
        asleep = self.end_turn()
        events = self._poll(timeout, max_events)
        self._returned = awake = self._clock()
        self.blocked += awake - asleep
        self.events += len(events)
        timers = self._timers
        if timers and timers[0][0] <= awake and not timers[0][2]._cancelled:
            self.timers.add(awake - timers[0][0])
        return events


class Statistics(Core):
    """A loop that tells how it is doing."""

    def __init__(self, poller: Poller | None = None) -> None:
        self._meter: _Meter | None = None
        self._slow_callbacks: deque[SlowCallback] = deque(maxlen=SLOW_CALLBACKS_KEPT)
        super().__init__(poller)

    def stats(self) -> LoopStats:
        """What the loop is doing, and what it has done since it is measured.

        The first call begins to measure, as :meth:`watch_lag` does. From any thread.
        """
        if self._meter is None and not self._closed:
            self.watch_lag()
        meter = self._meter
        busy = blocked = 0.0
        if meter is not None:
            busy, blocked = meter.turns.sum, meter.blocked
        cancelled = self._cancelled_timers
        return LoopStats(
            descriptors=max(0, len(self._watchers) - 1),
            ready=len(self._ready),
            timers=len(self._timers) - cancelled,
            cancelled_timers=cancelled,
            tasks=len(asyncio.all_tasks(self)),
            errors=self._errors,
            wake_ups=self._wake_ups,
            measured=busy + blocked,
            turns=0 if meter is None else meter.turns.count,
            events=0 if meter is None else meter.events,
            busy=busy,
            blocked=blocked,
            lag=Lag() if meter is None else meter.turns.lag(),
            timer_lag=Lag() if meter is None else meter.timers.lag(),
            slow_callbacks=tuple(self._slow_callbacks),
        )

    def watch_lag(self, enabled: bool = True) -> None:
        """Begin to measure (again: from zero), or stop it and forget what was measured. From any thread.

        While it is measured each turn and each callback costs some tenths of a microsecond more.
        """
        self._slow_callbacks.clear()
        self._meter = _Meter(self, super()._polling()) if enabled else None
        self._timed = enabled or self._debug
        if not self._closed:
            self._poll = self._polling()

    def set_clock(self, clock: Clock) -> None:
        super().set_clock(clock)
        if self._meter is not None:
            self.watch_lag()

    def set_debug(self, enabled: bool) -> None:
        super().set_debug(enabled)
        self._timed = enabled or self._meter is not None

    def _polling(self) -> Callable[[float, int], list[tuple[int, int]]]:
        return super()._polling() if self._meter is None else self._meter.poll

    def run_forever(self) -> None:
        try:
            super().run_forever()
        finally:
            # (Not if it was refused because it is running.)
            if self._meter is not None and self._thread_id is None:
                self._meter.end_turn()

    def _was_slow(self, what: object, took: float) -> None:
        super()._was_slow(what, took)
        name, source = origin_of(what)
        self._slow_callbacks.append(SlowCallback(name, source, took, time.time()))
