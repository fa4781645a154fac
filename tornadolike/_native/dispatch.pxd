"""From a request to a handler and back, natively where all that stands between is known. See dispatch.pyx."""

cimport cython

from libc.stdint cimport uint64_t

from .driver cimport Starter
from .exchange cimport Exchange
from .request cimport HotRequest
from .ways cimport Ways

@cython.final
cdef class Dispatcher:
    cdef object application
    cdef Starter starter        # of the loop of its lanes; None: that has another way to begin coroutines
    cdef dict own               # the application's __dict__
    cdef uint64_t own_version   # of that, when all of what follows was found to be so; 0: ask
    cdef unsigned int version   # of its class, when it was looked at
    cdef bint plain             # nobody has overridden what is done here
    cdef object answers         # what `ways` was made of
    cdef object made_at
    cdef Ways ways

    # Answer `request`, whose body is whole. What the application fails at is answered; what ends the loop is raised.
    cdef int serve(self, Exchange connection, HotRequest request) except -1

    cdef bint is_up_to_date(self) except -1
    cdef int look(self) except -1
    cdef int run(self, tuple found, HotRequest request) except -1

# The lane rests: nothing is kept for the next request.
cdef void drop_spare_context() noexcept
