"""HotRequest: what stands before HTTPServerRequest. See request.pyx."""

cimport cython

from .fields cimport Section
from .scanner cimport Head

cdef class HotRequest:
    cdef object attributes              # the __dict__; see c/lazydict.h
    cdef object __weakref__
    cdef Section section
    cdef int method_number              # a scanner.Method
    cdef int minor                      # of the version
    # As long as `borrowed` is true these point into the connection's room, else into `kept`.
    cdef const char* target
    cdef Py_ssize_t target_size, path_size
    cdef bint borrowed
    cdef bint touched                   # somebody has set an attribute: not to be used again for another request
    cdef bytes kept
    cdef double started                 # the loop's clock
    cdef object _connection
    # What was asked for, or set: None as long as it was not.
    cdef object _method, _uri, _path, _query, _version, _body, own_fields
    cdef dict parsed                    # the arguments of the query, which nobody else has
    cdef bint asked_whole, asked_query  # `parsed` was told as those of query and form; as those of the query

    @cython.final
    cdef int fill(self, const Head* head, Section section, object connection, double now) except -1
    # Copy what is borrowed. To be called before the room is used for anything else, unless nobody has the request.
    @cython.final
    cdef int keep(self) except -1
    @cython.final
    cdef int set_body(self, bytes body) except -1
    # The arguments as nobody has seen or changed them; None if the reference has to tell.
    @cython.final
    cdef dict query_only(self, bint whole)
    @cython.final
    cdef bint parse(self) except -1
    @cython.final
    cdef object if_none_match(self)
    @cython.final
    cdef bint has_body(self) except -1

# The next request object: the one that was given back, if there is one and nobody else has it, else a new instance of
# HTTPServerRequest.
cdef HotRequest new_request()
cdef int give_back(HotRequest request) except -1
