"""HotHandler: what stands before the reference among the bases of RequestHandler. See handler.pyx."""

cimport cython

from .facts cimport Facts
from .plans cimport Plan
from .request cimport HotRequest
from .state cimport HandlerState

cdef class HotHandler(HandlerState):
    @cython.final
    cdef int look(self) except -1
    @cython.final
    cdef int put_header(self, str name, object value) except -1
    @cython.final
    cdef int end(self) except -1
    @cython.final
    cdef object call(self, HotRequest request, int method, bint has_groups)
    @cython.final
    cdef int take_groups(self, tuple path_args, dict path_kwargs) except -1
    @cython.final
    cdef object argument(self, object name, object default, object strip, bint whole)
    @cython.final
    cdef int write_now(self, object chunk) except -1
    @cython.final
    cdef int finish_now(self) except -1
    @cython.final
    cdef int make_etag(self) except -1
    @cython.final
    cdef int log_now(self, Facts facts) except -1
    # Run the request: None, or what is to be waited for, as RequestHandler._run_request() gives it. With `bare` (else
    # NULL) it may also be the coroutine that the method has given: `bare` is true then, and end() has to come behind it.
    @cython.final
    cdef object begin(self, tuple path_args, dict path_kwargs, bint* bare)
    @cython.final
    cdef object run(self, tuple path_args, dict path_kwargs, bint* bare)

# A handler for this request; what the class's own code raises is raised.
cdef HotHandler new_handler(object cls, Plan plan, object application, object request, dict kwargs)

# Have it used again by new_handler(), if that can be.
cdef int give_back_handler(HotHandler handler) except -1
cdef void drop_spare_handler() noexcept
