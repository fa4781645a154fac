"""JSON, byte for byte as :func:`.escape.json_encode` writes it: ``json.dumps(value)`` with ``<\\/`` for ``</``.

Why not msgspec or orjson: both write other bytes for the same data (no space behind a comma and a colon, text beyond
ASCII as it is, other texts for some floats), so that a site's responses, their lengths and Etags would change with what
happens to be installed. What is here takes the same values as they are fast with, in about the time that they take, and
is always there.

What is written here: dict, list, tuple, str, int, float, bool and None, of just these classes. For anything else, for
what is nested deeply or in circles, :func:`encode_json` gives None, and nothing has happened: no code of anybody's was
called.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.dict cimport PyDict_GetItemWithError
from cpython.object cimport PyObject
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, strlen

from .counters cimport born, died, kind_of

cdef int TEXT = kind_of("large JSON text")

cdef extern from "Python.h":
    int PyDict_Next(object, Py_ssize_t*, PyObject**, PyObject**)
    long long PyLong_AsLongLongAndOverflow(object, int*) except? -1
    char* PyOS_double_to_string(double, char, int, int, int*) except NULL
    void PyMem_Free(void*)
    enum: Py_DTSF_ADD_DOT_0
    double PyFloat_AS_DOUBLE(object)
    int PyUnicode_KIND(object)
    void* PyUnicode_DATA(object)
    Py_UCS4 PyUnicode_READ(int, void*, Py_ssize_t)
    Py_ssize_t PyUnicode_GET_LENGTH(object)
    Py_ssize_t PyList_GET_SIZE(object)
    Py_ssize_t PyTuple_GET_SIZE(object)
    PyObject* PyList_GET_ITEM(object, Py_ssize_t)
    PyObject* PyTuple_GET_ITEM(object, Py_ssize_t)

cdef enum:
    SMALL = 1024
    DEEPEST = 64

cdef enum Written:
    DONE = 0
    UNUSUAL = 1

cdef struct Text:
    char* data
    Py_ssize_t size, room
    bint is_large                   # `data` is of malloc()
    char small[SMALL]

cdef object reference = None
cdef dict json_names = None
cdef object dumps = None                # json.dumps() as it was when the package was imported

cdef const char* HEX = b"0123456789abcdef"


def install(function, module):
    """What is needed of escape.

    :arg function: json_encode() as it is in Python, which is asked for all else.
    :arg module: the names of the json module, one of which somebody may patch.
    """
    global reference, json_names, dumps
    reference, json_names, dumps = function, module, module["dumps"]


cdef int make_room(Text* text, Py_ssize_t more) except -1:
    """Have room for so many bytes more."""
    cdef Py_ssize_t room = text.room
    cdef char* data
    if text.size + more <= room:
        return 0
    while room < text.size + more:
        room *= 2
    data = <char*>(realloc(text.data, room) if text.is_large else malloc(room))
    if data is NULL:
        raise MemoryError()
    if not text.is_large:
        born(TEXT)
        memcpy(data, text.data, text.size)
    text.data = data
    text.room = room
    text.is_large = True
    return 0


cdef inline int put(Text* text, const char* data, Py_ssize_t size) except -1:
    make_room(text, size)
    memcpy(text.data + text.size, data, size)
    text.size += size
    return 0


cdef inline char* put_unit(char* to, unsigned int unit) noexcept nogil:
    """A unit of UTF-16 as an escape."""
    to[0] = c"\\"
    to[1] = c"u"
    to[2] = HEX[unit >> 12 & 15]
    to[3] = HEX[unit >> 8 & 15]
    to[4] = HEX[unit >> 4 & 15]
    to[5] = HEX[unit & 15]
    return to + 6


cdef inline char* put_character(char* to, unsigned int character, unsigned int before) noexcept nogil:
    """A character of a text; ``before`` is the one before it."""
    cdef char short = 0
    if c" " <= character <= c"~":
        if character == c'"' or character == c"\\" or (character == c"/" and before == c"<"):
            to[0] = c"\\"
            to += 1
        to[0] = <char>character
        return to + 1
    if character == c"\n":
        short = c"n"
    elif character == c"\r":
        short = c"r"
    elif character == c"\t":
        short = c"t"
    elif character == c"\f":
        short = c"f"
    elif character == c"\b":
        short = c"b"
    if short:
        to[0] = c"\\"
        to[1] = short
        return to + 2
    if character >= 0x10000:
        character -= 0x10000
        to = put_unit(to, 0xd800 | character >> 10)
        return put_unit(to, 0xdc00 | character & 0x3ff)
    return put_unit(to, character)


cdef int put_text(Text* text, object value) except -1:
    """A str."""
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(value), i = 0, end
    cdef int kind = PyUnicode_KIND(value)
    cdef void* data = PyUnicode_DATA(value)
    cdef Py_UCS4 character, before = 0
    cdef char* to
    make_room(text, 2)
    text.data[text.size] = c'"'
    text.size += 1
    while i < size:
        # Room for the longest escapes, but not for all of a long text, which has hardly any.
        end = min(size, i + 64)
        make_room(text, (end - i) * 12 + 1)
        to = text.data + text.size
        while i < end:
            character = PyUnicode_READ(kind, data, i)
            to = put_character(to, character, before)
            before = character
            i += 1
        text.size = to - text.data
    text.data[text.size] = c'"'
    text.size += 1
    return DONE


cdef int put_int(Text* text, object value) except -1:
    """An int."""
    cdef char digits[24]
    cdef int at = 24, overflow = 0
    cdef long long number = PyLong_AsLongLongAndOverflow(value, &overflow)
    cdef unsigned long long rest
    if overflow:
        return UNUSUAL
    rest = -<unsigned long long>number if number < 0 else <unsigned long long>number
    while True:
        at -= 1
        digits[at] = <char>(c"0" + rest % 10)
        rest //= 10
        if not rest:
            break
    if number < 0:
        at -= 1
        digits[at] = c"-"
    put(text, digits + at, 24 - at)
    return DONE


cdef int put_float(Text* text, object value) except -1:
    """A float."""
    cdef double number = PyFloat_AS_DOUBLE(value)
    cdef char* digits
    if number != number:
        put(text, b"NaN", 3)
    elif number - number != 0:
        if number > 0:
            put(text, b"Infinity", 8)
        else:
            put(text, b"-Infinity", 9)
    else:
        digits = PyOS_double_to_string(number, c"r", 0, Py_DTSF_ADD_DOT_0, NULL)
        try:
            put(text, digits, strlen(digits))
        finally:
            PyMem_Free(digits)
    return DONE


cdef int put_key(Text* text, object key) except -1:
    """A key, which is a text whatever it was."""
    if type(key) is str:
        return put_text(text, key)
    if type(key) is dict or type(key) is list or type(key) is tuple:
        return UNUSUAL
    put(text, b'"', 1)
    if put_value(text, key, 0) == UNUSUAL:
        return UNUSUAL
    put(text, b'"', 1)
    return DONE


cdef int put_value(Text* text, object value, int depth) except -1:
    """Any value."""
    cdef PyObject* key
    cdef PyObject* item
    cdef Py_ssize_t position = 0, i
    cdef object kind = type(value)
    if kind is str:
        return put_text(text, value)
    if kind is int:
        return put_int(text, value)
    if value is None:
        put(text, b"null", 4)
    elif value is True:
        put(text, b"true", 4)
    elif value is False:
        put(text, b"false", 5)
    elif kind is float:
        return put_float(text, value)
    elif depth > DEEPEST:
        return UNUSUAL
    elif kind is dict:
        put(text, b"{", 1)
        i = 0
        while PyDict_Next(value, &position, &key, &item):
            if i:
                put(text, b", ", 2)
            i = 1
            if put_key(text, <object>key) == UNUSUAL:
                return UNUSUAL
            put(text, b": ", 2)
            if put_value(text, <object>item, depth + 1) == UNUSUAL:
                return UNUSUAL
        put(text, b"}", 1)
    elif kind is list:
        put(text, b"[", 1)
        for i in range(PyList_GET_SIZE(value)):
            if i:
                put(text, b", ", 2)
            if put_value(text, <object>PyList_GET_ITEM(value, i), depth + 1) == UNUSUAL:
                return UNUSUAL
        put(text, b"]", 1)
    elif kind is tuple:
        put(text, b"[", 1)
        for i in range(PyTuple_GET_SIZE(value)):
            if i:
                put(text, b", ", 2)
            if put_value(text, <object>PyTuple_GET_ITEM(value, i), depth + 1) == UNUSUAL:
                return UNUSUAL
        put(text, b"]", 1)
    else:
        return UNUSUAL
    return DONE


cdef bytes encode_json(object value):
    """The JSON of ``value``; None if the reference has to write it."""
    cdef Text text
    if PyDict_GetItemWithError(json_names, "dumps") is not <PyObject*>dumps:
        return None
    text.data = text.small
    text.size = 0
    text.room = SMALL
    text.is_large = False
    try:
        if put_value(&text, value, 0) == UNUSUAL:
            return None
        return PyBytes_FromStringAndSize(text.data, text.size)
    finally:
        if text.is_large:
            free(text.data)
            died(TEXT)


def json_encode(value):
    """JSON that may stand inside a ``<script>`` element: ``</`` is written as ``<\\\\/``.

    Raises :exc:`TypeError` for what JSON cannot hold.
    """
    cdef bytes text = encode_json(value)
    return reference(value) if text is None else text.decode("ascii")
