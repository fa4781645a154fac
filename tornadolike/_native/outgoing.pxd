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

    cdef inline void put_number(self, size_t number) noexcept:
        cdef size_t rest = number // 10
        cdef Py_ssize_t count = 1
        cdef char* at
        while rest > 0:
            rest //= 10
            count += 1
        self.size += count
        at = self.data + self.size
        while count > 0:
            at -= 1
            at[0] = <char>(48 + number % 10)
            number //= 10
            count -= 1
