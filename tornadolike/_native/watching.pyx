"""What a loop calls when a descriptor is ready.

A :class:`Watched` is a watcher like any other (:meth:`.Reactor.watch`), which any loop can call. A native loop
knows it, and calls it without the interpreter's calling convention.
"""

cdef class Watched:
    """To be subclassed, in native code."""

    cdef int on_events(self, int events) except -1:
        """The descriptor is ready for some of ``events``."""
        raise NotImplementedError

    def __call__(self, int events):
        self.on_events(events)
