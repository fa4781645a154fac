"""The turn of the loop, natively: what :mod:`tornadolike.ioloop.reactor` says stands, its rules are kept here.

:class:`HotReactor` stands before the reference among the bases of ``Reactor``, and has those of its methods that each
turn, each callback and each descriptor goes through. What it does not know it asks the object for, as the reference
does (``time``, ``_poll``, ``_check_call``, ``_run_and_time``, ``_watcher_failed``, ``_stray``), so subclasses and
patches are heard.

Ownership:

* ``watchers``, a dict, owns the watchers; programs see it through a read-only view, for ``slots``, an array by
  descriptor, borrows from it. Both change together, in ``watch``, ``unwatch`` and ``_forget_watchers``.
* the memory of ``slots`` and ``told`` is the reactor's, freed with it.
* the kernel's queue is the poller's, which closes it. Its number is asked for when a run begins.

An event belongs to the watcher that was there when the poll returned: a slot remembers the turn in which it changed
hands, and its events of the same turn are stale.

The kernel is asked with the interpreter's lock held when the answer comes at once, because letting go of the lock and
taking it again costs as much as asking. Other threads do not starve: the interpreter passes the lock on when they ask
for it, and where nothing of it runs for long the poll does.
"""

cimport cython
from cpython.exc cimport PyErr_CheckSignals, PyErr_SetFromErrno
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from libc.errno cimport EINTR, errno
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memset

from . cimport handles
from .counters cimport born, died, kind_of
from .watching cimport Watched

import functools
import time as _time
import types

cdef extern from "Python.h":
    bint PyFloat_CheckExact(object)

cdef extern from "waiting.h":
    enum: READY_MOST, WAITING_KIND, HAS_MONOTONIC_NOW
    int wait_ready(int, ready*, double) nogil
    double monotonic_now() nogil

DEF PASS_LOCK_ON = 64
"""How many polls that return at once may follow each other before one lets other threads in."""

cdef double INFINITY = float("inf")
cdef object MONOTONIC = _time.monotonic

cdef double MAXIMUM_WAIT = 24 * 3600.0
cdef Py_ssize_t CANCELLED_TIMERS_KEPT = 100
cdef object find_queue = None
cdef int REACTOR = kind_of("HotReactor")


def install(double maximum_wait, Py_ssize_t cancelled_timers_kept, queue_of):
    """Called once by the Python room.

    :arg queue_of: says for a poller and what the loop polls with the number of the kernel's queue (an epoll on Linux,
        a kqueue elsewhere) if they are plain and unpatched, else -1.
    """
    global MAXIMUM_WAIT, CANCELLED_TIMERS_KEPT, find_queue
    MAXIMUM_WAIT, CANCELLED_TIMERS_KEPT, find_queue = maximum_wait, cancelled_timers_kept, queue_of


cdef double wall() except? -1.0:
    """The real clock: a loop may have another, but the kernel's time-outs know only this one."""
    return monotonic_now() if HAS_MONOTONIC_NOW else MONOTONIC()


# Not cleared by the collector: finalizers may still call methods of a loop that is part of a circle. Its queues, dicts
# and what is in them are cleared, and that breaks every circle.
@cython.no_gc_clear
cdef class HotReactor:
    def __cinit__(self, *args, **kwargs):
        born(REACTOR)
        self._ready = ReadyQueue()
        self._timers = TimerHeap()
        self.watchers = {}
        self._watchers = types.MappingProxyType(self.watchers)
        self._closed = True
        self.queue = -1
        self.turn = 1

    def __dealloc__(self):
        free(self.slots)
        free(self.told)
        died(REACTOR)

    def _make_room(self):
        """The reference makes its queues here; ours are there."""
        if self.told == NULL:
            self.told = <ready*>malloc(READY_MOST * sizeof(ready))
            if self.told == NULL:
                raise MemoryError()

    @property
    def _poll(self):
        return self.polling

    @_poll.setter
    def _poll(self, poll):
        self.polling = poll
        self.queue = find_queue(self._poller, poll) if WAITING_KIND else -1

    # Descriptors

    cdef int room_for(self, int fd) except -1:
        cdef size_t count = self.slot_count if self.slot_count else 64
        cdef Slot* slots
        while count <= <size_t>fd:
            count *= 2
        slots = <Slot*>realloc(self.slots, count * sizeof(Slot))
        if slots == NULL:
            raise MemoryError()
        memset(slots + self.slot_count, 0, (count - self.slot_count) * sizeof(Slot))
        self.slots, self.slot_count = slots, count
        return 0

    def watch(self, fd, watcher, int events):
        """Call ``watcher(events)`` from the dispatch whenever ``fd`` is ready for some of ``events``.

        Raises :exc:`ValueError` if ``fd`` is watched already and :exc:`OSError` if it cannot be.
        """
        cdef int number
        if self._debug or self._closed:
            self._check_closed()
            self._check_thread("watch")
        before = self.watchers.get(fd)
        # First: programs do this in other threads too, while the loop polls. (Until the slot is there, dispatch()
        # finds the watcher here. No memory for numbers that the poller refuses.)
        self.watchers[fd] = watcher
        if before is not None and <size_t><int>fd < self.slot_count:
            self.slots[<int>fd].watcher = NULL
        try:
            self._poller.register(fd, events)
        except BaseException as error:
            if before is None:
                del self.watchers[fd]
            else:
                self.watchers[fd] = before  # (where dispatch() finds it if the slot is empty)
            if isinstance(error, FileExistsError):
                raise ValueError(
                    f"descriptor {fd} is watched already; remove its handler before adding another"
                ) from None
            raise
        number = fd
        if <size_t>number >= self.slot_count:
            self.room_for(number)
        self.slots[number].watcher = <PyObject*>watcher
        self.slots[number].native = isinstance(watcher, Watched)
        self.slots[number].changed = self.turn

    def rewatch(self, fd, int events):
        """Change the events that the watcher of ``fd`` is called for.

        What the poll has reported already still arrives. Raises :exc:`OSError` if ``fd`` was closed.
        """
        self._poller.modify(fd, events)

    def unwatch(self, fd):
        """Stop watching ``fd``; return whether it was watched. Call it before closing the descriptor.

        Otherwise the kernel goes on reporting it for as long as a duplicate of it is open somewhere.
        """
        cdef int number
        watcher = self.watchers.pop(fd, None)
        if watcher is None:
            return False
        number = fd
        if <size_t>number < self.slot_count:  # (else its watch() is not through yet)
            self.slots[number].watcher = NULL
            self.slots[number].changed = self.turn
        try:
            self._poller.unregister(fd)
        except (OSError, ValueError):
            pass  # closed before: as a rule the kernel has dropped it by itself
        return True

    def _forget_watchers(self):
        cdef size_t i
        for i in range(self.slot_count):
            self.slots[i].watcher = NULL
            self.slots[i].changed = self.turn
        self.watchers.clear()

    # Callbacks

    def call_soon(self, callback, *args, context=None):
        """Run ``callback(*args)`` in the loop's next turn."""
        handle = handles.new_handle(self, callback, args, context)
        if self._debug or self._closed:
            self._check_call(callback, "call_soon", handle)
        self._ready.push(handle)
        return handle

    def call_soon_threadsafe(self, callback, *args, context=None):
        """As :meth:`call_soon`, from any thread or signal handler."""
        handle = handles.new_handle(self, callback, args, context)
        if self._debug or self._closed:
            self._check_call(callback, "call_soon_threadsafe", handle, any_thread=True)
        self._ready.push(handle)
        self._wake_up.call()
        return handle

    def schedule_at(self, when, callback, args, context=None):
        """Run ``callback(*args)`` once the clock shows ``when``. Equal times keep their order."""
        cdef double moment = when if PyFloat_CheckExact(when) else when + 0.0
        if not moment <= INFINITY:  # a moment that cannot be compared would break the heap
            raise ValueError(f"a timer cannot be due at {when!r}")
        handle = handles.new_timer(self, when, callback, args, context)
        if self._debug or self._closed:
            self._check_call(callback, "call_at", handle, coroutine_functions=True)
        self.schedule(moment, handle)
        return handle

    cdef int schedule(self, double when, object handle) except -1:
        self._timers.push(when, handle)
        handles.set_scheduled(<PyObject*>handle, True)
        return 0

    def call_later(self, delay, callback, *args, context=None, **kwargs):
        """Run ``callback(*args, **kwargs)`` in ``delay`` seconds. It may be a coroutine function."""
        if kwargs:
            callback = functools.partial(callback, **kwargs)
        # (By way of the object: a guest's timers are another loop's.)
        return self.schedule_at(self.now() + delay, callback, args, context)

    def call_at(self, when, callback, *args, context=None, **kwargs):
        """Run ``callback(*args, **kwargs)`` when :meth:`time` shows ``when`` seconds.

        It may be a coroutine function.
        """
        if kwargs:
            callback = functools.partial(callback, **kwargs)
        return self.schedule_at(when, callback, args, context)

    def _timer_handle_cancelled(self, handle):
        """What :class:`asyncio.TimerHandle` calls when it is cancelled."""
        self._cancelled_timers += 1
        if (
            self._cancelled_timers > CANCELLED_TIMERS_KEPT
            and self._cancelled_timers * 2 > <Py_ssize_t>self._timers.count
        ):
            self._drop_cancelled_timers()

    def _drop_cancelled_timers(self):
        # (Whoever is cancelled by the finalizers of those that leave is still in the heap.)
        cdef Py_ssize_t count = self._cancelled_timers
        cdef bint done = False
        self._cancelled_timers = 0
        try:
            done = self._timers.drop_cancelled()
        finally:
            if not done:
                self._cancelled_timers += count

    # Running

    cdef double now(self) except? -1.0:
        clock = self.time  # looked up each time: tests replace it
        if HAS_MONOTONIC_NOW and clock is MONOTONIC:
            return monotonic_now()
        return clock()

    cdef double time_to_wait(self) except? -2.0:
        cdef double timeout
        if self._ready.count or self._stopping:
            return 0.0
        if not self._timers.count:
            return -1.0
        timeout = self._timers.items[0].when - self.now()
        return 0.0 if timeout < 0.0 else min(timeout, MAXIMUM_WAIT)

    cdef int wait(self, double timeout) except -1:
        """Have the kernel fill ``told``; how many there are."""
        cdef int found, queue = self.queue
        cdef ready* told = self.told
        cdef double until = 0.0, left = timeout
        if timeout == 0.0:
            self.unreleased += 1
            if self.unreleased < PASS_LOCK_ON:
                PyErr_CheckSignals()  # where only native code runs nobody else does
                found = wait_ready(queue, told, 0.0)
                if found >= 0:
                    return found
        self.unreleased = 0
        if timeout > 0.0:
            until = wall() + timeout
        while True:
            with nogil:
                found = wait_ready(queue, told, left)
            if found >= 0:
                return found
            if errno != EINTR:
                PyErr_SetFromErrno(OSError)
            PyErr_CheckSignals()
            if self.queue != queue:
                return 0
            if timeout > 0.0:
                left = max(0.0, until - wall())

    cdef int wait_by_python(self, double timeout) except -1:
        """As :meth:`wait`, by the loop's own ``_poll``."""
        cdef int found = 0
        events = self.polling(timeout, READY_MOST)
        if not events:
            return 0
        for fd, bits in events:
            if found == READY_MOST:
                break  # the poller tells again
            self.told[found].fd, self.told[found].events = fd, bits
            found += 1
        return found

    def _serve(self):
        cdef int i, found
        cdef size_t left = 0  # what is ready but has to wait for the next run
        cdef double timeout
        while True:
            timeout = self.time_to_wait()
            found = self.wait(timeout) if self.queue >= 0 else self.wait_by_python(timeout)
            if found:
                self.turn += 1
                if self._ready.count:
                    self.run_ready(self._ready.count)
                    if self._stopping:
                        left = self._ready.count
                for i in range(found):
                    self.dispatch(self.told[i].fd, self.told[i].events)
            if self._timers.count:
                self.move_due_timers()
            if self._ready.count:
                if left:
                    self._ready.rotate(-<Py_ssize_t>left)
                self.run_ready(self._ready.count - left)
            if self._stopping:
                return

    cdef int dispatch(self, int fd, int events) except -1:
        cdef bint native = False
        watcher = None
        if 0 <= fd and <size_t>fd < self.slot_count:
            if self.slots[fd].changed == self.turn:
                return 0
            if self.slots[fd].watcher != NULL:
                watcher = <object>self.slots[fd].watcher
                native = self.slots[fd].native
        if watcher is None:
            watcher = self.watchers.get(fd)  # another thread is in the middle of watch()
        try:
            if watcher is None:
                if not self._closed:  # by a fork: the events are the parent's
                    self._stray(fd)
            elif self._timed:
                self._run_and_time(watcher, watcher, events)
            elif native:
                (<Watched>watcher).on_events(events)
            else:
                watcher(events)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            if watcher is None:
                raise
            self._watcher_failed(fd, watcher, error)
        return 0

    cdef int move_due_timers(self) except -1:
        cdef double now = self.now()
        cdef PyObject* taken
        while self._timers.count and self._timers.items[0].when <= now:
            taken = self._timers.take()
            handle = <object>taken
            Py_DECREF(handle)
            handles.set_scheduled(taken, False)
            if handles.is_cancelled(taken):
                self._cancelled_timers -= 1
            else:
                self._ready.push(handle)
        return 0

    cdef int run_ready(self, size_t count) except -1:
        cdef PyObject* handle
        cdef bint natively = handles.may_run()
        while count:
            count -= 1
            handle = self._ready.take()
            if handle == NULL:
                break
            try:
                if not handles.is_cancelled(handle):
                    if self._timed:
                        self._run_and_time(<object>handle, (<object>handle)._run)
                    elif natively:
                        handles.run(handle)
                    else:
                        (<object>handle)._run()
            finally:
                handles.release(handle)
        return 0
