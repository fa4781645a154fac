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
compiler removes the calls. A ``__dealloc__`` is not free even if nothing is in it, so classes that would have it for
this alone say ``count_deaths(Lane, LANE)`` behind the class instead.

Counted are classes that own memory, or whose objects are made for each connection, request, message or fetch. An object
that is kept to be used again is alive.
"""

from cpython.object cimport PyObject

cdef extern from "Python.h":
    ctypedef void (*destructor)(PyObject*) noexcept
    ctypedef struct PyTypeObject:
        PyTypeObject* tp_base
        destructor tp_dealloc
    PyTypeObject* Py_TYPE(PyObject*) noexcept

cdef enum:
    MOST_KINDS = 64

cdef struct Mortal:
    PyTypeObject* cls       # a native class, which is never gone
    destructor original
    int kind

cdef Mortal[MOST_KINDS] mortals
cdef int mortal_count = 0

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


cdef int _count_deaths(object cls, int kind) except -1:
    """Have objects of a native class counted when they end. Before anything is derived from it."""
    global mortal_count
    cdef PyTypeObject* type_ = <PyTypeObject*><PyObject*>cls
    if mortal_count == MOST_KINDS:
        raise RuntimeError("counters.pyx: MOST_KINDS are taken")
    mortals[mortal_count].cls = type_
    mortals[mortal_count].original = type_.tp_dealloc
    mortals[mortal_count].kind = kind
    mortal_count += 1
    type_.tp_dealloc = end_counted
    return 0


cdef void end_counted(PyObject* one) noexcept:
    """What stands before the class's own destructor."""
    cdef PyTypeObject* cls = Py_TYPE(one)
    cdef int i
    while cls is not NULL:
        for i in range(mortal_count):
            if mortals[i].cls == cls:
                died(mortals[i].kind)
                mortals[i].original(one)
                return
        cls = cls.tp_base
