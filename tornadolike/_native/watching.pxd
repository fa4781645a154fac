"""What a loop calls when a descriptor is ready."""

cdef class Watched:
    cdef object __weakref__
    # Bits are the poller's: 1 to be read, 4 to be written, 24 an error.
    cdef int on_events(self, int events) except -1
