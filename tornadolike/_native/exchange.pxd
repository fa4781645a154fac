"""What a native connection is to a handler that finishes."""

from .watching cimport Watched

# A Watched, because the one that there is (lane.Lane) is both, and a compiled class has one base.
cdef class Exchange(Watched):
    # Send a whole response: 1 if it was sent (nothing more is to be said to the connection), 0 if it has to be said by
    # Python's respond(). `fields`: a dict of canonical names, or None for the default ones (Server, content_type,
    # Date).
    # `lines`: lines more, each with its CRLF; `first`: they are to stand before Content-Length, whatever the body is.
    cdef int respond_now(
        self, int status, object reason, object content_type, dict fields, const char* lines, Py_ssize_t lines_size,
        bint first, const char* body, Py_ssize_t size
    ) except -1
