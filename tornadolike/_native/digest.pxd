"""The Etag of a body. See digest.pyx."""

# As Tornado's handlers compute it: the SHA-1 of the body in hexadecimal digits, in quotes.
cdef object etag_of(const char* body, Py_ssize_t size)
