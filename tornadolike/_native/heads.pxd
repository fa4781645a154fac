"""Heads of responses, written into an Outgoing. See heads.pyx."""

cimport cython

from .outgoing cimport Outgoing

@cython.final
cdef class DefaultHead:
    cdef int status
    cdef object reason, content_type
    cdef bytes head

@cython.final
cdef class Heads:
    cdef object make_default
    cdef list recent
    cdef Py_ssize_t next
    cdef double tick
    cdef DefaultHead last       # that was found; None: none is known

    # Whatever was made before is of another time.
    cdef void start_tick(self, double tick) noexcept
    # The head of a response that says nothing but Server, Content-Type and Date. (It may run code of anybody's.)
    cdef inline bytes default_head(self, int status, object reason, object content_type):
        cdef DefaultHead last = self.last
        if last is not None and (
            last.status == status and last.content_type is content_type and last.reason is reason
        ):
            return last.head
        return self.other_head(status, reason, content_type)

    cdef bytes other_head(self, int status, object reason, object content_type)

# Status line and fields: 1. Or nothing is put, and 0: the reference judges them. `size` is the body's; `bodiless`: the
# status has none. `counted`: whether there is a Content-Length among the fields (which is right, then).
cdef int put_fields(
    Outgoing out, int status, object reason, dict fields, Py_ssize_t size, bint bodiless, bint* counted
) except -1

# The characters of a text as bytes, if it is in latin-1: NULL if not.
cdef const char* latin1(object text, Py_ssize_t* size) noexcept
