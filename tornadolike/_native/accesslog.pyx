"""The line of a request in an access log, and where lines wait until they are written.

What is common is done here: a line in which nothing has to be escaped, for a log that waits for more. All else is the
reference's affair, by the same names: lines that are different in whatever way (``CombinedLog.format``), the first
line, those that are too many, and those that come when the file is closed (``Batches.write_line``).

The lines are Python's strings. They belong to the list of the batch, until the thread that writes takes it.
"""

from cpython.dict cimport PyDict_CheckExact
from cpython.long cimport PyLong_CheckExact
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_CheckExact
from libc.string cimport memcpy
from libc.time cimport time

from .counters cimport born, count_deaths, kind_of

cdef int BATCH = kind_of("HotBatch")

cdef extern from "Python.h":
    object PyObject_GenericGetDict(object o, void* closure)
    object PyUnicode_New(Py_ssize_t size, unsigned int maximum)
    bint PyUnicode_IS_COMPACT_ASCII(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    unsigned char* PyUnicode_1BYTE_DATA(object text)
    Py_ssize_t PyLong_AsSsize_t(object number) except? -1
    PyObject* PyDict_GetItemWithError(object mapping, object key) except? NULL

cdef object plain_format = None
cdef object plain_user = None


def install(format, user):
    """What the reference's log does, unless it is overridden."""
    global plain_format, plain_user
    plain_format = format
    plain_user = user


cdef class HotBatch:
    """Where lines wait. The interpreter's lock keeps threads apart here, as nothing in it lets another one run."""

    cdef public object _lock, _thread, _wake
    cdef public list _lines
    cdef public Py_ssize_t _size, _left_size, _lost, _flush_size, _max_pending_size
    cdef public bint _closed

    def __cinit__(self):
        born(BATCH)

    def write_line(self, line):
        """Add ``line``, without its line break. After :meth:`close` it is dropped."""
        if type(line) is not str or self._thread is None or self._closed or self._lines is None:
            super().write_line(line)
            return
        cdef Py_ssize_t before = self._size
        cdef Py_ssize_t after = before + PyUnicode_GET_LENGTH(line) + 1
        if after + self._left_size > self._max_pending_size:
            super().write_line(line)
            return
        line = <str>line + "\n"
        self._size = after
        self._lines.append(line)
        if len(self._lines) == 1:
            self._wake.put("there are lines")
        if before < self._flush_size <= after:
            self._wake.put("there are many lines")

    def _take(self):
        with self._lock:  # those who write by the reference
            return self._take_at_once()

    cdef tuple _take_at_once(self):
        lines = self._lines
        lost = self._lost
        self._lines = []
        self._left_size = self._size
        self._size = self._lost = 0
        return lines, lost


cdef enum:
    BETWEEN = 16    # characters of a line that are always the same


cdef class HotCombined:
    """Writes the lines of a ``CombinedLog`` in which nothing is to be escaped."""

    def __call__(self, handler):
        line = None
        if is_method(self, "format", plain_format) and is_method(self, "user", plain_user):
            line = plain_line(self, handler)
        self._write_line(self.format(handler) if line is None else line)


cdef bint is_method(object log, object name, object function) except -1:
    """Whether neither a subclass nor this object itself has another method of this name."""
    return getattr(type(log), name) is function and name not in <dict>PyObject_GenericGetDict(log, NULL)


cdef object plain_line(object log, object handler):
    """The line for the request of ``handler``; None if it is not for us to say how it is to be written."""
    request = handler.request
    fields = request._fields
    if not PyDict_CheckExact(fields):
        return None
    referer = found(<dict>fields, "Referer")
    agent = found(<dict>fields, "User-Agent")
    ip = request.remote_ip or "-"
    user = getattr(handler, "_current_user", None)
    if not PyUnicode_CheckExact(user):
        if isinstance(user, (str, bytes)):
            return None
        user = "-"
    elif not user:
        user = "-"
    known, stamp = log._stamp
    if known != time(NULL):
        stamp = log._now()
    method = request.method
    uri = handler.logged_uri
    version = request.version
    status = handler._status_code
    size = handler.body_size
    if not PyLong_CheckExact(status) or not PyLong_CheckExact(size):
        return None
    if not (
        is_plain(ip)
        and is_plain(user)
        and is_plain(method)
        and is_plain(uri)
        and is_plain(version)
        and is_plain(referer)
        and is_plain(agent)
        and is_plain(stamp)
    ):
        return None
    cdef Py_ssize_t length = (
        PyUnicode_GET_LENGTH(ip)
        + PyUnicode_GET_LENGTH(user)
        + PyUnicode_GET_LENGTH(method)
        + PyUnicode_GET_LENGTH(uri)
        + PyUnicode_GET_LENGTH(version)
        + PyUnicode_GET_LENGTH(referer)
        + PyUnicode_GET_LENGTH(agent)
        + PyUnicode_GET_LENGTH(stamp)
    )
    cdef unsigned char numbers[64]
    cdef unsigned char* end = digits(numbers, PyLong_AsSsize_t(status))
    end = digits(literal(end, b" ", 1), PyLong_AsSsize_t(size))
    length += (end - numbers) + BETWEEN
    line = PyUnicode_New(length, 127)
    cdef unsigned char* o = PyUnicode_1BYTE_DATA(line)
    # What stands between quotation marks may have spaces in it, a word may not.
    o = put(o, ip, 33)
    if o != NULL:
        o = put(literal(o, b" - ", 3), user, 33)
    if o != NULL:
        o = put(literal(o, b" ", 1), stamp, 32)
    if o != NULL:
        o = put(literal(o, b' "', 2), method, 32)
    if o != NULL:
        o = put(literal(o, b" ", 1), uri, 32)
    if o != NULL:
        o = put(literal(o, b" ", 1), version, 32)
    if o != NULL:
        o = literal(o, b'" ', 2)
        memcpy(o, numbers, end - numbers)
        o = put(literal(o + (end - numbers), b' "', 2), referer, 32)
    if o != NULL:
        o = put(literal(o, b'" "', 3), agent, 32)
    if o == NULL:
        return None
    literal(o, b'"', 1)
    return line


cdef inline bint is_plain(object text):
    return PyUnicode_CheckExact(text) and PyUnicode_IS_COMPACT_ASCII(text)


cdef inline object found(dict fields, object name):
    cdef PyObject* value = PyDict_GetItemWithError(fields, name)
    return "-" if value == NULL else <object>value


cdef inline unsigned char* literal(unsigned char* o, const char* text, Py_ssize_t size) noexcept:
    memcpy(o, text, size)
    return o + size


cdef unsigned char* put(unsigned char* o, object text, unsigned char lowest) noexcept:
    """Copy ``text``; NULL if something in it has to be escaped."""
    cdef const unsigned char* data = PyUnicode_1BYTE_DATA(text)
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(text), i
    cdef unsigned char c, bad = 0
    for i in range(size):
        c = data[i]
        bad |= (c < lowest) | (c > 126) | (c == 34) | (c == 92)
        o[i] = c
    return NULL if bad else o + size


cdef unsigned char* digits(unsigned char* o, Py_ssize_t number) noexcept:
    """Write ``number`` in decimal; return its end."""
    cdef unsigned char reversed_[24]
    cdef int count = 0
    if number < 0:
        o[0] = 45
        o += 1
        number = -number
    while True:
        reversed_[count] = <unsigned char>(48 + number % 10)
        count += 1
        number //= 10
        if number == 0:
            break
    while count:
        count -= 1
        o[0] = reversed_[count]
        o += 1
    return o


count_deaths(HotBatch, BATCH)
