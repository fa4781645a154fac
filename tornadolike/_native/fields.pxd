"""Field sections: the twin of http1.fields.FieldSection and its cache, asked without making Python objects."""

cimport cython

from libc.stdint cimport uint64_t

@cython.final
cdef class Section:
    cdef bytes raw                      # as it came
    cdef readonly object fields         # dict[str, str | list[str]]: canonical names
    cdef readonly bint plain, close, keep_alive, has_host
    cdef readonly object coding, length, expect
    cdef readonly object content_length     # int or None
    # content_length where it is one number and there is no transfer coding, else -1 (also where there is none at all)
    cdef Py_ssize_t body_size
    cdef bint whole_or_nothing          # plain, or nothing unusual but a Content-Length: the lane may take it
    # The values of some fields without a look into the dict: NULL-like None where there are none.
    # (Several lines of one name: a list.)
    cdef object if_none_match, cookie

    cdef uint64_t hash
    cdef int read(self, bytes raw, Py_ssize_t max_count) except -1
    cdef int adopt(self, bytes raw, found) except -1
    cdef int conclude(self) except -1

# The fields of some lines (with CRLF between them), as http1.fields.parse_fields() gives them; None if something about
# them is wrong.
cdef dict parse_lines(const char* at, Py_ssize_t size, Py_ssize_t max_count)

@cython.final
cdef class Sections:
    # None: not to be had here, or malformed; the reference says what is wrong.
    cdef Section find(self, const char* raw, Py_ssize_t size)

    cdef readonly Py_ssize_t max_count
    cdef Section last                   # the one that was found or read last
    cdef list places                    # None or a section; as many as mask + 1, a power of two
    cdef Py_ssize_t mask, count
    cdef Section search(self, const char* raw, Py_ssize_t size, uint64_t hash)
    cdef int remember(self, Section section) except -1
    cpdef clear(self)
