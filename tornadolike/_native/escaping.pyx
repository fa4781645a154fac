"""Escaping for HTML in one pass: the twins of what templates put each value through.

A text is looked through once, in whatever width its characters are kept (1, 2 or 4 bytes each). Most hold nothing to
escape, and are given back as they are, not copied. For others the size of the result is known after that pass, and it
is written into place by a second one.

Nothing here owns memory but the strings that it returns.
"""

import html

cimport cython
from cpython.object cimport PyObject_Str
from cpython.unicode cimport PyUnicode_CheckExact, PyUnicode_FromObject

cdef extern from "Python.h":
    int PyUnicode_KIND(object text)
    void* PyUnicode_DATA(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    Py_UCS4 PyUnicode_MAX_CHAR_VALUE(object text)
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 highest)
    bint PyLong_CheckExact(object value)
    bint PyFloat_CheckExact(object value)
    bint PyBool_Check(object value)

cdef extern from "escape_html.h":
    # How many characters a text grows by; -1 if there are too many to count.
    Py_ssize_t growth_1(const void* text, Py_ssize_t size) noexcept nogil
    Py_ssize_t growth_2(const void* text, Py_ssize_t size) noexcept nogil
    Py_ssize_t growth_4(const void* text, Py_ssize_t size) noexcept nogil
    void escape_1(const void* text, Py_ssize_t size, void* to) noexcept nogil
    void escape_2(const void* text, Py_ssize_t size, void* to) noexcept nogil
    void escape_4(const void* text, Py_ssize_t size, void* to) noexcept nogil


cdef str _escaped(str text):
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(text), growth
    cdef int kind = PyUnicode_KIND(text)
    cdef const void* data = PyUnicode_DATA(text)
    cdef str made
    if kind == 1:
        growth = growth_1(data, size)
    elif kind == 2:
        growth = growth_2(data, size)
    else:
        growth = growth_4(data, size)
    if growth == 0:
        return text
    if growth < 0:
        raise MemoryError
    made = PyUnicode_New(size + growth, PyUnicode_MAX_CHAR_VALUE(text))
    if kind == 1:
        escape_1(data, size, PyUnicode_DATA(made))
    elif kind == 2:
        escape_2(data, size, PyUnicode_DATA(made))
    else:
        escape_4(data, size, PyUnicode_DATA(made))
    return made


cdef str _text_of(value):
    if isinstance(value, str):
        return PyUnicode_FromObject(value)
    if isinstance(value, bytes):
        return value.decode()
    return PyUnicode_FromObject(PyObject_Str(value))


@cython.binding(False)
def text_of(value):
    """As Tornado makes text of a value: subclasses of str are what they hold, not what they print."""
    return value if PyUnicode_CheckExact(value) else _text_of(value)


cdef bint _is_harmless(value):
    """Whether there can be nothing to escape in its text."""
    return PyLong_CheckExact(value) or PyFloat_CheckExact(value) or value is None or PyBool_Check(value)


cdef str _escaped_value(value):
    if PyUnicode_CheckExact(value):
        return _escaped(<str>value)
    if _is_harmless(value):
        return PyObject_Str(value)
    return _escaped(_text_of(value))


@cython.binding(False)
def escaped(value):
    """Anything as text that :func:`~tornadolike.escape.xhtml_escape` has made safe."""
    return _escaped_value(value)


@cython.binding(False)
def escaped_text(str value not None):
    """The same for text."""
    return _escaped(value)


# What is HTML already, but may not end what it stands in.
cdef dict _MARKUP = str.maketrans({"<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


@cython.binding(False)
def text(value):
    """Between tags."""
    if PyUnicode_CheckExact(value) or _is_harmless(value):      # to look for their HTML would be in vain
        return _escaped_value(value)
    made = getattr(value, "__html__", None)
    return _escaped(_text_of(value)) if made is None else _text_of(made())


@cython.binding(False)
def quoted(value):
    """In an attribute's quotes, and in elements that hold text only; HTML stays HTML but for quotes and tags."""
    if PyUnicode_CheckExact(value) or _is_harmless(value):      # to look for their HTML would be in vain
        return _escaped_value(value)
    made = getattr(value, "__html__", None)
    return _escaped(_text_of(value)) if made is None else _text_of(made()).translate(_MARKUP)


def xhtml_escape(value):
    """Make text safe inside HTML and XML elements and quoted attributes."""
    if PyUnicode_CheckExact(value):
        return _escaped(<str>value)
    if isinstance(value, bytes):
        value = value.decode("utf-8")
        if PyUnicode_CheckExact(value):
            return _escaped(<str>value)
    if value is None or isinstance(value, str):
        return html.escape(value)       # which may have methods of its own
    raise TypeError(f"Expected bytes, str, or None; got {type(value)!r}")
