""":class:`IOLoop`: the reactor with Tornado's methods."""

import asyncio
import contextlib
import contextvars
import datetime
import functools
import numbers
import os
import threading
import time
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, ClassVar, TypeVar

from ..log import app_log
from . import poller
from .asyncio_face import AsyncioFace
from .handles import TimerHandle
from .poller import Poller
from .sources import descriptor_number
from .stats import Statistics

T = TypeVar("T")

WALL_CLOCK_AHEAD = 10 * 365 * 86400.0
"""A deadline that is further away than this (in seconds) was taken from :func:`time.time`."""


class _Current(threading.local):
    loop: "IOLoop | None" = None


class IOLoop(AsyncioFace, Statistics):
    """Our event loop: a self-contained reactor that is both Tornado's IOLoop and an asyncio loop.

    Inside a handler or a task ``IOLoop.current()`` and ``asyncio.get_running_loop()`` are this very
    object. Start it by :func:`tornadolike.run`, by ``IOLoop.current().start()`` or by
    ``asyncio.Runner(loop_factory=IOLoop)``.

    Only :meth:`add_callback`, :meth:`add_callback_from_signal`, :meth:`call_soon_threadsafe` and
    :meth:`spawn_callback` may be called from other threads.

    :arg make_current: make the new loop the current one of this thread.
    :arg poller: what tells it which descriptors are ready; by default the best that the system has.
    """

    NONE: ClassVar[int] = poller.NONE
    READ: ClassVar[int] = poller.READ
    WRITE: ClassVar[int] = poller.WRITE
    ERROR: ClassVar[int] = poller.ERROR

    _current: ClassVar[_Current] = _Current()

    def __init__(self, make_current: bool = True, *, poller: Poller | None = None) -> None:
        self._descriptor_objects: dict[int, Any] = {}
        super().__init__(poller)
        if make_current:
            self.make_current()

    # Which loop

    @staticmethod
    def current(instance: bool = True) -> "IOLoop | None":
        """The running loop, or the one that was made current in this thread.

        Where there is neither, a new one is made (``instance=False``: None is returned). Raises
        :exc:`RuntimeError` if a loop of another kind is running.
        """
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            loop = IOLoop._current.loop
            if instance and (loop is None or loop.is_closed()):
                # Sockets, pipes and processes of asyncio's interface are still to come.
                loop = IOLoop()  # type: ignore[abstract]
            return loop
        if isinstance(running, IOLoop):
            return running
        raise RuntimeError(
            f"{running!r} is running, which is not an IOLoop; start the program with "
            "tornadolike.run(main()) instead of asyncio.run(main())"
        )

    @staticmethod
    def instance() -> "IOLoop | None":
        """Deprecated alias of :meth:`current`."""
        return IOLoop.current()

    def make_current(self) -> None:
        """Make this the loop of this thread that is used while none is running."""
        IOLoop._current.loop = self
        asyncio.set_event_loop(self)

    @staticmethod
    def clear_current() -> None:
        """Undo :meth:`make_current` for this thread."""
        IOLoop._current.loop = None
        asyncio.set_event_loop(None)

    @staticmethod
    def clear_instance() -> None:
        """Deprecated alias of :meth:`clear_current`."""
        IOLoop.clear_current()

    def install(self) -> None:
        """Deprecated alias of :meth:`make_current`."""
        self.make_current()

    @property
    def asyncio_loop(self) -> "IOLoop":
        """The asyncio loop behind this object: itself."""
        return self

    # Running

    def start(self) -> None:
        """Serve until :meth:`stop` is called."""
        self.run_forever()

    def run_sync(self, func: Callable[[], Awaitable[T] | T], timeout: float | None = None) -> T:
        """Start the loop, run ``func`` (a coroutine function, as a rule), stop, and return its result.

        :arg timeout: seconds after which the coroutine is cancelled and :exc:`TimeoutError` raised.
        """

        async def main() -> T:
            try:
                async with asyncio.timeout(timeout) as limit:
                    result = func()
                    return await result if isawaitable(result) else result
            except TimeoutError as error:
                if limit.expired():
                    raise TimeoutError(f"Operation timed out after {timeout} seconds") from error
                raise

        return self.run_until_complete(main())

    def close(self, all_fds: bool = False) -> None:
        """Release the loop's descriptors. ``all_fds``: also those given to :meth:`add_handler`."""
        if self.is_running():
            super().close()  # raises
        objects = list(self._descriptor_objects.values()) if all_fds else []
        self._descriptor_objects.clear()
        super().close()
        for fd in objects:
            close_descriptor(fd)
        if IOLoop._current.loop is self:
            IOLoop._current.loop = None
            with contextlib.suppress(RuntimeError):  # there is none
                if asyncio.get_event_loop() is self:
                    asyncio.set_event_loop(None)

    def left_behind(self) -> None:
        super().left_behind()
        if IOLoop._current.loop is self:
            IOLoop._current.loop = None

    # Descriptors

    def add_handler(self, fd: Any, handler: Callable[..., object], events: int) -> None:
        """Call ``handler(fd, events)`` whenever ``fd`` is ready for some of ``events``.

        ``fd`` is a number or an object with ``fileno()``; the handler gets what was given here.
        ``events`` is a bit set of ``READ``, ``WRITE``, ``ERROR`` (which is always reported). Raises
        :exc:`ValueError` if the descriptor has a handler already.
        """
        number = descriptor_number(fd)
        in_context = contextvars.copy_context().run
        self.watch(number, functools.partial(in_context, handler, fd), events)
        self._descriptor_objects[number] = fd

    def update_handler(self, fd: Any, events: int) -> None:
        """Change the events that the handler of ``fd`` is called for.

        Raises :exc:`ValueError` if it has none.
        """
        number = descriptor_number(fd)
        if number not in self._descriptor_objects:
            raise ValueError(f"descriptor {number} has no handler; add_handler() gives it one")
        self.rewatch(number, events)

    def remove_handler(self, fd: Any) -> None:
        """Stop calling the handler of ``fd``. No error if there is none, or if ``fd`` is closed."""
        objects = self._descriptor_objects
        try:
            number = descriptor_number(fd)
        except ValueError:  # a closed object has forgotten its number
            number = next((known for known, watched in objects.items() if watched is fd), -1)
        # Only what add_handler added: the number may be a transport's by now.
        if objects.pop(number, None) is not None:
            self.unwatch(number)

    # Callbacks

    def add_callback(self, callback: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Run ``callback(*args, **kwargs)`` in the loop's next turn. From any thread.

        A coroutine that the callback returns is run to its end, its exception logged. On a closed
        loop this does nothing.
        """
        if self._closed:
            return
        try:
            if threading.get_ident() == self._thread_id:
                self.call_soon(self._run_callback, callback, args, kwargs)
            else:
                self.call_soon_threadsafe(self._run_callback, callback, args, kwargs)
        except RuntimeError:
            if not self._closed:  # closed by another thread in the meantime: as above
                raise

    def add_callback_from_signal(
        self, callback: Callable[..., object], *args: Any, **kwargs: Any
    ) -> None:
        """As :meth:`add_callback`, for handlers installed with :func:`signal.signal`."""
        try:
            self.call_soon_threadsafe(self._run_callback, callback, args, kwargs)
        except RuntimeError:
            if not self._closed:
                raise

    def spawn_callback(self, callback: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Run ``callback`` without being tied to the caller's context of errors; as :meth:`add_callback`."""
        self.add_callback(callback, *args, **kwargs)

    def add_future(self, future: Any, callback: Callable[[Any], object]) -> None:
        """Run ``callback(future)`` in the loop when ``future`` (asyncio's or a thread pool's) is done."""
        if asyncio.isfuture(future):
            future.add_done_callback(functools.partial(self._run_callback_of_future, callback))
        else:
            future.add_done_callback(lambda done: self.add_callback(callback, done))

    def _run_callback_of_future(self, callback: Callable[[Any], object], future: Any) -> None:
        self._run_callback(callback, (future,), {})

    def _run_callback(
        self, callback: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        try:
            result = callback(*args, **kwargs)
            if result is not None and isawaitable(result):
                self.adopt(result, callback)
        except asyncio.CancelledError:
            pass
        except Exception:
            self._errors += 1
            app_log.error("Exception in callback %r", callback, exc_info=True)

    # Timers

    def add_timeout(
        self,
        deadline: float | datetime.timedelta,
        callback: Callable[..., object],
        *args: Any,
        **kwargs: Any,
    ) -> TimerHandle:
        """Run ``callback(*args, **kwargs)`` at ``deadline`` and return a handle for :meth:`remove_timeout`.

        ``deadline`` is a time of :meth:`time`, or a :class:`~datetime.timedelta` from now. A number
        taken from :func:`time.time` is recognised by its size and works too. Errors and coroutines
        are treated as :meth:`add_callback` treats them.
        """
        now = self.time()
        if isinstance(deadline, datetime.timedelta):
            when = now + deadline.total_seconds()
        elif isinstance(deadline, (float, numbers.Real)):
            when = float(deadline)
            if when - now > WALL_CLOCK_AHEAD:
                when += now - time.time()
        else:
            raise TypeError(f"deadline must be a number or a timedelta, not {deadline!r}")
        return self.schedule_at(when, self._run_callback, (callback, args, kwargs))

    def remove_timeout(self, timeout: Any) -> None:
        """Cancel what :meth:`add_timeout`, :meth:`call_later` or :meth:`call_at` returned."""
        timeout.cancel()


def close_descriptor(fd: Any) -> None:
    """Close a descriptor given as a number or an object; no error if it is closed already."""
    try:
        if isinstance(fd, int):
            os.close(fd)
        else:
            fd.close()
    except OSError:
        pass
