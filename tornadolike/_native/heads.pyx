"""Heads of responses, written into an :class:`~.outgoing.Outgoing`.

What is written here is what :func:`tornadolike.http1.heads.encode_head` gives for the same fields, byte for byte. Text
that it might refuse (control characters, names that are no tokens, text beyond latin-1) is not written at all: the
reference is asked, and its refusal is the one that the author sees.
"""

from cpython.dict cimport PyDict_Next
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from cpython.object cimport PyObject
from libc.string cimport memcmp

from .outgoing cimport Outgoing

cdef extern from "texts.h":
    const char* latin1_of(object text, Py_ssize_t* size) noexcept
    bint is_plain_value(const char* text, Py_ssize_t size) noexcept
    bint is_token(const char* text, Py_ssize_t size) noexcept

DEF MOST_RECENT = 8


cdef const char* latin1(object text, Py_ssize_t* size) noexcept:
    return latin1_of(text, size)


cdef class DefaultHead:
    """A head that was made for this status, this reason and this content type."""


cdef class Heads:
    """The default heads of a server, each made once a tick by ``make_default(status, reason, content_type, tick)``."""

    def __cinit__(self, make_default):
        self.make_default = make_default
        self.recent = []

    cdef void start_tick(self, double tick) noexcept:
        if tick != self.tick:
            self.tick = tick
            self.next = 0
            self.last = None
            self.recent.clear()

    cdef bytes other_head(self, int status, object reason, object content_type):
        cdef DefaultHead one
        cdef Py_ssize_t i
        cdef bytes head
        for i in range(PyList_GET_SIZE(self.recent)):
            one = <DefaultHead>PyList_GET_ITEM(self.recent, i)
            if (
                one.status == status
                and (one.content_type is content_type or one.content_type == content_type)
                and (one.reason is reason or one.reason == reason)
            ):
                self.last = one
                return one.head
        head = self.make_default(status, reason, content_type, self.tick)
        one = DefaultHead.__new__(DefaultHead)
        one.status, one.reason, one.content_type, one.head = status, reason, content_type, head
        self.last = one
        if PyList_GET_SIZE(self.recent) < MOST_RECENT:
            self.recent.append(one)
        else:
            self.next += 1
            self.recent[(self.next - 1) % MOST_RECENT] = one
        return head


cdef inline int put_field(Outgoing out, const char* name, Py_ssize_t name_size, object value) except -1:
    cdef Py_ssize_t size = 0
    cdef const char* text = latin1_of(value, &size)
    if text == NULL or not is_plain_value(text, size):
        return 0
    out.reserve(name_size + size + 4)
    out.put(name, name_size)
    out.put(b": ", 2)
    out.put(text, size)
    out.put(b"\r\n", 2)
    return 1


cdef bint is_number(object value, Py_ssize_t number):
    return type(value) is str and value == str(number)


cdef int put_fields(
    Outgoing out, int status, object reason, dict fields, Py_ssize_t size, bint bodiless, bint* counted
) except -1:
    cdef Py_ssize_t before = out.size
    cdef Py_ssize_t at = 0, i, name_size = 0, reason_size = 0
    cdef PyObject* key
    cdef PyObject* value
    cdef const char* name
    cdef const char* text = latin1_of(reason, &reason_size)
    counted[0] = False
    if text == NULL or not is_plain_value(text, reason_size) or not 200 <= status <= 999:
        return 0
    out.reserve(reason_size + 16)
    out.put(b"HTTP/1.1 ", 9)
    out.put_number(status)
    out.put(b" ", 1)
    out.put(text, reason_size)
    out.put(b"\r\n", 2)
    while PyDict_Next(fields, &at, &key, &value):
        name = latin1_of(<object>key, &name_size)
        if name == NULL or not is_token(name, name_size):
            break
        if name_size == 14 and memcmp(name, b"Content-Length", 14) == 0:
            if bodiless or not is_number(<object>value, size):
                break
            counted[0] = True
        elif name_size == 10 and memcmp(name, b"Connection", 10) == 0:
            break
        elif name_size == 17 and memcmp(name, b"Transfer-Encoding", 17) == 0:
            break
        if type(<object>value) is list:
            for i in range(PyList_GET_SIZE(<object>value)):
                if not put_field(out, name, name_size, <object>PyList_GET_ITEM(<object>value, i)):
                    out.size = before
                    return 0
        elif not put_field(out, name, name_size, <object>value):
            break
    else:
        return 1
    out.size = before
    return 0
