"""The turn of the loop, natively. See reactor.pyx."""

from cpython.object cimport PyObject
from .queues cimport ReadyQueue, TimerHeap

cdef extern from "waiting.h":
    struct ready:
        int fd
        int events

cdef struct Slot:
    PyObject* watcher  # borrowed from HotReactor.watchers
    unsigned long changed  # in which turn the number changed hands
    bint native  # a Watched

cdef class HotReactor:
    cdef readonly ReadyQueue _ready
    cdef readonly TimerHeap _timers
    cdef public Py_ssize_t _cancelled_timers
    cdef public bint _closed
    cdef public bint _debug
    cdef public bint _stopping
    cdef public bint _timed
    cdef public object _poller
    cdef public object _thread_id
    cdef public object _wake_up
    cdef readonly object _watchers
    cdef object polling
    cdef int queue  # of the kernel; -1 if this loop polls by way of Python
    cdef dict watchers
    cdef Slot* slots
    cdef size_t slot_count
    cdef unsigned long turn
    cdef unsigned int unreleased
    cdef ready* told

    cdef double now(self) except? -1.0
    cdef int schedule(self, double when, object handle) except -1
    cdef double time_to_wait(self) except? -2.0
    cdef int wait(self, double timeout) except -1
    cdef int wait_by_python(self, double timeout) except -1
    cdef int dispatch(self, int fd, int events) except -1
    cdef int move_due_timers(self) except -1
    cdef int run_ready(self, size_t count) except -1
    cdef int room_for(self, int fd) except -1
