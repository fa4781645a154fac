/* Contexts that are used again.

A context is a pointer to an immutable mapping, and who has entered it. So a copy of the current context that was
entered and left, that nobody else has, and that has the very mapping of the current one still, is as good as a new copy.

CPython does not tell of this structure, which is the same from 3.11 to 3.13 (pycore_context.h): contexts_prepare() looks
whether it is so. Elsewhere, and where it is not, each copy is a new one. */

#ifndef TORNADOLIKE_CONTEXTS_H
#define TORNADOLIKE_CONTEXTS_H

#include <Python.h>

typedef struct {
    PyObject_HEAD
    PyObject *previous;
    PyObject *mapping;
    PyObject *weak_references;
    int entered;
} ContextObject;

static int contexts_are_known = 0;

/* Whether this context, of which the caller has a reference, is nobody else's and in no use. */
static inline int context_is_free(PyObject *context)
{
    ContextObject *known = (ContextObject *)context;
    return Py_REFCNT(context) == 1 && known->weak_references == NULL && !known->entered;
}

/* A copy of the current context: `*spare`, which is given away then, if it is one. */
static inline PyObject *context_for(PyObject **spare)
{
    PyObject *current, *found = *spare;
    if (found == NULL)
        return PyContext_CopyCurrent();
    *spare = NULL;
    current = PyThreadState_Get()->context;
    if (current != NULL && ((ContextObject *)current)->mapping == ((ContextObject *)found)->mapping)
        return found;
    Py_DECREF(found);
    return PyContext_CopyCurrent();
}

/* Takes over the caller's reference: to keep the context, if it can be used again, or to let it go. */
static inline void context_done(PyObject **spare, PyObject *context)
{
    if (contexts_are_known && *spare == NULL && context_is_free(context))
        *spare = context;
    else
        Py_DECREF(context);
}

/* Look whether contexts are as they are described here: -1 with an exception if that fails. */
static int contexts_prepare(void)
{
#if PY_VERSION_HEX < 0x030E0000 && !defined(Py_GIL_DISABLED)
    PyObject *variable = NULL, *token = NULL, *before = NULL, *first = NULL, *second = NULL;
    int result = -1;
    if (PyContext_Type.tp_basicsize != sizeof(ContextObject)) {
        return 0;
    }
    if ((variable = PyContextVar_New("known", NULL)) == NULL || (first = PyContext_CopyCurrent()) == NULL
        || (second = PyContext_CopyCurrent()) == NULL || PyContext_Enter(second) < 0)
        goto end;
    contexts_are_known = ((ContextObject *)first)->mapping != NULL
        && ((ContextObject *)first)->mapping == ((ContextObject *)second)->mapping
        && ((ContextObject *)second)->entered == 1 && ((ContextObject *)first)->entered == 0
        && ((ContextObject *)first)->weak_references == NULL && PyThreadState_Get()->context == second;
    before = ((ContextObject *)second)->mapping;
    token = PyContextVar_Set(variable, Py_None);
    contexts_are_known = contexts_are_known && token != NULL && ((ContextObject *)second)->mapping != before;
    if (PyContext_Exit(second) < 0 || token == NULL)
        goto end;
    contexts_are_known = contexts_are_known && ((ContextObject *)second)->entered == 0;
    result = 0;
end:
    Py_XDECREF(token);
    Py_XDECREF(first);
    Py_XDECREF(second);
    Py_XDECREF(variable);
    return result;
#else
    return 0;
#endif
}

#endif
