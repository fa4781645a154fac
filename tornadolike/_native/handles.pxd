"""Handles natively: asyncio's objects, filled and run without the interpreter. See handles.pyx."""

from cpython.object cimport PyObject

# All three are new or borrowed objects of the classes that Python's room has handed in.
cdef object new_handle(object loop, object callback, object args, object context)
cdef object new_timer(object loop, object when, object callback, object args, object context)

cdef bint is_timer(PyObject* handle) noexcept
cdef bint is_cancelled(PyObject* handle) except -1
cdef int set_scheduled(PyObject* handle, bint scheduled) except -1

# Whether handles of the exact classes may be run by run(): nobody has replaced their _run().
cdef bint may_run() noexcept
# Run what is not cancelled; errors go to the loop's handler.
cdef int run(PyObject* handle) except -1
# Drop one reference; who was the last one's is kept for the next call_soon().
cdef void release(PyObject* handle) noexcept
