"""A buffer for what leaves together. See outgoing.pyx."""

cimport cython

from libc.string cimport memcpy

@cython.final
cdef class Outgoing:
    cdef char* data
    cdef Py_ssize_t size, room

    cdef int grow(self, Py_ssize_t more) except -1

    # See that `more` bytes can be put behind what is there.
    cdef inline int reserve(self, Py_ssize_t more) except -1:
        return 0 if self.size + more <= self.room else self.grow(more)

    # Take everything out, and give memory back if a large answer has been here.
    cdef bytes take(self)
    cdef void clear(self) noexcept

    # Without a look at the room: reserve() comes first.
    cdef inline void put(self, const char* data, Py_ssize_t size) noexcept:
        memcpy(self.data + self.size, data, size)
        self.size += size

    cdef inline void put_number(self, Py_ssize_t number) noexcept:
        cdef char digits[24]
        cdef int at = 24
        while True:
            at -= 1
            digits[at] = <char>(48 + number % 10)
            number //= 10
            if number == 0:
                break
        self.put(&digits[at], 24 - at)
