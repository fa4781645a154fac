/* A __dict__ that costs nothing before an attribute is set.

Cython's own `cdef dict __dict__` makes the dict with the object, and empties it with it, although somebody may have
got it by vars(). What is here is as the interpreter does it for classes: the place is NULL until it is needed, and
what is in it lives as long as somebody has it.

The class declares, as its only field of that kind, `cdef object attributes`. Cython fills it with None when an object is
made, which the class's __cinit__ changes to NULL by `no_attributes()`; and with None when the collector clears the
object, which is seen to here. From Cython nothing but these functions may touch the field. */

#ifndef TORNADOLIKE_LAZYDICT_H
#define TORNADOLIKE_LAZYDICT_H

#include <Python.h>

/* Where an object of such a class, whose struct is known, has its __dict__. */
#define ATTRIBUTES_OF(self) (&(self)->attributes)

static inline void no_attributes(PyObject **place)
{
    PyObject *before = *place;
    *place = NULL;
    Py_XDECREF(before);
}

static inline int lazydict_clear(PyObject *self, inquiry original)
{
    PyObject **place = _PyObject_GetDictPtr(self);
    int result = original(self);
    if (place != NULL && *place == Py_None)
        no_attributes(place);
    return result;
}

static PyGetSetDef lazydict_getset = {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL};

/* Let `type` have its __dict__ at `offset`, before anything is derived from it; -1 with an exception if that fails. */
static inline int install_lazydict(PyTypeObject *type, Py_ssize_t offset, inquiry clear)
{
    PyObject *descriptor;
    int failed;
    type->tp_dictoffset = offset;
    type->tp_clear = clear;
    descriptor = PyDescr_NewGetSet(type, &lazydict_getset);
    if (descriptor == NULL)
        return -1;
    failed = PyDict_SetItemString(type->tp_dict, "__dict__", descriptor);
    Py_DECREF(descriptor);
    PyType_Modified(type);
    return failed;
}

/* An object that no __init__ has seen. */
static inline PyObject *new_object(PyObject *cls, PyObject *no_arguments)
{
    return ((PyTypeObject *)cls)->tp_new((PyTypeObject *)cls, no_arguments, NULL);
}

/* Whether somebody has a weak reference to an object whose class has a place of its own for them. */
static inline int is_weakly_known(PyObject *self)
{
    Py_ssize_t offset = Py_TYPE(self)->tp_weaklistoffset;
    return offset > 0 && *(PyObject **)((char *)self + offset) != NULL;
}

#endif
