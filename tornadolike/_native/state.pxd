"""HandlerState: what every handler has, in places of its own. See state.pyx."""

cimport cython

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from libc.stdint cimport uint64_t

from .digest cimport ETAG_LINE
from .plans cimport Plan

cdef extern from "Python.h":
    Py_ssize_t _length_of_text "PyUnicode_GET_LENGTH" (object) noexcept
    void* _ascii_of_text "PyUnicode_1BYTE_DATA" (object) noexcept

cdef enum:
    MAX_OWN = 8             # headers that are no default ones, without a dict
    LINES_SIZE = 1024       # of these as they are sent, with the Etag

cdef class HandlerState:
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
    cdef object etag                    # a str, or None: there is none, or it is in `etag_line`
    cdef char[ETAG_LINE] etag_line      # as it is sent
    cdef bint has_etag_line             # whether it is there
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
    cdef int forget(self) except -1
    @cython.final
    cdef object status_now(self)
    @cython.final
    cdef object reason_now(self)
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
    cdef object body(self)

cdef inline const char* bytes_of(object body, Py_ssize_t* size) noexcept:
    """What is in a body: bytes, or a str of ASCII."""
    if type(body) is str:
        size[0] = _length_of_text(body)
        return <const char*>_ascii_of_text(body)
    size[0] = PyBytes_GET_SIZE(body)
    return PyBytes_AS_STRING(body)
