"""A buffer for what leaves together.

The connections of a server share one. Whoever writes into it writes and sends within one call into native code, in
which no Python code can run; or is its owner for a while (:class:`.lane.Site` says who that is), and then what others
write stands behind the owner's only until their own call ends.
"""

from libc.stdlib cimport free, realloc

from .counters cimport born, died, kind_of

cdef int OUTGOING = kind_of("Outgoing")

cdef enum:
    FIRST_ROOM = 16 * 1024
    KEPT_ROOM = 256 * 1024  # larger than this it becomes small again once it is empty


cdef class Outgoing:
    """Owns the memory that ``data`` points to; nobody else keeps a pointer into it."""

    def __cinit__(self):
        born(OUTGOING)

    def __dealloc__(self):
        free(self.data)
        died(OUTGOING)

    cdef int grow(self, Py_ssize_t more) except -1:
        cdef Py_ssize_t room = self.room or FIRST_ROOM
        cdef char* data
        while room < self.size + more:
            room *= 2
        data = <char*>realloc(self.data, room)
        if data == NULL:
            raise MemoryError
        self.data, self.room = data, room
        return 0

    cdef bytes take(self):
        cdef bytes taken = self.data[:self.size] if self.size else b""
        self.clear()
        return taken

    cdef void clear(self) noexcept:
        self.size = 0
        if self.room > KEPT_ROOM:
            free(self.data)
            self.data = NULL
            self.room = 0
