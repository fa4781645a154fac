"""The arguments of a query, straight from its bytes: what :func:`.escape.parse_qs_bytes` gives for them.

Names are text by way of Latin-1, which carries every byte; values are bytes. An escape that is none stays as it is, a
``+`` is a space, and a field without ``=`` has an empty value.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize, PyBytes_AS_STRING
from cpython.dict cimport PyDict_GetItemWithError
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_DecodeLatin1
from libc.string cimport memchr

cdef enum:
    SMALL = 256


cdef inline int digit(char c) noexcept nogil:
    """The value of a hexadecimal digit, -1 for what is none."""
    if c"0" <= c <= c"9":
        return c - c"0"
    if c"a" <= c <= c"f":
        return c - c"a" + 10
    if c"A" <= c <= c"F":
        return c - c"A" + 10
    return -1


cdef Py_ssize_t unquote(const char* at, const char* end, char* to) noexcept nogil:
    """Write what these bytes stand for, which is no more than they are; gives how many that are."""
    cdef char* start = to
    cdef int high, low
    while at < end:
        if at[0] == c"%" and end - at > 2:
            high = digit(at[1])
            low = digit(at[2])
            if high >= 0 and low >= 0:
                to[0] = <char>(high * 16 + low)
                to += 1
                at += 3
                continue
        to[0] = c" " if at[0] == c"+" else at[0]
        to += 1
        at += 1
    return to - start


cdef inline bint is_quoted(const char* at, const char* end) noexcept nogil:
    return memchr(at, c"%", end - at) != NULL or memchr(at, c"+", end - at) != NULL


cdef object name_of(const char* at, const char* end):
    cdef char small[SMALL]
    cdef bytes large
    if not is_quoted(at, end):
        return PyUnicode_DecodeLatin1(at, end - at, NULL)
    if end - at <= SMALL:
        return PyUnicode_DecodeLatin1(small, unquote(at, end, small), NULL)
    large = value_of(at, end)
    return large.decode("latin1")


cdef bytes value_of(const char* at, const char* end):
    cdef char small[SMALL]
    cdef bytes large
    if not is_quoted(at, end):
        return PyBytes_FromStringAndSize(at, end - at)
    if end - at <= SMALL:
        return PyBytes_FromStringAndSize(small, unquote(at, end, small))
    large = PyBytes_FromStringAndSize(NULL, end - at)
    return large[:unquote(at, end, PyBytes_AS_STRING(large))]


cdef dict parse_query(const char* query, Py_ssize_t size, object limit):
    """Names and lists of values; None for more than ``limit`` fields."""
    cdef const char* at = query
    cdef const char* end = query + size
    cdef const char* stop
    cdef const char* equals
    cdef dict fields = {}
    cdef Py_ssize_t count = 1
    cdef PyObject* before
    while at < end:
        at = <const char*>memchr(at, c"&", end - at)
        if at is NULL:
            break
        count += 1
        at += 1
    if limit is not None and count > limit:
        return None
    at = query
    while at < end:
        stop = <const char*>memchr(at, c"&", end - at)
        if stop is NULL:
            stop = end
        if stop > at:
            equals = <const char*>memchr(at, c"=", stop - at)
            if equals is NULL:
                equals = stop
            name = name_of(at, equals)
            value = b"" if equals == stop else value_of(equals + 1, stop)
            before = PyDict_GetItemWithError(fields, name)
            if before is NULL:
                fields[name] = [value]
            else:
                (<list>before).append(value)
        at = stop + 1
    return fields


def parse(bytes query not None, limit=None):
    """:func:`parse_query`, for tests."""
    return parse_query(query, len(query), limit)
