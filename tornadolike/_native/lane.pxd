"""The express lane: a native connection. See lane.pyx."""

cimport cython

from cpython.object cimport PyObject

from .dispatch cimport Dispatcher
from .exchange cimport Exchange
from .fields cimport Section, Sections
from .heads cimport Heads
from .outgoing cimport Outgoing
from .request cimport HotRequest
from .scanner cimport Limits

cdef enum Mode:
    NEW
    IDLE
    PARTIAL
    HANDLING
    LAST
    GENERAL
    ENDED

@cython.final
cdef class Site:
    cdef object serving, deadlines, serve_whole, done
    cdef Dispatcher dispatcher  # None: serve_whole is called
    cdef Limits limits
    cdef Py_ssize_t max_body_size, max_pipelined_size
    cdef double idle_timeout, tick
    cdef Sections sections
    cdef Section recent         # of the request before, whoever has sent it
    cdef Heads heads
    cdef Outgoing out
    cdef char* room             # where everybody receives
    cdef Lane owner             # who works off now what is in the room; None: nobody
    cdef const char* rest       # of it, what he has not come to yet
    cdef Py_ssize_t rest_size
    cdef Py_ssize_t held_back   # answers in `out`
    cdef readonly long requests # that were served here

    @cython.final
    cdef int look_at_clock(self) except -1

cdef class Lane(Exchange):
    cdef Site site
    cdef object sock, address, request
    cdef PyObject* own_request  # the request that was made here last: to be compared, no more
    cdef object close_callback, drain_callback, known_context, phase_name
    cdef bytes held             # what has come and is not looked at yet
    cdef Section section        # of the request that is being answered
    cdef int fd, mode
    cdef bint keep_alive, last, closing
    cdef double when            # the deadline
    cdef long where             # its bucket

    @cython.final
    cdef int receive(self) except -1
    @cython.final
    cdef int hold(self, const char* data, Py_ssize_t size) except -1
    @cython.final
    cdef int work(self, const char* data, Py_ssize_t size) except -1
    @cython.final
    cdef int serve_all(self, const char* data, Py_ssize_t size) except -1
    @cython.final
    cdef int serve_one(self, HotRequest request) except -1
    @cython.final
    cdef int wait_for_more(self, const char* data, Py_ssize_t size, bint again) except -1
    @cython.final
    cdef int answer(
        self, int status, object reason, object content_type, dict fields, const char* extra, Py_ssize_t extra_size,
        bint first, const char* body, Py_ssize_t size
    ) except -1
    @cython.final
    cdef int answered(self, bint mine, Py_ssize_t begin, const char* body, Py_ssize_t size) except -1
    @cython.final
    cdef int leave(self) except -1
    @cython.final
    cdef bint is_head(self)
    @cython.final
    cdef object phase_now(self)
    # Be no connection any more.
    @cython.final
    cdef int end(self) except -1
