"""Locks for coroutines: :class:`Condition`, :class:`Event`, :class:`Semaphore`, :class:`Lock`.

.. code-block:: python

    lock = Lock()

    async def change():
        async with lock:
            ...

They hold back coroutines of one loop, not threads: none of them may be used from another thread.
Wherever a ``timeout`` is taken it is a time of :meth:`.IOLoop.time`, a :class:`~datetime.timedelta` from
now, or None for no end.

Those who wait stand in a :class:`Line`. Two things are easily got wrong there:

* Who has left (timed out, cancelled) must not stay for ever, and all that is on his stack with him: a
  place at an end of the line goes at once, one in the middle when there are many of them.
* What was handed to a waiter whose task is cancelled *before it could take it* must not be lost: it is
  given back, so that the next in line gets it (:class:`Taker`).
"""

import datetime
from asyncio import CancelledError, _get_running_loop
from collections import deque
from collections.abc import Generator
from types import TracebackType
from typing import Any, NoReturn, Protocol, TypeVar

from .concurrent import Future, current_asyncio_loop, done_future, forget_our_lines
from .ioloop import IOLoop
from .ioloop.handles import TimerHandle

__all__ = ["BoundedSemaphore", "Condition", "Event", "Lock", "Semaphore"]

T = TypeVar("T")
W = TypeVar("W", bound="Waiter[Any]")

Deadline = float | datetime.timedelta | None

EMPTY_PLACES_KEPT = 20
"""So many may have left from the middle of a line before it closes up, and half of all if that is more."""


class Waiter(Future[T]):
    """The future of one who stands in a :class:`Line`."""

    __slots__ = ("_giver", "_line", "_timer")
    _line: "Line[Any] | None"
    _giver: "Giver | None"
    _timer: TimerHandle | None

    def cancel(self, msg: Any | None = None) -> bool:
        if not super().cancel(msg):
            return False
        if self._timer is not None:
            self._timer.cancel()
        self._leave()
        return True

    def on_timeout(self) -> None:
        if not self.done():
            self.give_up()
            self._leave()

    def _leave(self) -> None:
        line, self._line, self._giver, self._timer = self._line, None, None, None
        assert line is not None
        line.somebody_left()

    def give_up(self) -> None:
        """The deadline has passed."""
        self.set_exception(TimeoutError("Timeout"))


class Giver(Protocol):
    """Has something to give to those who wait."""

    def _take_back(self, given: Any, /) -> None:
        """Give it to somebody else."""


class Taker(Waiter[T]):
    """One who waits for something that would be lost if he were handed it and never got it."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, T]:
        try:
            if not self.done():
                self._asyncio_future_blocking = True
                yield self
            return self.result()
        except (CancelledError, GeneratorExit):
            if not self.done():  # the coroutine is closed: nothing must be handed to it any more
                self.cancel()
            elif self._giver and not self.cancelled() and self.exception() is None:
                self._giver._take_back(self.result())
            raise
        finally:
            del self  # an exception that it raises holds this frame

    __iter__ = __await__


class Line(deque[W]):
    """Waiters in the order in which they came; some may have left, and their places are empty."""

    __slots__ = ("_empty_places",)

    def __init__(self) -> None:
        super().__init__()
        self._empty_places = 0

    def wait(self, kind: type[W], timeout: Deadline, giver: Giver | None = None) -> W:
        """A new waiter at the end; ``giver`` has what a :class:`Taker` would take."""
        waiter = kind(loop=_get_running_loop() or current_asyncio_loop())
        if waiter._source_traceback:  # type: ignore[attr-defined]
            forget_our_lines(waiter)
        waiter._line = self
        waiter._giver = giver
        waiter._timer = None
        if timeout is not None:
            waiter._timer = IOLoop.current().add_timeout(timeout, waiter.on_timeout)
        self.append(waiter)
        return waiter

    def has_waiter(self) -> bool:
        """Whether somebody waits. He is at the head of the line then."""
        while self:
            if not self[0].done():
                return True
            self.popleft()
            self._empty_places -= 1
        return False

    def call_first(self) -> W | None:
        """The one who has waited longest: his turn has come. None if nobody waits."""
        while self:
            waiter = self.popleft()
            if not waiter.done():
                if waiter._timer is not None:
                    waiter._timer.cancel()
                return waiter
            self._empty_places -= 1
        return None

    def call_all(self) -> list[W]:
        """All who wait."""
        called = []
        while (waiter := self.call_first()) is not None:
            called.append(waiter)
        return called

    def somebody_left(self) -> None:
        """Close up: at the ends at once, in the middle when it is worth the work."""
        self._empty_places += 1
        while self and self[-1].done():
            self.pop()
            self._empty_places -= 1
        if not self.has_waiter():
            return
        if self._empty_places > EMPTY_PLACES_KEPT and self._empty_places * 2 > len(self):
            waiting = [waiter for waiter in self if not waiter.done()]
            self.clear()
            self.extend(waiting)
            self._empty_places = 0


class ConditionWaiter(Taker[bool]):
    """Is told False when its deadline passes."""

    __slots__ = ()

    def give_up(self) -> None:
        self.set_result(False)


class Condition:
    """Coroutines wait here until another notifies them.

    Unlike :class:`threading.Condition` it has no lock: between two awaits nobody else runs.
    """

    def __init__(self) -> None:
        self._waiters: Line[ConditionWaiter] = Line()

    def __repr__(self) -> str:
        waiters = f" waiters[{len(self._waiters)}]" if self._waiters else ""
        return f"<{type(self).__name__}{waiters}>"

    def wait(self, timeout: Deadline = None) -> Future[bool]:
        """Wait for :meth:`notify`. The result is True, or False if ``timeout`` came first."""
        return self._waiters.wait(ConditionWaiter, timeout, self)

    def notify(self, n: int = 1) -> None:
        """Wake the ``n`` who have waited longest. They run in the loop's next turn."""
        waiters = self._waiters
        while n and waiters:
            if (waiter := waiters.call_first()) is not None:
                waiter.set_result(True)
                n -= 1

    def notify_all(self) -> None:
        """Wake all who wait."""
        for waiter in self._waiters.call_all():
            waiter.set_result(True)

    def _take_back(self, notified: bool) -> None:
        if notified:
            self.notify()


class Event:
    """A flag that coroutines wait for."""

    def __init__(self) -> None:
        self._value = False
        self._waiters: Line[Waiter[None]] = Line()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'set' if self._value else 'clear'}>"

    def is_set(self) -> bool:
        """Whether the flag is up."""
        return self._value

    def set(self) -> None:
        """Put the flag up and wake all who wait."""
        self._value = True
        for waiter in self._waiters.call_all():
            waiter.set_result(None)

    def clear(self) -> None:
        """Take the flag down: :meth:`wait` waits again."""
        self._value = False

    def wait(self, timeout: Deadline = None) -> Future[None]:
        """Wait until the flag is up. Raises :exc:`TimeoutError` if ``timeout`` comes first."""
        if self._value:
            return done_future(None)
        return self._waiters.wait(Waiter, timeout)


class Releasing:
    """What :meth:`Semaphore.acquire` gives: ``with`` releases at its end."""

    __slots__ = ("_held",)

    def __init__(self, held: "Semaphore") -> None:
        self._held = held

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        self._held.release()


class AsyncBlock:
    """``async with`` acquires and releases; ``with`` is refused, with a word about what to write."""

    def acquire(self, timeout: Deadline = None) -> Future[Releasing]:
        raise NotImplementedError

    def release(self) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.release()

    def __enter__(self) -> NoReturn:
        raise RuntimeError(f"Use 'async with' instead of 'with' for {type(self).__name__}")

    def __exit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.__enter__()


class Semaphore(AsyncBlock):
    """``value`` places (1) of something there is too little of: who finds none free waits in line.

    ``async with semaphore:`` takes one and gives it back. In a decorated coroutine this is
    ``with (yield semaphore.acquire()):``. First come, first served. Raises :exc:`ValueError` for a
    negative ``value``.
    """

    def __init__(self, value: int = 1) -> None:
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self._value = value
        self._waiters: Line[Taker[Releasing]] = Line()

    def __repr__(self) -> str:
        state = f"unlocked,value:{self._value}" if self._value else "locked"
        waiters = f",waiters:{len(self._waiters)}" if self._waiters else ""
        return f"<{type(self).__name__} [{state}{waiters}]>"

    def release(self) -> None:
        """Give a place back; who has waited longest gets it."""
        waiters = self._waiters
        if waiters and (waiter := waiters.call_first()) is not None:
            waiter.set_result(Releasing(self))
        else:
            self._value += 1

    def acquire(self, timeout: Deadline = None) -> Future[Releasing]:
        """Take a place, when one is free. Raises :exc:`TimeoutError` if ``timeout`` comes first.

        The result may be used in a ``with`` statement, which releases at its end.
        """
        if self._value > 0:
            self._value -= 1
            return done_future(Releasing(self))
        return self._waiters.wait(Taker, timeout, self)

    def _take_back(self, releasing: Releasing) -> None:
        self.release()


class BoundedSemaphore(Semaphore):
    """A :class:`Semaphore` that does not grow: one release too many raises :exc:`ValueError`."""

    def __init__(self, value: int = 1) -> None:
        super().__init__(value=value)
        self._initial_value = value

    def release(self) -> None:
        """Give a place back. Raises :exc:`ValueError` if none was taken."""
        if self._value >= self._initial_value:
            raise ValueError("Semaphore released too many times")
        super().release()


class Lock(AsyncBlock):
    """One coroutine at a time: ``async with lock:``. The others wait in line.

    In a decorated coroutine this is ``with (yield lock.acquire()):``.
    """

    def __init__(self) -> None:
        self._block = BoundedSemaphore(value=1)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} _block={self._block}>"

    def acquire(self, timeout: Deadline = None) -> Future[Releasing]:
        """Lock it, when it is free. Raises :exc:`TimeoutError` if ``timeout`` comes first."""
        return self._block.acquire(timeout)

    def release(self) -> None:
        """Unlock it; who has waited longest gets it. Raises :exc:`RuntimeError` if it is not locked."""
        try:
            self._block.release()
        except ValueError:
            raise RuntimeError("release unlocked lock") from None
