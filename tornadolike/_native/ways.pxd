"""From the bytes of a path to what an application has for it. See ways.pyx."""

cimport cython

from libc.stdint cimport uint64_t

cdef struct Place:
    uint64_t hash
    const char* path        # NULL: nobody is here
    Py_ssize_t size
    Py_ssize_t number       # of what is found

@cython.final
cdef class Ways:
    cdef Place* places
    cdef Py_ssize_t count, mask
    cdef list paths         # own the bytes that `places` point to
    cdef list founds        # what is found, or None: the application is to be asked
    cdef list patterns

    cdef int put(self, bytes path, object found) except -1
    cdef Place* place_of(self, const char* path, Py_ssize_t size) noexcept
    # What is found: a tuple as web.receiving.Found, or None where only the application knows.
    cdef object find(self, const char* path, Py_ssize_t size)

@cython.final
cdef class Pattern:
    cdef list before, allowed, names
    cdef bytes least, tail
    cdef bint named
    cdef object target, kwargs, around
    cdef object match(self, const char* path, Py_ssize_t size)
