"""HotHandler: what stands before the reference among the bases of RequestHandler. See handler.pyx."""

cimport cython

from cpython.object cimport PyObject
from libc.stdint cimport uint64_t

from .digest cimport ETAG_SIZE
from .plans cimport Plan
from .request cimport HotRequest

cdef enum:
    MAX_OWN = 8             # headers that are no default ones, without a dict
    LINES_SIZE = 1024       # of these as they are sent, with the Etag

cdef class HotHandler:
    cdef object attributes              # the __dict__; see c/lazydict.h
    cdef object __weakref__
    cdef Plan known                     # the plan that was good last
    cdef uint64_t own_version           # of the __dict__, when there was no hook in it
    cdef object _application, _request
    # The status: as a number, or (-1) as what was set.
    cdef int status
    cdef object odd_status
    cdef object reason                  # None: "OK"
    cdef object content_type            # None: HTML
    cdef object etag                    # a str, or None: there is none, or it is in `digits`
    cdef char[ETAG_SIZE] digits         # beginning with 0: it is not
    # The headers, if they are not the default ones: some names (canonical ones, in `good_names`) and values (of ASCII)
    # behind the default ones, as long as that is all; else as a dict; and as a mapping once somebody has asked for it,
    # whose dict `fields` is (None if it is none of ours).
    cdef int own_count
    cdef PyObject* own_names[MAX_OWN]    # borrowed
    cdef PyObject* own_values[MAX_OWN]   # owned
    cdef object header_map
    cdef dict fields
    # The body: a first piece (str of ASCII only, or bytes), or a list of bytes.
    cdef object first
    cdef list pieces
    cdef bint finished, headers_written
    cdef object sending
    cdef object connection_to_ask       # where `sending` is to be had from, if somebody wants it
    cdef object before_head, new_cookies, trailers
    cdef object positional, named       # path_args, path_kwargs

    @cython.final
    cdef int look(self) except -1
    @cython.final
    cdef int put_header(self, str name, object value) except -1
    @cython.final
    cdef bint put_own(self, PyObject* name, object value) except -1
    @cython.final
    cdef void forget_own(self) noexcept
    @cython.final
    cdef int make_fields(self) except -1
    @cython.final
    cdef Py_ssize_t put_lines(self, char* room) except -2
    @cython.final
    cdef bint has_etag(self) noexcept
    @cython.final
    cdef object take_etag(self)
    @cython.final
    cdef object type_of_content(self)
    @cython.final
    cdef int add(self, object piece) except -1
    @cython.final
    cdef list listed(self)
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
    cdef bint has_transforms(self) except -1
    @cython.final
    cdef int make_etag(self) except -1
    @cython.final
    cdef int log_now(self) except -1
    @cython.final
    cdef object body(self)
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
