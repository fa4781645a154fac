"""The Etag of a body. See digest.pyx."""

cdef enum:
    ETAG_SIZE = 42      # 40 digits in quotes
    ETAG_AT = 6         # where it begins in its line, behind "Etag: "
    ETAG_LINE = 50      # the line, with its end

# Write the line with the Etag of what is in `body` (`data`, `size`), without a NUL behind it. `holders` is how many references to it
# belong to the response and its caller: who has more keeps it.
cdef void put_etag(object body, Py_ssize_t holders, const char* data, Py_ssize_t size, char* line) noexcept
