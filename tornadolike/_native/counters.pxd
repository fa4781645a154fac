"""How many objects of each kind are alive, in a build that counts. See counters.pyx."""

cdef extern from *:
    """
    #ifndef TORNADOLIKE_DEBUG
    #define TORNADOLIKE_DEBUG 0
    #endif
    #define TORNADOLIKE_COUNT(counters, kind, by) \
        ((void) __atomic_add_fetch(&(counters)[kind], (by), __ATOMIC_RELAXED))
    """
    const bint COUNTING "TORNADOLIKE_DEBUG"
    void _count "TORNADOLIKE_COUNT" (long* counters, int kind, long by) noexcept nogil

# The number of a kind, to be asked for once, when a module is imported: `cdef int LANE = kind_of("Lane")`.
cdef int kind_of(str name) except -1

cdef long* _alive() noexcept nogil

# To be called from __cinit__ and __dealloc__, or wherever else memory or a descriptor gets an owner and loses it. In a
# build that does not count the compiler leaves nothing of it.
cdef inline void born(int kind) noexcept nogil:
    if COUNTING:
        _count(_alive(), kind, 1)

cdef inline void died(int kind) noexcept nogil:
    if COUNTING:
        _count(_alive(), kind, -1)
