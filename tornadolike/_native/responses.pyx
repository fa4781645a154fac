"""Heads of responses, taken apart without a pattern: for those that differ from all before.

Most heads a client has seen before, to the byte, and :class:`.ResponseHeadCache` knows what they say. Others (with a
cookie, a number of the request, a length of their own) are read here, if they are surely well-formed; of all else, what
is malformed or only unusual, the reference says what it is.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItemWithError
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_DecodeLatin1
from libc.string cimport memchr, memcmp

cdef extern from *:
    """
    /* What may stand in a value: visible ASCII, the space and the tab. Other bytes may be good, too, or not. */
    static int is_plain(const unsigned char *at, const unsigned char *end) {
        for (; at < end; at++)
            if ((*at < 0x20 && *at != '\\t') || *at > 0x7e)
                return 0;
        return 1;
    }
    """
    bint is_plain(const unsigned char* at, const unsigned char* end) noexcept nogil


def scan_head(bytes raw not None, Py_ssize_t max_count, names):
    """``(version, status, reason, fields)`` of a head without the line breaks at its end; None if it is not for us.

    :arg max_count: how many fields it may have.
    :arg names: a dict of the names of fields as they come, with the canonical ones; it learns by its ``__missing__``,
        which raises for what is no name.
    """
    cdef const unsigned char* at = <const unsigned char*>PyBytes_AS_STRING(raw)
    cdef const unsigned char* end = at + PyBytes_GET_SIZE(raw)
    cdef const unsigned char* line
    cdef const unsigned char* colon
    cdef const unsigned char* last
    cdef PyObject* known
    cdef int status
    cdef Py_ssize_t count = 0
    cdef dict fields = {}
    # "HTTP/1.1 200", and behind a space the reason.
    if end - at < 12 or memcmp(at, b"HTTP/1.1 ", 9) != 0:
        return None
    if not (49 <= at[9] <= 57 and 48 <= at[10] <= 57 and 48 <= at[11] <= 57):
        return None
    status = (at[9] - 48) * 100 + (at[10] - 48) * 10 + (at[11] - 48)
    last = _line_end(at, end)
    if last == NULL or not is_plain(at, last):
        return None
    if last - at > 12 and at[12] != 32:
        return None
    reason = _text(at + 13, last) if last - at > 12 else ""
    while last != end:
        line = last + 2
        last = _line_end(line, end)
        if last == NULL or not is_plain(line, last):
            return None
        count += 1
        if count > max_count:
            return None
        colon = <const unsigned char*>memchr(line, 58, last - line)
        if colon == NULL:
            return None
        said = _text(line, colon)
        known = PyDict_GetItemWithError(<dict>names, said)
        if known != NULL:
            name = <object>known
        else:
            try:
                name = names[said]
            except Exception:
                return None     # the reference says it
        line = colon + 1
        while line < last and (line[0] == 32 or line[0] == 9):
            line += 1
        colon = last
        while colon > line and ((colon - 1)[0] == 32 or (colon - 1)[0] == 9):
            colon -= 1
        value = _text(line, colon)
        known = PyDict_GetItemWithError(fields, name)
        if known == NULL:
            fields[name] = value
        elif type(<object>known) is list:
            (<list>known).append(value)
        else:
            fields[name] = [<object>known, value]
    return "HTTP/1.1", status, reason, fields


cdef inline const unsigned char* _line_end(const unsigned char* line, const unsigned char* end) noexcept nogil:
    """Where a line ends: at a CR LF, or with the head; NULL if there is half a line break."""
    cdef const unsigned char* found = <const unsigned char*>memchr(line, 13, end - line)
    if found == NULL:
        return end
    return found if end - found > 1 and found[1] == 10 else NULL


cdef inline object _text(const unsigned char* at, const unsigned char* end):
    return PyUnicode_DecodeLatin1(<const char*>at, end - at, NULL)
