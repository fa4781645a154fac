/* What is known of classes without asking them.

Each state of a class (its attributes, and those of its bases) has a number of its own, its version, that is never given
twice; a class whose version is what it was is the class that it was. Versions are the interpreter's, for its own caches;
it has only so many of them, and where there is none nothing is kept. */

#ifndef TORNADOLIKE_TYPES_H
#define TORNADOLIKE_TYPES_H

#include <Python.h>

/* The version of a class, 0 if it has none at the moment. */
static inline unsigned int version_of(PyTypeObject *type)
{
#if PY_VERSION_HEX < 0x030D0000 /* from 3.13 on nobody sets the flag: without a version the number is 0 */
    if (!PyType_HasFeature(type, Py_TPFLAGS_VALID_VERSION_TAG))
        return 0;
#endif
    return type->tp_version_tag;
}

/* Whether instances read and set attributes as objects do, with nothing of the author's between. */
static inline int has_plain_attributes(PyTypeObject *type)
{
    return type->tp_getattro == PyObject_GenericGetAttr && type->tp_setattro == PyObject_GenericSetAttr;
}

/* Whether a class is called as classes are. */
static inline int is_plainly_called(PyTypeObject *type)
{
    return Py_TYPE(type)->tp_call == PyType_Type.tp_call;
}

/* Whether what a class has under a name is a function, that may be called with the instance as its first argument. */
static inline int is_method(PyObject *found)
{
    return PyType_HasFeature(Py_TYPE(found), Py_TPFLAGS_METHOD_DESCRIPTOR);
}

#endif
