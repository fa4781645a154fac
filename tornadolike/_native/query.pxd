"""The arguments of a query. See query.pyx."""

# A dict of names to lists of values, as escape.parse_qs_bytes(..., keep_blank_values=True) gives it; None for more than
# `limit` fields.
cdef dict parse_query(const char* query, Py_ssize_t size, object limit)
