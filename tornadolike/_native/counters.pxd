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

# Instead of died(), for classes without a __dealloc__, which costs something for each object even where it is empty: once,
# behind the class, and for each native class that is derived from it. Nothing is done in a build that does not count.
cdef inline int count_deaths(object cls, int kind) except -1:
    return _count_deaths(cls, kind) if COUNTING else 0

cdef int _count_deaths(object cls, int kind) except -1
