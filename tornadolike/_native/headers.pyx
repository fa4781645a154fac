"""The header map's hot half: what stands before :class:`tornadolike.httputil.headers.FieldMap` among its bases.

A look at a field, setting one, adding one whose name and value are well-formed. For everything else, and to say what is
wrong with a name or a value, it calls the method of the same name of the reference, which is the next class.

Ownership: it owns its dict of fields (or shares it, as ``from_fields`` says), and nothing else.
"""

from cpython.dict cimport PyDict_CheckExact, PyDict_GetItemWithError, PyDict_Next, PyDict_SetItem
from cpython.object cimport PyObject
from copyreg import __newobj__

cdef extern from "Python.h":
    enum: PyUnicode_1BYTE_KIND
    int PyUnicode_KIND(object text)
    void* PyUnicode_1BYTE_DATA(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    int PyUnicode_CheckExact(object text)

cdef extern from *:
    """
    #define new_of(type) ((PyTypeObject *)(type))->tp_new((PyTypeObject *)(type), empty_tuple(), NULL)
    static PyObject *empty_tuple(void) {
        static PyObject *empty = NULL;  /* lives as long as the process */
        if (empty == NULL) empty = PyTuple_New(0);
        return empty;
    }
    """
    object new_of(object type)

cdef extern from "bytescan.h" nogil:
    const char* find_control(const char* at, const char* end)

cdef object reference = None            # FieldMap
cdef object whole = None                # HTTPHeaders
cdef object canonical_names = None      # name -> canonical name
cdef object field_names = None          # the same; all that it holds are tokens


def install(fallback, complete, canonical, checked):
    """What is needed of httputil.headers: FieldMap, HTTPHeaders, canonical_names, field_names."""
    global reference, whole, canonical_names, field_names
    reference, whole, canonical_names, field_names = fallback, complete, canonical, checked


cdef object canonical(object name):
    cdef PyObject* found
    if PyUnicode_CheckExact(name):
        found = PyDict_GetItemWithError(canonical_names, name)
        if found is not NULL:
            return <object>found
    return canonical_names[name]


cdef inline bint is_value(object value):
    """Whether it is a value that needs no further look: characters for bytes, no control character, no space around."""
    cdef const char* text
    cdef Py_ssize_t size
    if not PyUnicode_CheckExact(value) or PyUnicode_KIND(value) != PyUnicode_1BYTE_KIND:
        return False
    size = PyUnicode_GET_LENGTH(value)
    if size == 0:
        return True
    text = <const char*>PyUnicode_1BYTE_DATA(value)
    return (
        text[0] != c" " and text[0] != c"\t" and text[size - 1] != c" " and text[size - 1] != c"\t"
        and find_control(text, text + size) == text + size
    )


cdef class HotHeaders:
    """Before the reference; see above."""

    def __init__(self, *args, **kwargs):
        if args or kwargs:
            reference.__init__(self, *args, **kwargs)
        else:
            self._fields = {}

    @classmethod
    def from_fields(cls, fields):
        """Headers over a dict of canonical names to a value (or to a list of several), not copied."""
        headers = new_of(cls) if cls is whole else cls.__new__(cls)
        (<HotHeaders?>headers)._fields = fields
        return headers

    def add(self, name, value, *, _chars_are_bytes=True):
        """Add a field beside those of the same name. See the reference for what is refused."""
        cdef PyObject* found = NULL
        cdef PyObject* before
        if PyUnicode_CheckExact(name) and PyDict_CheckExact(self._fields) and is_value(value):
            found = PyDict_GetItemWithError(field_names, name)
        if found is NULL:
            # (Whatever the characters stand for, this one will do: it is a value by either rule.)
            reference.add(self, name, value, _chars_are_bytes=_chars_are_bytes)
            field_names[name]  # it has passed: it will be found the next time
            return
        before = PyDict_GetItemWithError(self._fields, <object>found)
        if before is NULL:
            PyDict_SetItem(self._fields, <object>found, value)
        elif isinstance(<object>before, list):
            (<object>before).append(value)
        else:
            PyDict_SetItem(self._fields, <object>found, [<object>before, value])

    def get_list(self, name):
        """All values of ``name``, apart; empty if there is none."""
        value = self._fields.get(canonical(name))
        if value is None:
            return []
        return list(value) if isinstance(value, list) else [value]

    def get(self, name, default=None):
        """The value of ``name`` (several joined by a comma), or ``default``."""
        cdef PyObject* value
        if not PyDict_CheckExact(self._fields):
            return reference.get(self, name, default)
        value = PyDict_GetItemWithError(self._fields, canonical(name))
        if value is NULL or <object>value is None:
            return default
        return ",".join(<object>value) if isinstance(<object>value, list) else <object>value

    def __getitem__(self, name):
        value = self._fields[canonical(name)]
        return ",".join(value) if isinstance(value, list) else value

    def __setitem__(self, name, value):
        self._fields[canonical(name)] = value

    def __delitem__(self, name):
        del self._fields[canonical(name)]

    def __contains__(self, name):
        return isinstance(name, str) and canonical(name) in self._fields

    def __len__(self):
        return len(self._fields)

    def __iter__(self):
        return iter(self._fields)

    def __reduce__(self):
        # As object.__reduce_ex__() does for what is written in Python, so that one mode reads what the other wrote.
        return __newobj__, (type(self),), self.__getstate__()


def copy_fields(fields):
    """A copy of a dict of fields whose lists are copies too."""
    cdef Py_ssize_t position = 0
    cdef PyObject* name = NULL
    cdef PyObject* value = NULL
    copied = fields.copy()
    # (Through the copy, which nobody else knows; a value may be replaced while one goes through.)
    if PyDict_CheckExact(copied):
        while PyDict_Next(copied, &position, &name, &value):
            if type(<object>value) is list:
                PyDict_SetItem(copied, <object>name, (<list><object>value).copy())
    else:
        for key, values in fields.items():
            if type(values) is list:
                copied[key] = values.copy()
    return copied
