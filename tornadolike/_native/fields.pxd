"""Field sections: the twin of http1.fields.FieldSection and its cache, asked without making Python objects."""

cdef class Section:
    cdef bytes raw                      # as it came
    cdef readonly object fields         # dict[str, str | list[str]]: canonical names
    cdef readonly bint plain, close, keep_alive, has_host
    cdef readonly object coding, length, expect
    cdef readonly object content_length     # int or None
    cdef Py_ssize_t body_size           # content_length where it is well-formed and there is no transfer coding, else -1
    cdef bint whole_or_nothing          # plain, or nothing unusual but a Content-Length: the lane may take it
    # The values of some fields without a look into the dict: NULL-like None where there are none.
    cdef object if_none_match, cookie

cdef class Sections:
    # None: not to be had here, or malformed; the reference says what is wrong.
    cdef Section find(self, const char* raw, Py_ssize_t size)
