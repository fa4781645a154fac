/* Where an object keeps a slot of its class (__slots__), so that it can be read without a look-up. */

#ifndef TORNADOLIKE_SLOTS_H
#define TORNADOLIKE_SLOTS_H

#include <structmember.h>

/* The offset of the slot that `member` (the descriptor that its class has of it) stands for; -1 with TypeError. */
static inline Py_ssize_t slot_offset(PyObject *member) {
    if (!PyObject_TypeCheck(member, &PyMemberDescr_Type) || ((PyMemberDescrObject *)member)->d_member->type != T_OBJECT_EX) {
        PyErr_Format(PyExc_TypeError, "%R is no slot", member);
        return -1;
    }
    return ((PyMemberDescrObject *)member)->d_member->offset;
}

/* What is in a slot: a borrowed reference, or NULL. */
static inline PyObject *slot_of(PyObject *object, Py_ssize_t offset) {
    return *(PyObject **)((char *)object + offset);
}

#endif
