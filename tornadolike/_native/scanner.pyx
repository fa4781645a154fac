"""The head of a request, scanned without making Python objects.

:func:`scan_head` is for a native reader that has the bytes in a room of its own. It says one of three things:

``WHOLE``
    The request line is one that the reference reader accepts as it stands, the head is within the limits, and the
    field section is lines of no control characters, with an empty line behind them. What the fields *are* is not
    looked at here: :class:`~.fields.Sections` does that, once for all messages that have the same.
``PART``
    These bytes may become such a head, and the reference would wait for more of them.
``OTHER``
    Anything else: malformed, too large, an empty line in front, ``HTTP/1.7``, a method or a form of a target that is
    not of the common ones. Nobody may answer by what this room says of it: the reference reads the same bytes again.

So it can only be stricter than the reference (:mod:`tornadolike.http1.request_reader`), and where it accepts, it means
the same. tests/native/test_scanner.py holds the two side by side.

A head that comes byte by byte is looked at from its beginning each time; whoever is told ``PART`` several times for one
head should let the reference have it, which looks at each byte once.

``known`` has to be a field section that came out of here, as a whole: it is compared, and not looked at.

It owns nothing: all pointers in :c:type:`Head` point into ``data``.
"""

from libc.string cimport memcmp

cdef extern from "bytescan.h" nogil:
    const char* find_control(const char* at, const char* end)
    const char* find_end_of_target(const char* at, const char* end)

cdef inline int is_method(const char* data, Py_ssize_t size, const char* name, Py_ssize_t name_size) noexcept nogil:
    """Whether ``data`` begins with a method and its space: 1 if so, 0 if not, -1 if it ends too soon to be sure."""
    if size >= name_size:
        return memcmp(data, name, name_size) == 0
    return -1 if memcmp(data, name, size) == 0 else 0


cdef inline int read_method(const char* data, Py_ssize_t size, int* method, Py_ssize_t* method_size) noexcept nogil:
    """As :func:`is_method`; tells which it is, and how long with its space."""
    cdef int found
    cdef char first = data[0]
    cdef char second = data[1] if size > 1 else 0
    if first == c"G":
        method[0], method_size[0], found = GET, 4, is_method(data, size, b"GET ", 4)
    elif first == c"P" and second == c"O":
        method[0], method_size[0], found = POST, 5, is_method(data, size, b"POST ", 5)
    elif first == c"H":
        method[0], method_size[0], found = HEAD, 5, is_method(data, size, b"HEAD ", 5)
    elif first == c"P" and second == c"U":
        method[0], method_size[0], found = PUT, 4, is_method(data, size, b"PUT ", 4)
    elif first == c"P" and second == c"A":
        method[0], method_size[0], found = PATCH, 6, is_method(data, size, b"PATCH ", 6)
    elif first == c"P" and size == 1:
        found = -1
    elif first == c"D":
        method[0], method_size[0], found = DELETE, 7, is_method(data, size, b"DELETE ", 7)
    elif first == c"O":
        method[0], method_size[0], found = OPTIONS, 8, is_method(data, size, b"OPTIONS ", 8)
    else:
        found = 0
    return found


cdef inline int read_version(const char* at, Py_ssize_t size, int* minor) noexcept nogil:
    """The version and its line break: 1 if they stand there, 0 if not, -1 if they may be what is beginning there."""
    if size < 10:
        if memcmp(at, b"HTTP/1.", size if size < 7 else 7) != 0:
            return 0
        if size > 7 and at[7] != c"0" and at[7] != c"1":
            return 0
        return 0 if size > 8 and at[8] != c"\r" else -1
    if memcmp(at, b"HTTP/1.", 7) != 0 or at[8] != c"\r" or at[9] != c"\n":
        return 0
    if at[7] == c"1":
        minor[0] = 1
        return 1
    minor[0] = 0
    return at[7] == c"0"


cdef inline int wait(Py_ssize_t size, const Limits* limits) noexcept nogil:
    """PART, unless the head is too large already. The last three bytes may belong to the line breaks that end it."""
    return PART if size - 3 <= limits.max_header_size else OTHER


cdef int scan_head(
    const char* data, Py_ssize_t size, const Limits* limits, const char* known, Py_ssize_t known_size, Head* head
) noexcept nogil:
    cdef const char* end = data + size
    cdef const char* at
    cdef const char* line
    cdef Py_ssize_t before = 0
    cdef int found
    if size <= 0:
        return PART
    found = read_method(data, size, &head.method, &before)
    if found <= 0:
        return wait(size, limits) if found < 0 else OTHER

    # The target
    at = data + before
    head.target = at
    if at == end:
        return wait(size, limits)
    if at[0] != c"/":
        return OTHER
    at = find_end_of_target(at + 1, end)
    head.target_size = at - head.target
    if head.target_size > limits.max_target_size:
        return OTHER
    if at == end:
        return wait(size, limits)
    if at[0] != c" ":
        return OTHER

    # The version
    at += 1
    found = read_version(at, end - at, &head.minor)
    if found <= 0:
        return wait(size, limits) if found < 0 else OTHER
    at += 10
    head.fields = at
    head.fields_known = False

    # The fields. Clients say the same again and again, on one connection at the least.
    if (
        known != NULL
        and known_size > 0
        and end - at >= known_size + 4
        and memcmp(at + known_size, b"\r\n\r\n", 4) == 0
        and memcmp(at, known, known_size) == 0
    ):
        at += known_size + 2
        head.fields_known = True
    else:
        line = at
        while True:
            at = find_control(line, end)
            if end - at >= 2:
                if at[0] != c"\r" or at[1] != c"\n":
                    return OTHER
                if at == line:
                    break
                line = at + 2
            elif at != end and at[0] != c"\r":
                return OTHER
            else:
                return wait(size, limits)

    # Now `at` is the empty line; the line break before it ends the last field, or the request line if there are none.
    head.size = at + 2 - data
    if head.size - 4 > limits.max_header_size:
        return OTHER
    head.fields_size = at - head.fields - 2
    if head.fields_size < 0:
        head.fields_size = 0
    head.path_size = find_query(head.target, head.target_size)
    return WHOLE


cdef inline Py_ssize_t find_query(const char* target, Py_ssize_t size) noexcept nogil:
    """How much of a target is its path. (Most are short: memchr() would take longer to begin.)"""
    cdef Py_ssize_t i
    for i in range(size):
        if target[i] == c"?":
            return i
    return size


def scan(bytes data, Py_ssize_t max_header_size=65536, Py_ssize_t max_target_size=16384, bytes known=None):
    """What :func:`scan_head` says of ``data``, for tests.

    ``"part"``, ``"other"``, or of a whole head ``(method's number, minor version, target, path, fields, size)``.
    """
    cdef Limits limits
    cdef Head head
    cdef const char* known_bytes = NULL
    limits.max_header_size = max_header_size
    limits.max_target_size = max_target_size
    if known is not None:
        known_bytes = known
    cdef int verdict = scan_head(
        data, len(data), &limits, known_bytes, 0 if known is None else len(known), &head
    )
    if verdict != WHOLE:
        return "part" if verdict == PART else "other"
    return (
        head.method, head.minor, head.target[:head.target_size], head.target[:head.path_size],
        head.fields[:head.fields_size], head.size,
    )
