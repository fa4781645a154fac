""":class:`Subscription`: one who listens to a channel, and what waits for it.

What comes is handed to a function at once, or waits until it is asked for: then there is a bound, beyond which the
oldest is left out. Live messages are worth the more the newer they are, and whoever publishes is not to wait for the
slowest of many. What is left out is a *gap*, and so is the time in which nothing could come because the server was
away: who listens is told, at the place where something is missing, and looks again at what the messages are about.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import copy_context
from inspect import isawaitable, iscoroutine
from types import TracebackType
from typing import Final, Protocol, Self

from ..log import Seldom, app_log

MAX_WAITING: Final = 1024
"""How many messages may wait for one that listens, by default."""
MAX_WAITING_BYTES: Final = 16 * 1024 * 1024
"""How many bytes of them."""

_too_slow = Seldom(app_log)


class Source(Protocol):
    """Where the messages of a subscription come from."""

    async def begin(self, subscription: "Subscription", wait: bool) -> None:
        """Let messages come; with ``wait`` return when they do."""

    def end(self, subscription: "Subscription") -> None:
        """Let none come any more. It may not have begun."""


class Subscription:
    """One who listens to a channel. :meth:`.PubSub.subscribe` and :meth:`.PubSub.listen` make it.

    .. code-block:: python

        async with pubsub.subscribe("news") as subscription:
            async for message in subscription:
                ...

    Several may iterate: each message is had by one of them. The iteration is over when the subscription was closed and
    what had come before was taken. It belongs to its event loop.
    """

    __slots__ = (
        "__weakref__",
        "_begun",
        "_callback",
        "_context",
        "_max_waiting",
        "_max_waiting_bytes",
        "_on_gap",
        "_over",
        "_source",
        "_takers",
        "_wait",
        "_waiting",
        "_waiting_bytes",
        "_work",
        "_working",
        "channel",
        "gaps",
        "left_out",
    )

    def __init__(
        self,
        source: Source,
        channel: str,
        *,
        callback: Callable[[bytes], object] | None,
        on_gap: Callable[[], object] | None,
        max_waiting: int,
        max_waiting_bytes: int,
        wait: bool,
    ) -> None:
        self.channel = channel
        self.gaps = 0
        """How often something was missing, or may have been, before what was taken last."""
        self.left_out = 0
        """How many messages were left out because too many were waiting."""
        self._source = source
        self._callback = callback
        self._on_gap = on_gap
        self._max_waiting = max_waiting
        self._max_waiting_bytes = max_waiting_bytes
        self._wait = wait
        self._waiting: deque[bytes | None] = deque()
        """The oldest first; None for a gap."""
        self._waiting_bytes = 0
        self._takers: list[asyncio.Future[None]] = []
        self._work: asyncio.Task[None] | None = None
        self._working = False
        """Whether a function that takes time is at work, in that task."""
        self._context = copy_context()
        """That of who listens: its functions do not run in that of who publishes."""
        self._begun = False
        self._over = False

    def __repr__(self) -> str:
        state = "closed" if self._over else "open" if self._begun else "not begun"
        return f"<Subscription to {self.channel!r} ({state})>"

    @property
    def closed(self) -> bool:
        """Whether no more messages come."""
        return self._over

    @property
    def crowded(self) -> bool:
        """Whether half as much waits as may."""
        return (
            len(self._waiting) * 2 >= self._max_waiting
            or self._waiting_bytes * 2 >= self._max_waiting_bytes
        )

    async def begin(self) -> None:
        """What ``async with`` does first; :exc:`RuntimeError` is raised the second time."""
        if self._begun or self._over:
            raise RuntimeError("a subscription begins once: subscribe() again for another")
        self._begun = True
        try:
            await self._source.begin(self, self._wait)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Let no more messages come. Nothing happens the second time.

        A coroutine function that is still at work for one is cancelled; unless it is this one that calls.
        """
        if self._over:
            return
        self._over = True
        self._wake(all_of_them=True)
        self._source.end(self)
        if self._work is not None and self._work is not asyncio.current_task():
            self._work.cancel()

    async def close(self) -> None:
        """:meth:`stop`, and wait until a coroutine function that was cancelled has come to its end."""
        self.stop()
        work = self._work
        if work is not None and work is not asyncio.current_task():
            await asyncio.wait({work})

    async def __aenter__(self) -> Self:
        await self.begin()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._callback is not None:
            raise RuntimeError("its messages are given to a function: subscribe() to iterate")
        while True:
            while self._waiting:
                message, result = self._take()
                if message is not None:
                    return message
                await self._finished(result)
            if self._over:
                raise StopAsyncIteration
            if not self._begun:
                raise RuntimeError(
                    "the subscription has not begun: async with pubsub.subscribe(...) as subscription"
                )
            await self._something()

    # What sources call.

    def deliver(self, message: bytes) -> None:
        """A message has come."""
        if self._over:
            return
        if self._callback is not None and not self._working:
            self._context.run(self._begin_work, self._callback, message)
            return
        self._waiting.append(message)
        self._waiting_bytes += len(message)
        if len(self._waiting) > self._max_waiting or self._waiting_bytes > self._max_waiting_bytes:
            self._leave_out()
        self._wake()

    def gap(self) -> None:
        """Something may be missing before what comes next."""
        if self._over:
            return
        if self._callback is not None and not self._working:
            self.gaps += 1
            if self._on_gap is not None:
                self._context.run(self._begin_work, self._on_gap)
        elif not self._waiting or self._waiting[-1] is not None:
            self._waiting.append(None)
            self._wake()

    # The rest.

    def _leave_out(self) -> None:
        """Make room at the old end, if it is too little, and put a gap in the place of what was there.

        That gap takes no room.
        """
        waiting = self._waiting
        missing = waiting[0] is None
        if missing:
            waiting.popleft()
        while len(waiting) > 1 and (
            len(waiting) > self._max_waiting or self._waiting_bytes > self._max_waiting_bytes
        ):
            missing = True
            message = waiting.popleft()
            if message is not None:
                self._waiting_bytes -= len(message)
                self.left_out += 1
                _too_slow.warning(
                    "One who listens to the channel %r reads too slowly: the oldest of what waits is left out. "
                    "Let it do less for each message, or let more wait: subscribe(max_waiting=...)",
                    self.channel,
                )
        if missing:
            waiting.appendleft(None)

    def _take(self) -> tuple[bytes | None, Awaitable[object] | None]:
        """What waits for the longest time: a message; or None for a gap, and what is to be awaited for it."""
        message = self._waiting.popleft()
        if message is not None:
            self._waiting_bytes -= len(message)
            return message, None
        self.gaps += 1
        return None, None if self._on_gap is None else self._call(self._on_gap)

    def _begin_work(self, function: Callable[..., object], *args: object) -> None:
        """Call a function; if it is a coroutine's, what comes meanwhile waits for its end."""
        result = self._call(function, *args)
        if result is not None:
            self._working = True
            self._work = asyncio.get_running_loop().create_task(self._go_on(result))
            if iscoroutine(result):  # one that is cancelled before its first step was not awaited
                self._work.add_done_callback(lambda _: result.close())

    async def _go_on(self, result: Awaitable[object] | None) -> None:
        """Await what a function has returned, and then do with what has come meanwhile the same."""
        callback = self._callback
        assert callback is not None
        try:
            await self._finished(result)
            while self._waiting and not self._over:
                message, result = self._take()
                if message is not None:
                    result = self._call(callback, message)
                await self._finished(result)
        finally:
            self._working = False

    def _call(self, function: Callable[..., object], *args: object) -> Awaitable[object] | None:
        """Call a function. Returns what is to be awaited for it."""
        try:
            result = function(*args)
        except Exception:
            self._log_exception()
            return None
        return result if isawaitable(result) else None

    async def _finished(self, result: Awaitable[object] | None) -> None:
        if result is not None:
            try:
                await result
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                self._log_exception()  # something that the function awaited was cancelled, not we
            except Exception:
                self._log_exception()

    def _log_exception(self) -> None:
        app_log.exception("Exception in what listens to the channel %r", self.channel)

    async def _something(self) -> None:
        """Until something waits, or the end."""
        taker = asyncio.get_running_loop().create_future()
        self._takers.append(taker)
        try:
            await taker
        except BaseException:
            if taker in self._takers:
                self._takers.remove(taker)
            else:
                self._wake()  # what it was woken for is another's now
            raise

    def _wake(self, all_of_them: bool = False) -> None:
        while self._takers:
            taker = self._takers.pop(0)
            if not taker.done():
                taker.set_result(None)
                if not all_of_them:
                    return
