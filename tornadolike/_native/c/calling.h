/* Calls, and what CPython keeps in its types: all that we use which is not in the public API stands here. */

#ifndef TORNADOLIKE_CALLING_H
#define TORNADOLIKE_CALLING_H

#include <Python.h>
#include <structmember.h>

#define CALL_ON_STACK 6

/* callback(*args). The arguments get a free place before them, where a bound method puts its object. */
static inline PyObject *call_with(PyObject *callback, PyObject *args)
{
    PyObject *stack[CALL_ON_STACK + 1];
    Py_ssize_t i, count = PyTuple_GET_SIZE(args);

    if (count > CALL_ON_STACK)
        return PyObject_Call(callback, args, NULL);
    stack[0] = NULL;
    for (i = 0; i < count; i++)
        stack[i + 1] = PyTuple_GET_ITEM(args, i);
    return PyObject_Vectorcall(callback, stack + 1, (size_t)count | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
}

/* Where a slot of a class written in Python is in its objects; -1 if `descriptor` is none. */
static Py_ssize_t slot_offset(PyObject *descriptor)
{
    if (!Py_IS_TYPE(descriptor, &PyMemberDescr_Type))
        return -1;
    PyMemberDef *member = ((PyMemberDescrObject *)descriptor)->d_member;
    return member->type == T_OBJECT_EX ? member->offset : -1;
}

/* Whether nobody refers to an object weakly. (From 3.12 on the list stands before the object.) */
static inline int has_no_weakrefs(PyObject *object)
{
    Py_ssize_t offset = Py_TYPE(object)->tp_weaklistoffset;
    return offset == 0 || *(PyObject **)((char *)object + offset) == NULL;
}

/* What a class or one of its bases has under a name: borrowed, NULL without an error if none. */
static inline PyObject *class_attribute(PyTypeObject *type, PyObject *name)
{
    return _PyType_Lookup(type, name); /* exported by 3.11, 3.12 and 3.13 */
}

/* For `except -1` functions: the error that is pending is theirs. */
static inline int raise_pending(void) { return -1; }

#endif
