"""HotRequest: what stands before HTTPServerRequest. See request.pyx."""

from .fields cimport Section
from .scanner cimport Head

cdef class HotRequest:
    cdef Section section
    cdef int method_number              # a scanner.Method
    # As long as `borrowed` is true these point into the connection's room, else into `kept`.
    cdef const char* target
    cdef Py_ssize_t target_size, path_size
    cdef bint borrowed
    cdef bint touched                   # somebody has set an attribute: not to be used again for another request
    cdef bytes kept
    cdef double started                 # the loop's clock
    cdef object _connection

    cdef int fill(self, const Head* head, Section section, object connection, double now) except -1
    # Copy what is borrowed. To be called before the room is used for anything else, unless nobody has the request.
    cdef int keep(self) except -1

# The next request object: the one that was given back, if there is one and nobody else has it, else a new instance of
# HTTPServerRequest.
cdef HotRequest new_request()
cdef int give_back(HotRequest request) except -1
