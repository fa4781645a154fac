"""How many objects of each kind are alive.

A leak is a number that grows. Native objects own what Python's collector does not see (memory, descriptors), so a build
for debugging counts them: ``TORNADOLIKE_DEBUG=1`` when it is built. Each module that has such a class asks for its
number once, and tells of each object:

.. code-block:: cython

    from .counters cimport born, died, kind_of

    cdef int LANE = kind_of("Lane")

    cdef class Lane:
        def __cinit__(self):
            born(LANE)

        def __dealloc__(self):
            died(LANE)

Every other build has the same lines, and nothing comes of them: ``COUNTING`` is a constant there, so that the C
compiler removes the calls.
"""

cdef enum:
    MOST_KINDS = 64

cdef long[MOST_KINDS] alive
cdef list names = []

counting = bool(COUNTING)


cdef long* _alive() noexcept nogil:
    return alive


cdef int kind_of(str name) except -1:
    """The number of a kind. The same name has the same number."""
    if name in names:
        return names.index(name)
    if len(names) == MOST_KINDS:
        raise RuntimeError("counters.pyx: MOST_KINDS are taken")
    names.append(name)
    return len(names) - 1


def living():
    """How many are alive, by kind; all 0 in a build that does not count."""
    return {name: alive[kind] for kind, name in enumerate(names)}
