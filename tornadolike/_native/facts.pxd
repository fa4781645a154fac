"""What is known of an application without asking it. See facts.pyx."""

cimport cython

from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uint64_t

cdef extern from "types.h":
    unsigned int version_of(PyTypeObject*)

cdef extern from "versions.h":
    uint64_t dict_version(PyObject* own) noexcept
    uint64_t attributes_version(PyObject* thing, PyObject* own) noexcept

cdef extern from "Python.h":
    PyTypeObject* TYPE_OF "Py_TYPE" (PyObject*) noexcept

@cython.final
cdef class Facts:
    cdef PyObject* application          # these are borrowed; NULL: it is gone
    cdef PyObject* own                  # its __dict__
    cdef PyObject* settings             # a dict, or NULL
    cdef unsigned int class_version
    cdef uint64_t own_version, settings_version
    # What follows is good as long as `are_good()` says so.
    cdef bint logs_plainly              # it is the framework that says that a request is finished, by its logger
    cdef PyObject* transforms           # a list; NULL: to be asked for

cdef class HotApplication:
    cdef object attributes              # the __dict__; see c/lazydict.h
    cdef object __weakref__
    cdef Facts facts

    @cython.final
    cdef int _forget(self) except -1

# Whether the log of requests takes lines of this level.
cdef bint is_logged(int level) except -1

# What is known of an application as it is now; None if nothing can be known.
cdef Facts facts_of(object application)

cdef inline PyObject* attributes_of(PyObject* application) noexcept:
    """The __dict__ of a HotApplication, or NULL."""
    return <PyObject*>(<HotApplication>application).attributes

cdef inline bint are_good(Facts facts, PyObject* application) noexcept:
    """Whether these are (still) the facts of this application."""
    return (
        facts is not None
        and facts.application == application
        and facts.own == attributes_of(application)
        and facts.class_version == version_of(TYPE_OF(application))
        and facts.own_version == dict_version(facts.own)
        and (facts.settings == NULL or facts.settings_version == dict_version(facts.settings))
    )
