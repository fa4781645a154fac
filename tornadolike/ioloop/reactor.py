"""The reactor: who runs when.

One turn of the loop is: wait until a descriptor is ready, a timer is due or somebody calls; run the
callbacks that waited before; tell the ready descriptors' watchers; move the timers that are due to the
ready queue; run the callbacks that are in the ready queue at that moment. A callback that these add
runs in the next turn, so no chain of callbacks can starve the descriptors.

Four rules keep it right:

* **No event overtakes a callback.** Who was told of a connection in a callback hears of it before the
  first data come, and a reader that was removed is not called.
* **Watchers are called at once, callbacks later.** The watcher of a descriptor
  (:meth:`Reactor.watch`) runs inside the dispatch, without a handle and without a context of its own:
  this is the path of every byte. Everything else is a :class:`~.handles.Handle` in the ready queue.
* **An event belongs to the watcher that was there when the poll returned.** A descriptor that is
  closed during the dispatch can come back at once under the same number with another owner; events
  of this poll that name it are stale, so a number that changed hands during the dispatch is skipped
  until the next poll (which reports again whatever is still ready).
* **Other threads touch only the ready queue** (a deque, whose append is atomic) **and the wake-up pipe.**
"""

import asyncio
import functools
import heapq
import itertools
import logging
import sys
import threading
import time
from asyncio import events as asyncio_events
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

from .._native import RUNNING, front
from .clocks import Clock, Poll
from .forks import leave_behind
from .handles import Handle, TimerHandle, remember_origin
from .poller import MAX_EVENTS, READ, Poller, default_poller, kernel_queue
from .wakeup import WakeUp

asyncio_log = logging.getLogger("asyncio")

INFINITY = float("inf")

MAXIMUM_WAIT = 24 * 3600.0
"""The longest single poll in seconds: kernels refuse time-outs that overflow their counters."""

CANCELLED_TIMERS_KEPT = 100
"""Cancelled timers stay in the heap until they are due, or until there are more than this many and
they are the majority."""

Watcher = Callable[[int], object]

new = object.__new__


class ReferenceReactor(asyncio.AbstractEventLoop):
    """Ready queue, timers, descriptors and the loop that serves them. Not thread-safe except where said."""

    # (Here for the checker: they are slots of Reactor, or fields of what is native.)
    _cancelled_timers: int
    _changed_hands: set[int]
    _closed: bool
    _debug: bool
    _poll: Callable[[float, int], list[tuple[int, int]]]
    _ready: deque[Handle | TimerHandle]
    _timer_order: Callable[[], int]
    _timers: list[tuple[float, int, TimerHandle]]
    _watchers: dict[int, Watcher]

    clock: Clock | None = None
    """What :meth:`set_clock` was given, if it was."""
    _errors = 0
    """Reports to the exception handler, and what else nobody caught."""
    _wake_ups = 0
    """How often the wake-up pipe was heard."""

    def __init__(self, poller: Poller | None = None) -> None:
        self._closed = True  # until everything is there: making the descriptors can fail
        self._poller = default_poller() if poller is None else poller
        self._wake_up = WakeUp()
        self._make_room()
        self._strays: set[int] = set()
        """Numbers that are reported, watched by nobody, and could not be dropped."""
        self._stopping = False
        self._debug = False
        self._timed = False
        """Whether each callback and watcher goes through :meth:`_run_and_time`."""
        self._thread_id: int | None = None
        self._closed = False
        self._inherited = False
        """Whether this is the copy of a loop that a child process got by a fork."""
        self._parents: object = None
        """What the parent's loop has, in such a copy."""
        self._poll = self._polling()
        leave_behind(self)
        self.watch(self._wake_up.fileno(), self._on_wake_up, READ)

    def _make_room(self) -> None:
        """Make what each turn reads; native code has its own."""
        self._watchers = {}
        self._changed_hands = set()
        """Numbers watched or unwatched since the last poll: its events are not theirs."""
        self._ready = deque()
        self._timers = []
        self._timer_order = itertools.count().__next__
        self._cancelled_timers = 0

    # Descriptors

    def watch(self, fd: int, watcher: Watcher, events: int) -> None:
        """Call ``watcher(events)`` from the dispatch whenever ``fd`` is ready for some of ``events``.

        Raises :exc:`ValueError` if ``fd`` is watched already and :exc:`OSError` if it cannot be.
        """
        if self._debug or self._closed:
            self._check_closed()
            self._check_thread("watch")
        watchers = self._watchers
        before = watchers.get(fd)
        watchers[fd] = watcher  # first: programs do this in other threads too, while the loop polls
        try:
            self._poller.register(fd, events)
        except BaseException as error:
            if before is None:
                del watchers[fd]
            else:
                watchers[fd] = before
            if isinstance(error, FileExistsError):
                raise ValueError(
                    f"descriptor {fd} is watched already; remove its handler before adding another"
                ) from None
            raise
        # (Whose watcher it was before has closed it without a word: the poller knows it no more.)
        self._changed_hands.add(fd)

    def rewatch(self, fd: int, events: int) -> None:
        """Change the events that the watcher of ``fd`` is called for.

        What the poll has reported already still arrives. Raises :exc:`OSError` if ``fd`` was closed.
        """
        self._poller.modify(fd, events)

    def unwatch(self, fd: int) -> bool:
        """Stop watching ``fd``; return whether it was watched. Call it before closing the descriptor.

        Otherwise the kernel goes on reporting it for as long as a duplicate of it is open somewhere.
        """
        if self._watchers.pop(fd, None) is None:
            return False
        self._changed_hands.add(fd)
        try:
            self._poller.unregister(fd)
        except (OSError, ValueError):
            # Closed before: as a rule the kernel has dropped it by itself.
            pass
        return True

    @property
    def watches_descriptors(self) -> bool:
        """Whether anybody's are watched, besides the loop's own for being woken up."""
        return len(self._watchers) > 1

    def _forget_watchers(self) -> None:
        self._watchers.clear()

    def _stray(self, fd: int) -> None:
        """``fd`` is reported, but nobody watches it: it was closed first, and a duplicate is open."""
        dropped = self._poller.drop_closed(fd, self._watchers.keys())
        if dropped or fd not in self._strays:
            asyncio_log.warning(
                "descriptor %d was closed while the loop still watched it, and a duplicate of it is "
                "open; remove its handler before closing it%s",
                fd,
                "" if dropped else " (until all duplicates are closed the loop cannot sleep)",
            )
        if not dropped:
            self._strays.add(fd)

    # Callbacks. (Their signatures are silenced as overrides: the stubs tie a callback's parameters to the
    # arguments that follow it, which keyword arguments, Tornado's way, do not fit.)

    time = staticmethod(time.monotonic)
    """The loop's clock in seconds: monotonic, its zero is arbitrary. A subclass may have another."""

    def set_clock(self, clock: Clock) -> None:
        """Have the loop live by another clock: for tests, see :class:`tornadolike.testing.VirtualClock`.

        It should begin with what :meth:`time` shows when it is set: timers keep the moments they have.
        """
        self._check_closed()
        self.clock = clock
        self.time = clock.time
        self._poll = self._polling()

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Handle:
        """Run ``callback(*args)`` in the loop's next turn."""
        # Made by hand: a constructor written in Python costs as much as all the rest.
        handle: Any = new(Handle)
        handle._callback = callback
        handle._args = args
        handle._loop = self
        handle._context = copy_context() if context is None else context
        handle._cancelled = False
        handle._repr = handle._source_traceback = None
        if self._debug or self._closed:
            self._check_call(callback, "call_soon", handle)
        self._ready.append(handle)
        return handle  # type: ignore[no-any-return]

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Handle:
        """As :meth:`call_soon`, from any thread or signal handler."""
        handle = Handle(callback, args, self, context)
        if self._debug or self._closed:
            self._check_call(callback, "call_soon_threadsafe", handle, any_thread=True)
        self._ready.append(handle)
        self._wake_up.call()
        return handle

    def schedule_at(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: Context | None = None,
    ) -> TimerHandle:
        """Run ``callback(*args)`` once the clock shows ``when``. Equal times keep their order.

        Raises :exc:`TypeError` or :exc:`ValueError` for what is no moment (``None``, NaN).
        """
        if not when + 0.0 <= INFINITY:  # a moment that cannot be compared would break the heap
            raise ValueError(f"a timer cannot be due at {when!r}")
        handle: Any = new(TimerHandle)  # by hand, as above
        handle._when = when
        handle._callback = callback
        handle._args = args
        handle._loop = self
        handle._context = copy_context() if context is None else context
        handle._cancelled = handle._scheduled = False
        handle._repr = handle._source_traceback = None
        if self._debug or self._closed:
            self._check_call(callback, "call_at", handle, coroutine_functions=True)
        count = self._timer_order
        heapq.heappush(self._timers, (when, count(), handle))
        handle._scheduled = True
        return handle  # type: ignore[no-any-return]

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
        **kwargs: Any,
    ) -> TimerHandle:
        """Run ``callback(*args, **kwargs)`` in ``delay`` seconds. It may be a coroutine function."""
        if kwargs:
            callback = functools.partial(callback, **kwargs)
        return self.schedule_at(self.time() + delay, callback, args, context)

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
        **kwargs: Any,
    ) -> TimerHandle:
        """Run ``callback(*args, **kwargs)`` when :meth:`time` shows ``when`` seconds.

        It may be a coroutine function.
        """
        if kwargs:
            callback = functools.partial(callback, **kwargs)
        return self.schedule_at(when, callback, args, context)

    def _timer_handle_cancelled(self, handle: TimerHandle) -> None:
        """What :class:`asyncio.TimerHandle` calls when it is cancelled."""
        self._cancelled_timers = count = self._cancelled_timers + 1
        if count > CANCELLED_TIMERS_KEPT and count * 2 > len(self._timers):
            self._drop_cancelled_timers()

    def _drop_cancelled_timers(self) -> None:
        timers = self._timers
        before = len(timers)
        kept = [entry for entry in timers if not entry[2]._cancelled]
        heapq.heapify(kept)
        # A finalizer that the collector ran in between may have added or cancelled timers: next time.
        if len(timers) == before:
            timers[:] = kept  # in place: run_forever holds the list
            self._cancelled_timers = 0

    # Running

    def run_forever(self) -> None:
        """Serve until :meth:`stop`. Raises :exc:`RuntimeError` if this or another loop runs in this thread."""
        self._check_startable()
        hooks = sys.get_asyncgen_hooks()
        self._thread_id = threading.get_ident()
        self._poll = self._polling()
        try:
            sys.set_asyncgen_hooks(self._asyncgen_started, self._asyncgen_dropped)
            asyncio_events._set_running_loop(self)
            self._track_coroutines(self._debug)
            self._serve()
        finally:
            self._stopping = False
            self._thread_id = None
            asyncio_events._set_running_loop(None)
            self._track_coroutines(False)
            sys.set_asyncgen_hooks(*hooks)

    def _serve(self) -> None:
        # Locals: this loop is the inside of everything else.
        watchers = self._watchers
        changed_hands = self._changed_hands
        ready = self._ready
        timers = self._timers
        left = 0  # what is ready but has to wait for the next run
        while True:
            if ready or self._stopping:
                timeout = 0.0
            elif timers:
                timeout = timers[0][0] - self.time()  # looked up each time: tests replace it
                if timeout < 0.0:
                    timeout = 0.0
                elif timeout > MAXIMUM_WAIT:
                    timeout = MAXIMUM_WAIT
            else:
                timeout = -1.0
            poll = self._poll  # looked up each time: somebody may begin to measure
            events = poll(timeout, MAX_EVENTS)
            if events:
                changed_hands.clear()
                if ready:
                    self._run_ready(len(ready))
                    if self._stopping:
                        left = len(ready)
                for fd, bits in events:
                    watcher = watchers.get(fd)
                    if fd in changed_hands:
                        continue
                    if watcher is None:
                        if not self._closed:  # by a fork: the events are the parent's
                            self._stray(fd)
                        continue
                    try:
                        if self._timed:
                            self._run_and_time(watcher, watcher, bits)
                        else:
                            watcher(bits)
                    except (SystemExit, KeyboardInterrupt):
                        raise
                    except BaseException as error:
                        self._watcher_failed(fd, watcher, error)
                watcher = None  # the loop may sleep long
            if timers:
                self._move_due_timers(timers, self.time())
            if ready:
                if left:
                    ready.rotate(-left)
                self._run_ready(len(ready) - left)
            if self._stopping:
                return

    def _run_ready(self, count: int) -> None:
        ready = self._ready
        handle: Handle | TimerHandle | None = None
        for _ in range(count):
            handle = ready.popleft()
            if not handle._cancelled:
                if self._timed:
                    self._run_and_time(handle, handle._run)
                else:
                    handle._run()
        # The loop may sleep long, or a traceback hold this frame: what the last callback held shall be
        # free to go.
        handle = None

    def _polling(self) -> Callable[[float, int], list[tuple[int, int]]]:
        """What the loop polls with from here on."""
        poll: Poll = self._poller.poll
        return poll if self.clock is None else functools.partial(self.clock.poll, poll)

    def _move_due_timers(self, timers: list[tuple[float, int, TimerHandle]], now: float) -> None:
        while timers and timers[0][0] <= now:
            handle = heapq.heappop(timers)[2]
            handle._scheduled = False
            if handle._cancelled:
                self._cancelled_timers -= 1
            else:
                self._ready.append(handle)

    def stop(self) -> None:
        """End :meth:`run_forever` after the current turn (or after one turn, if called before it).

        What the callbacks of that turn add runs when the loop is started again.

        It does not wake a loop that sleeps: from another thread, ``call_soon_threadsafe(loop.stop)``.
        """
        self._stopping = True

    def is_running(self) -> bool:
        return self._thread_id is not None

    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Release the poller and the wake-up pipe; callbacks that wait are dropped.

        Watched descriptors stay open: they belong to whoever opened them. Idempotent. Raises
        :exc:`RuntimeError` if the loop is running.
        """
        if self._thread_id is not None:
            raise RuntimeError("Cannot close a running event loop; stop it first")
        if self._closed:
            return
        self._closed = True
        self._ready.clear()
        self._timers.clear()
        self._cancelled_timers = 0
        self._forget_watchers()
        self._wake_up.close()
        self._poller.close()

    def left_behind(self) -> None:
        """In a child process, right after the fork: let go of what the parent goes on using."""
        if self._closed:
            return
        # Held, not dropped: no destructor of anybody's should run in the middle of a fork.
        self._parents = (dict(self._watchers), list(self._timers))
        self._closed = self._inherited = True
        self._thread_id = None
        self._poll = self._refuse_to_poll
        # A turn that is under way here as well counts on the queue's length: nothing in it may run.
        for handle in self._ready:
            handle._cancelled = True
        self._timers.clear()
        self._cancelled_timers = 0
        self._forget_watchers()
        self._wake_up.left_behind()
        try:
            self._poller.close()  # this process's number for it only
        except OSError:
            pass  # kqueues are not inherited

    def _refuse_to_poll(self, timeout: float, max_events: int) -> list[tuple[int, int]]:
        self._check_closed()
        raise AssertionError("only a closed loop has this")

    def _on_wake_up(self, events: int) -> None:
        self._wake_ups += 1
        for signum in self._wake_up.heard():
            self._signal_arrived(signum)

    # Checks

    def _check_closed(self) -> None:
        if self._inherited:
            raise RuntimeError(
                f"{self!r} was made before this process was forked and belongs to the parent; "
                "make a new loop here, for instance with tornadolike.run()"
            )
        if self._closed:
            raise RuntimeError("Event loop is closed")

    def _check_thread(self, method: str) -> None:
        if self._thread_id is not None and self._thread_id != threading.get_ident():
            raise RuntimeError(
                "Non-thread-safe operation invoked on an event loop other than the current one: "
                f"{method}() called from a thread other than the loop's; use call_soon_threadsafe()"
            )

    def _check_startable(self) -> None:
        self._check_closed()
        if self._thread_id is not None:
            raise RuntimeError("This event loop is already running")
        if asyncio_events._get_running_loop() is not None:
            raise RuntimeError(
                "Cannot run the event loop while another loop is running in this thread; "
                "await the coroutine there instead"
            )

    def _check_call(
        self,
        callback: object,
        method: str,
        handle: Handle | TimerHandle,
        any_thread: bool = False,
        coroutine_functions: bool = False,
    ) -> None:
        """Refuse what ``method`` was wrongly given, before ``handle`` is in a queue."""
        self._check_closed()
        self._check_callable(callback, method, coroutine_functions)
        if not self._debug:
            return
        if not any_thread:
            self._check_thread(method)
        remember_origin(handle)

    def _check_callable(
        self, callback: object, method: str, coroutine_functions: bool = False
    ) -> None:
        if asyncio.iscoroutine(callback) or (
            asyncio.iscoroutinefunction(callback) and not coroutine_functions
        ):
            raise TypeError(
                f"coroutines cannot be used with {method}(); use create_task() or add_callback()"
            )
        if not callable(callback):
            raise TypeError(f"a callable object was expected by {method}(), got {callback!r}")

    # What the asyncio face fills in

    def _signal_arrived(self, signum: int) -> None:
        raise NotImplementedError

    def _asyncgen_started(self, agen: Any) -> None:
        raise NotImplementedError

    def _asyncgen_dropped(self, agen: Any) -> None:
        raise NotImplementedError

    def adopt(self, awaitable: Awaitable[Any], callback: object) -> asyncio.Future[Any]:
        raise NotImplementedError

    def _track_coroutines(self, enable: bool) -> None:
        raise NotImplementedError

    def _run_and_time(self, what: object, function: Callable[..., object], *args: Any) -> None:
        raise NotImplementedError

    def _watcher_failed(self, fd: int, watcher: Watcher, error: BaseException) -> None:
        raise NotImplementedError


if TYPE_CHECKING:

    class HotReactor: ...

    allocate = object.__new__
else:
    HotReactor = front("reactor", "HotReactor")
    allocate = HotReactor.__new__ if RUNNING else object.__new__
    """Makes a loop of a given class, without regard to what else the bases of that class would make of it."""
    if RUNNING:
        from .._native import reactor as _native

        _native.install(MAXIMUM_WAIT, CANCELLED_TIMERS_KEPT, kernel_queue)


class Reactor(HotReactor, ReferenceReactor):
    """The reactor, natively where that runs: :class:`ReferenceReactor` says what it does."""

    # What each turn and each callback reads. In the instance's dictionary, where the faces have
    # theirs, it would be found more slowly: the interpreter's short cut ends at thirty attributes.
    __slots__ = (
        ()
        if RUNNING
        else (
            "_cancelled_timers",
            "_changed_hands",
            "_closed",
            "_debug",
            "_poll",
            "_poller",
            "_ready",
            "_stopping",
            "_thread_id",
            "_timed",
            "_timer_order",
            "_timers",
            "_wake_up",
            "_watchers",
        )
    )
