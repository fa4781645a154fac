"""The first step of a coroutine, at once and inside a real task. See driver.pyx."""

# What comes after a coroutine, if somebody wants more of it than that it has ended.
#
# It has ended at once, with `result`: called inside its task. What this raises is treated as if the coroutine had.
ctypedef int (*Ended)(object owner, object result) except -1
# It has not, or something was raised: the coroutine that awaits `awaitable` (which goes on with it, or raises what it
# raised) and does all that comes after, whatever happens. That is what the task runs then.
ctypedef object (*Rest)(object owner, object awaitable)

cdef class Starter:
    cdef readonly object loop
    cdef object task                    # has never begun, and nobody else knows of it; None if there is none
    cdef object step                    # what takes its first step
    cdef object weak                    # its entry in asyncio's set of tasks
    cdef object context                 # the one it runs in
    cdef object variables               # its own (vars()): an empty dict
    cdef Standing standing              # what it has as its coroutine
    cdef bytes looks                    # its bytes as they are as long as nothing has happened to it
    cdef Py_ssize_t task_references, context_references
    cdef int credit

    # Take the first step of `coro`. None if that was all; else the task that goes on with it. With `ended` and `rest`
    # (both or none, NULL) for `owner`. `context` is to be the coroutine's own, or None for a copy of the current one.
    cdef object begin_with(self, object coro, object context, object owner, Ended ended, Rest rest)

    cdef object _otherwise(self, object coro, object context, object owner, Rest rest)
    cdef bint _may_begin(self) except -1
    cdef bint _have_task(self, object context) except -1
    cdef int _make_task(self) except -1
    cdef bint _is_pristine(self, object context)
    cdef int _enter(self) except -1
    cdef int _leave(self) except -1
    cdef object _go_on(self)

cdef class Standing:
    cdef object inner
    cdef object outcome
    cdef object task
    cdef int mode
    cdef object _proceed(self, object value)

cdef class Begun:
    cdef object inner
    cdef object first
    cdef bint failed
