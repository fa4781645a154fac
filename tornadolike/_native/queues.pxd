"""What is ready to run, and what waits for its time. See queues.pyx."""

from cpython.object cimport PyObject
from libc.stdint cimport uint64_t

cdef class ReadyQueue:
    cdef PyObject** items  # a ring: each is a reference of ours
    cdef size_t head
    cdef size_t count
    cdef size_t capacity  # a power of two
    cdef object _known
    cdef int push(self, object handle) except -1
    cdef PyObject* take(self) noexcept
    cdef void drop_all(self) noexcept

cdef struct Timed:
    double when
    uint64_t order
    PyObject* handle

cdef class TimerHeap:
    cdef Timed* items  # a heap: each handle is a reference of ours
    cdef size_t count
    cdef size_t capacity
    cdef uint64_t order
    cdef object _known
    cdef int push(self, double when, object handle) except -1
    cdef PyObject* take(self) noexcept
    cdef int drop_cancelled(self) except -1
    cdef void drop_all(self) noexcept
