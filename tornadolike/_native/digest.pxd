"""The Etag of a body. See digest.pyx."""

cdef enum:
    ETAG_SIZE = 42      # 40 digits in quotes

# Write it, without a NUL behind it.
cdef void put_etag(const char* body, Py_ssize_t size, char* etag) noexcept nogil
