"""What a native connection is to a handler that finishes. See :mod:`.lane` for the one that there is."""


cdef class Exchange(Watched):
    """To be subclassed, in native code."""

    cdef int respond_now(
        self, int status, object reason, object content_type, dict fields, const char* lines, Py_ssize_t lines_size,
        bint first, const char* body, Py_ssize_t size
    ) except -1:
        """Send a whole response; 0 if that has to be asked for by Python's ``respond()``."""
        return 0
