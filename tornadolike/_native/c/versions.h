/* What is known of a dict without looking into it.

Each state of a dict has a number of its own, its version, that is never given twice: a dict whose version is what it
was is as it was. Versions are the interpreter's, for its own caches, from 3.11 to 3.13. From 3.13 on there are objects
that keep their attributes beside their __dict__, which does not get a new version when one of them is set. */

#ifndef TORNADOLIKE_VERSIONS_H
#define TORNADOLIKE_VERSIONS_H

#include <Python.h>

/* The version of a dict; 0 if it is not to be known. */
static inline uint64_t dict_version(PyObject *dict)
{
#if PY_VERSION_HEX < 0x030E0000
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* of 3.12: there is nothing else to ask before 3.14 */
    return ((PyDictObject *)dict)->ma_version_tag;
#pragma GCC diagnostic pop
#else
    (void)dict;
    return 0;
#endif
}

/* The version of an object's __dict__; 0 if it is not to be known. */
static inline uint64_t attributes_version(PyObject *object, PyObject *dict)
{
#if PY_VERSION_HEX >= 0x030D0000
    if (PyType_HasFeature(Py_TYPE(object), Py_TPFLAGS_MANAGED_DICT))
        return 0;
#else
    (void)object;
#endif
    return dict_version(dict);
}

#endif
