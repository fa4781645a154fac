""":class:`IOLoop`: the reactor with Tornado's methods."""

import asyncio
import contextvars
import datetime
import functools
import numbers
import os
import sys
import threading
import time
from asyncio.events import _get_running_loop
from collections.abc import Callable
from inspect import isawaitable
from typing import Any, ClassVar, Literal, cast, overload

from ..log import app_log
from ..util import Configurable
from . import poller
from .asyncio_face import AsyncioFace
from .handles import TimerHandle
from .poller import Poller
from .reactor import allocate
from .sources import descriptor_number
from .stats import Statistics
from .tracing import Tracer, Tracing, log_connections, show_log
from .yielded import convert_yielded

WALL_CLOCK_AHEAD = 10 * 365 * 86400.0
"""A deadline that is further away than this (in seconds) was taken from :func:`time.time`."""

TRACE_VARIABLE = "TORNADOLIKE_TRACE_WIRES"
"""The environment variable that, unless empty or 0, has every loop trace its connections into the log."""

GUEST = "_tornadolike_guest"
"""The attribute of a foreign loop that holds the IOLoop made for it. Held there and nowhere else, the
two live and die together."""


class IOLoop(AsyncioFace, Statistics, Configurable):
    """Our event loop: a self-contained reactor that is both Tornado's IOLoop and an asyncio loop.

    Inside a handler or a task ``IOLoop.current()`` and ``asyncio.get_running_loop()`` are this very
    object. Start it by :func:`tornadolike.run`, by ``IOLoop.current().start()`` or by
    ``asyncio.Runner(loop_factory=IOLoop)``.

    Only :meth:`add_callback`, :meth:`add_callback_from_signal`, :meth:`call_soon_threadsafe` and
    :meth:`spawn_callback` may be called from other threads.

    :arg make_current: make the new loop the current one of this thread.
    :arg poller: what tells it which descriptors are ready; by default the best that the system has.
    :arg asyncio_loop: an asyncio loop of another kind. Then no reactor of our own is made but a
        :class:`~tornadolike.ioloop.guest.GuestLoop`, the same interface over that loop.
    """

    NONE: ClassVar[int] = poller.NONE
    READ: ClassVar[int] = poller.READ
    WRITE: ClassVar[int] = poller.WRITE
    ERROR: ClassVar[int] = poller.ERROR

    _guest_class: "ClassVar[type[IOLoop]]"
    """What is made for a loop of another kind."""

    _before: asyncio.AbstractEventLoop | None = None
    """The loop in whose place this one was made current."""

    def __new__(cls, *args: Any, **kwargs: Any) -> "IOLoop":
        # Only the choice is Configurable's: the work is done by __init__, so that subclasses may have
        # constructors of their own.
        made: type[Configurable] = cls
        if cls is IOLoop:
            made = IOLoop._guest_class if "asyncio_loop" in kwargs else cls.configured_class()
        return cast(IOLoop, allocate(made))

    def __init__(
        self,
        make_current: bool = True,
        *,
        poller: Poller | None = None,
        asyncio_loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if asyncio_loop is not None:
            raise TypeError(
                f"{type(self).__name__} is a loop itself and runs on no other; "
                "IOLoop(asyncio_loop=...) makes one that does"
            )
        self._descriptor_objects: dict[int, Any] = {}
        super().__init__(poller)
        self.initialize(make_current=make_current)

    def initialize(self, make_current: bool = True) -> None:
        """What the constructor does last; subclasses written for Tornado override it."""
        if make_current:
            self.make_current()
        if os.environ.get(TRACE_VARIABLE, "0") not in ("", "0"):
            show_log()
            self.trace_connections(log_connections)

    # Which class

    @classmethod
    def configurable_base(cls) -> type[Configurable]:
        return IOLoop

    @classmethod
    def configurable_default(cls) -> type[Configurable]:
        return IOLoop

    @classmethod
    def configure(cls, impl: type[Configurable] | str | None, **kwargs: Any) -> None:
        """Choose the subclass (or its dotted name; None: IOLoop itself) that ``IOLoop()`` makes.

        Arguments cannot be chosen here: :exc:`TypeError`. Raises :exc:`ValueError` for a class that is
        no IOLoop.
        """
        if kwargs:
            raise TypeError(
                f"give {', '.join(kwargs)} to the constructor, not to IOLoop.configure()"
            )
        super().configure(impl)

    # Which loop

    @overload
    @staticmethod
    def current(instance: Literal[True] = True) -> "IOLoop": ...
    @overload
    @staticmethod
    def current(instance: bool) -> "IOLoop | None": ...
    @staticmethod
    def current(instance: bool = True) -> "IOLoop | None":
        """The running loop, or the one that is set for this thread (:meth:`make_current`).

        Where there is neither, a new one is made and made current. For an asyncio loop of another kind
        it is a :class:`~tornadolike.ioloop.guest.GuestLoop`, always the same for the same loop.
        With ``instance=False`` nothing is made: None is returned.
        """
        loop = _get_running_loop()
        if loop is None:
            loop = loop_of_thread()
            if loop is None or loop.is_closed():
                return IOLoop() if instance else None
        if isinstance(loop, IOLoop):
            return loop
        guest: IOLoop | None = getattr(loop, GUEST, None)
        if guest is None and instance:
            guest = IOLoop._guest_class(make_current=False, asyncio_loop=loop)
        return guest

    @staticmethod
    def instance() -> "IOLoop":
        """Older name of :meth:`current`."""
        return IOLoop.current()

    def make_current(self) -> None:
        """Make this the loop of this thread that is used while none is running.

        It is asyncio's too (:func:`asyncio.set_event_loop`).
        """
        before = loop_of_thread()
        if before is not self.asyncio_loop:
            self._before = before
            asyncio.set_event_loop(self.asyncio_loop)

    @staticmethod
    def clear_current() -> None:
        """Undo :meth:`make_current` for this thread: the loop from before is current again, if it is open."""
        loop = IOLoop._of_thread()
        if loop is not None:
            loop._step_back()

    @staticmethod
    def _of_thread() -> "IOLoop | None":
        loop = loop_of_thread()
        return loop if isinstance(loop, IOLoop) else getattr(loop, GUEST, None)

    def _step_back(self) -> None:
        before, self._before = self._before, None
        if before is not None and before.is_closed():
            before = None
        asyncio.set_event_loop(before)

    @staticmethod
    def clear_instance() -> None:
        """Older name of :meth:`clear_current`."""
        IOLoop.clear_current()

    def install(self) -> None:
        """Older name of :meth:`make_current`."""
        self.make_current()

    @property
    def asyncio_loop(self) -> asyncio.AbstractEventLoop:
        """The asyncio loop behind this object: itself."""
        return self

    @property
    def selector_loop(self) -> asyncio.AbstractEventLoop:
        """The asyncio loop that has ``add_reader``; in Tornado that may be another than the first."""
        return self.asyncio_loop

    # Running

    def start(self) -> None:
        """Serve until :meth:`stop` is called."""
        self.run_forever()

    def run_sync(self, func: Callable[[], Any], timeout: float | None = None) -> Any:
        """Start the loop, run ``func`` (a coroutine function, as a rule), stop, and return its result.

        What ``func`` returns must be None or something to wait for; for the rest
        :exc:`~tornadolike.gen.BadYieldError` is raised.

        :arg timeout: seconds after which the coroutine is cancelled and :exc:`TimeoutError` raised.
        """

        async def main() -> Any:
            try:
                async with asyncio.timeout(timeout) as limit:
                    result = func()
                    if result is None:
                        return None
                    if not isawaitable(result):  # a list of futures, say
                        result = asyncio.wrap_future(convert_yielded(result))
                    return await result
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
            self.close_fd(fd)
        if loop_of_thread() is self:
            self._step_back()
        self._before = None

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

    def split_fd(self, fd: Any) -> tuple[int, Any]:
        """The number of a descriptor, and what it was given as: for subclasses."""
        return descriptor_number(fd), fd

    def close_fd(self, fd: Any) -> None:
        """Close a descriptor given as a number or an object; no error if it is closed already."""
        try:
            if isinstance(fd, int):
                os.close(fd)
            else:
                fd.close()
        except OSError:
            pass

    # Connections

    def trace_connections(self, tracer: Tracer | None) -> None:
        """Call ``tracer(moment)`` when a connection is opened, secured by TLS, heard of and closed.

        It concerns the connections that are opened from now on, of servers, clients and streams; None: no
        more of them. ``tracer`` is called with a :class:`~tornadolike.ioloop.ConnectionMoment` where it
        happens, so it should be quick. :func:`~tornadolike.ioloop.log_connections` is one that logs. The
        environment variable ``TORNADOLIKE_TRACE_WIRES=1`` gives that one to every new loop.
        """
        self.tracing = None if tracer is None else Tracing(tracer)

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
            if not self.is_closed():
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


def loop_of_thread() -> asyncio.AbstractEventLoop | None:
    """The loop that :func:`asyncio.set_event_loop` has set for this thread.

    Unlike :func:`asyncio.get_event_loop` it makes none, and does not look for a running one.
    """
    if sys.is_finalizing():
        return None  # the policy may be gone; nobody will run a loop here
    policy = asyncio.get_event_loop_policy()
    local = getattr(policy, "_local", None)
    if local is not None:  # so with the standard library's policies and those derived from them
        return getattr(local, "_loop", None)
    try:
        return policy.get_event_loop()
    except RuntimeError:
        return None
