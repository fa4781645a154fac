""":class:`GuestLoop`: the IOLoop of a program whose event loop is somebody else's.

Under ``asyncio.run``, uvloop or in a notebook the thread belongs to a *foreign* asyncio loop.
``IOLoop.current()`` is a guest there: all of :class:`IOLoop`'s interface, over that loop. Tasks, futures,
callbacks and timers are the foreign loop's own, so they mix freely with everybody else's.

Descriptors are another matter. The foreign loop's ``add_reader`` calls through a handle for each side of
each descriptor, knows no errors without readiness, and with uvloop goes silent after the first error of a
descriptor. So the guest brings a poller of its own along (:mod:`.poller`). The descriptor of an epoll or a
kqueue is itself readable whenever something in it is ready: that one is given to the foreign loop. When it
calls, the guest polls without waiting and dispatches as the reactor does; watchers see no difference, but
that each runs in the context in which it was watched. The poller is open while something is watched.

Lifetime: the foreign loop holds its guest (by the attribute :data:`.loop.GUEST`), the guest the foreign
loop, and no registry knows of either. When a foreign loop is closed by its owner, nobody tells the guest,
but what is watched then can still be unwatched and closed.
"""

import asyncio
import sys
from asyncio.events import _get_running_loop
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context, copy_context
from functools import partial
from typing import Any, Final, NoReturn, TypeVar

from .clocks import Clock
from .forks import leave_behind
from .loop import GUEST, IOLoop
from .poller import MAX_EVENTS, Poller, default_poller
from .reactor import INFINITY, Watcher, asyncio_log
from .transports import SocketTransport
from .transports.tls import SSLTransport

T = TypeVar("T")

FORWARDED: Final = (
    # running
    *("run_until_complete", "stop", "is_running", "is_closed"),
    *("shutdown_asyncgens", "shutdown_default_executor"),
    # callbacks, futures, threads
    *("call_soon", "call_soon_threadsafe", "time", "create_future"),
    *("run_in_executor", "set_default_executor", "getaddrinfo", "getnameinfo"),
    # the network
    *("create_connection", "create_server", "create_unix_connection", "create_unix_server"),
    *("connect_accepted_socket", "create_datagram_endpoint"),
    *("sock_recv", "sock_recv_into", "sock_recvfrom", "sock_recvfrom_into", "sock_sendall"),
    *("sock_sendto", "sock_connect", "sock_accept", "sock_sendfile"),
    # pipes and processes, descriptors, signals
    *("connect_read_pipe", "connect_write_pipe", "subprocess_shell", "subprocess_exec"),
    *("add_reader", "remove_reader", "add_writer", "remove_writer"),
    *("add_signal_handler", "remove_signal_handler"),
    # settings
    *("set_task_factory", "get_task_factory", "get_debug", "set_debug"),
    *("get_exception_handler", "set_exception_handler"),
    *("default_exception_handler", "call_exception_handler"),
)
"""The methods of :class:`asyncio.AbstractEventLoop` that the foreign loop does as they are."""


OUR_TRANSPORTS: Final = (SocketTransport, SSLTransport)


class Forwarded:
    """A method that is the foreign loop's."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, guest: "GuestLoop | None", owner: type) -> Any:
        return self if guest is None else getattr(guest._foreign, self._name)


class GuestLoop(IOLoop):
    """An IOLoop over an asyncio loop of another kind.

    ``IOLoop.current()`` makes one as needed. For a loop that does not run yet,
    ``IOLoop(asyncio_loop=loop)`` does; :meth:`start` then runs it.

    :arg asyncio_loop: the foreign loop. :exc:`RuntimeError` if it is an IOLoop itself or has one.
    :arg make_current: set the foreign loop as this thread's.

    :meth:`close` closes the foreign loop too.
    """

    _foreign: asyncio.AbstractEventLoop
    _inner: Poller | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Not IOLoop's: there is no reactor to be made.
        self.initialize(*args, **kwargs)

    def initialize(  # type: ignore[override]
        self, asyncio_loop: asyncio.AbstractEventLoop, make_current: bool = True
    ) -> None:
        if not isinstance(asyncio_loop, asyncio.AbstractEventLoop):
            raise TypeError(f"an asyncio loop is expected, not {asyncio_loop!r}")
        if isinstance(asyncio_loop, IOLoop):
            raise RuntimeError(f"{asyncio_loop!r} is an IOLoop itself and needs none")
        if getattr(asyncio_loop, GUEST, None) is not None:
            raise RuntimeError(f"{asyncio_loop!r} has an IOLoop already; IOLoop.current() gives it")
        self._foreign = asyncio_loop
        self._inner = None
        self._watched: dict[int, tuple[Watcher, Context, int]] = {}
        self._changed_hands = set()
        self._descriptor_objects = {}
        self._background = set()
        self._errors = 0
        setattr(asyncio_loop, GUEST, self)
        leave_behind(self)
        super().initialize(make_current=make_current)

    @property
    def asyncio_loop(self) -> asyncio.AbstractEventLoop:
        """The foreign loop: in its tasks :func:`asyncio.get_running_loop` gives that one."""
        return self._foreign

    @property
    def slow_callback_duration(self) -> float:
        """The foreign loop's: seconds that a callback may take before debug mode reports it."""
        return self._foreign.slow_callback_duration

    @slow_callback_duration.setter
    def slow_callback_duration(self, seconds: float) -> None:
        self._foreign.slow_callback_duration = seconds

    def run_forever(self) -> None:
        """Run the foreign loop. Raises :exc:`RuntimeError` if a loop runs in this thread already."""
        # (Asked there, asyncio of Python 3.13.0 says no and yet forgets which loop is running.)
        if self._foreign.is_running() or _get_running_loop() is not None:
            raise RuntimeError("a loop is running in this thread already; use await")
        self._foreign.run_forever()

    def close(self, all_fds: bool = False) -> None:
        """Close the foreign loop. ``all_fds``: also what was given to :meth:`add_handler`.

        Raises :exc:`RuntimeError` if it is running.
        """
        foreign = self._foreign
        if foreign.is_running():
            foreign.close()  # raises
        objects = list(self._descriptor_objects.values()) if all_fds else []
        self._descriptor_objects.clear()
        self._watched.clear()
        self._close_unused_poller()
        foreign.close()
        for fd in objects:
            self.close_fd(fd)
        if IOLoop._of_thread() is self:
            self._step_back()
        self._before = None
        if getattr(foreign, GUEST, None) is self:
            delattr(foreign, GUEST)  # no circle to be collected

    def __repr__(self) -> str:
        return f"<{type(self).__name__} over {self._foreign!r}>"

    # Descriptors

    def watch(self, fd: int, watcher: Watcher, events: int) -> None:
        watched = self._watched
        before = watched.get(fd)
        # Known before it is registered: programs do this in other threads too (Jupyter does), and the loop's
        # thread would hear of a descriptor that nobody watches.
        watched[fd] = watcher, copy_context(), events
        try:
            (self._inner or self._open_poller()).register(fd, events)
        except BaseException as error:
            if before is None:
                del watched[fd]
            else:
                watched[fd] = before
            self._poller_may_go()
            if isinstance(error, FileExistsError):
                raise ValueError(
                    f"descriptor {fd} is watched already; remove its handler before adding another"
                ) from None
            raise
        # (Whose watcher it was before has closed it without a word: the poller knows it no more.)
        self._changed_hands.add(fd)

    def rewatch(self, fd: int, events: int) -> None:
        if self._inner is None:
            raise FileNotFoundError(f"descriptor {fd} is not watched")
        self._inner.modify(fd, events)
        watcher, context, _ = self._watched[fd]
        self._watched[fd] = watcher, context, events

    def unwatch(self, fd: int) -> bool:
        if self._watched.pop(fd, None) is None:
            return False
        self._changed_hands.add(fd)
        assert self._inner is not None
        try:
            self._inner.unregister(fd)
        except (OSError, ValueError):
            pass  # closed before: the kernel has dropped it by itself
        self._poller_may_go()
        return True

    @property
    def watches_descriptors(self) -> bool:
        return bool(self._watched)

    def _open_poller(self) -> Poller:
        poller = default_poller()
        number: int = poller.fileno()  # type: ignore[attr-defined]
        if number < 0:
            raise RuntimeError(
                "on this system IOLoop watches no descriptors under a loop of another kind; start "
                "the program with tornadolike.run(main())"
            )
        try:
            # In no context: what the first of many happens to run in is nobody else's business.
            Context().run(self._foreign.add_reader, number, self._dispatch)
        except BaseException:
            poller.close()
            raise
        self._inner = poller
        return poller

    def _poller_may_go(self) -> None:
        if self._watched:
            return
        if self._foreign.is_running():
            # In the next turn: whoever stops watching the only descriptor may well go on in a moment.
            self._foreign.call_soon(self._close_unused_poller)
        else:
            self._close_unused_poller()  # perhaps there is no next turn

    def _close_unused_poller(self) -> None:
        if not self._watched:
            self._close_poller()

    def _close_poller(self) -> None:
        poller, self._inner = self._inner, None
        if poller is not None:
            if not self._foreign.is_closed():
                self._foreign.remove_reader(poller.fileno())  # type: ignore[attr-defined]
            poller.close()

    def _dispatch(self) -> None:
        """What :meth:`.reactor.Reactor.run_forever` does with the events of a poll."""
        if self._inner is None:
            return
        watched = self._watched
        changed_hands = self._changed_hands
        changed_hands.clear()
        for fd, events in self._inner.poll(0, MAX_EVENTS):
            if fd in changed_hands:
                continue
            entry = watched.get(fd)
            if entry is None:
                self._stray(fd)
                continue
            watcher, context, _ = entry
            try:
                context.run(watcher, events)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                self._watcher_failed(fd, watcher, error)

    def _stray(self, fd: int) -> None:
        asyncio_log.warning(
            "descriptor %d was closed while IOLoop still watched it, and a duplicate of it is open; "
            "remove its handler before closing it",
            fd,
        )
        # The kernel knows it by what it was, and nobody can name that any more: a new poller does not.
        self._close_poller()
        poller = self._open_poller()
        for number, (_, _, events) in self._watched.items():
            try:
                poller.register(number, events)
            except OSError:
                pass  # closed, too

    def left_behind(self) -> None:
        """In a child process, right after the fork: let go of what the parent goes on using.

        The foreign loop is asyncio's affair.
        """
        self._watched.clear()
        poller, self._inner = self._inner, None
        if poller is not None:
            poller.close()  # this process's number for it only

    # On our own transports the foreign loop can do neither of these, on its own we cannot.

    async def start_tls(self, transport: asyncio.BaseTransport, *args: Any, **kwargs: Any) -> Any:
        if isinstance(transport, OUR_TRANSPORTS):
            return await super().start_tls(transport, *args, **kwargs)
        return await self._foreign.start_tls(transport, *args, **kwargs)  # type: ignore[arg-type]

    async def sendfile(self, transport: asyncio.WriteTransport, *args: Any, **kwargs: Any) -> int:
        if isinstance(transport, OUR_TRANSPORTS):
            return await super().sendfile(transport, *args, **kwargs)
        return await self._foreign.sendfile(transport, *args, **kwargs)

    # What the foreign loop knows nothing of

    def stats(self) -> NoReturn:
        """Raises :exc:`RuntimeError`: only a loop of our own has statistics."""
        raise RuntimeError(
            f"{self._foreign!r} keeps no statistics; an IOLoop that was started by "
            "tornadolike.run(main()) does"
        )

    def watch_lag(self, enabled: bool = True) -> NoReturn:
        """Raises :exc:`RuntimeError`, as :meth:`stats`."""
        self.stats()

    def set_clock(self, clock: Clock) -> NoReturn:
        """Raises :exc:`RuntimeError`: only a loop of our own takes another clock."""
        raise RuntimeError(
            f"{self._foreign!r} keeps to the real time; an IOLoop that was started by "
            "tornadolike.run(main()) may have another clock"
        )

    # Callbacks and timers

    def add_callback(self, callback: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        foreign = self._foreign
        here = _get_running_loop() is foreign
        call_soon: Any = foreign.call_soon if here else foreign.call_soon_threadsafe
        try:
            call_soon(self._run_callback, callback, args, kwargs)
        except RuntimeError:
            if not foreign.is_closed():
                raise

    def schedule_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: Context | None = None,
    ) -> asyncio.Handle:
        if not when + 0.0 <= INFINITY:
            raise ValueError(f"a timer cannot be due at {when!r}")
        return self._foreign.call_at(when, self._run_timer, callback, args, context=context)

    def _run_timer(self, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        result = callback(*args)
        if asyncio.iscoroutine(result):
            self.adopt(result, callback)

    # Tasks

    def create_task(
        self, coro: Generator[Any, None, T] | Coroutine[Any, Any, T], **kwargs: Any
    ) -> asyncio.Task[T]:
        return self._foreign.create_task(coro, **kwargs)

    def start_task(
        self, coro: Coroutine[Any, Any, T], context: Context | None = None
    ) -> asyncio.Task[T]:
        """Make a task of ``coro`` and take its first step at once, where the interpreter can.

        Python 3.12 and later can. Before, inside a task, while the loop is not running, or with a task
        factory set, the first step waits for the next turn as usual.
        """
        foreign = self._foreign
        if (
            sys.version_info >= (3, 12)
            and foreign.get_task_factory() is None
            and _get_running_loop() is foreign
            and asyncio.current_task(foreign) is None
        ):
            return asyncio.Task(coro, loop=foreign, context=context, eager_start=True)
        return foreign.create_task(coro, context=context)

    def begin_task(
        self, coro: Coroutine[Any, Any, Any], context: Context | None = None
    ) -> asyncio.Task[Any] | None:
        """As :meth:`start_task`, for who wants nothing of a task that is done: that is None."""
        task = self.start_task(coro, context)
        return None if task.done() else task

    def adopt(self, awaitable: Awaitable[T], callback: object) -> asyncio.Future[T]:
        task = asyncio.ensure_future(awaitable, loop=self._foreign)
        self._background.add(task)
        task.add_done_callback(partial(self._adopted_ended, callback))
        return task


for _name in FORWARDED:
    setattr(GuestLoop, _name, Forwarded(_name))

IOLoop._guest_class = GuestLoop
