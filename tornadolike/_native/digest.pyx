"""The Etag of a body, as Tornado's handlers compute it: its SHA-1 in hexadecimal digits, in quotes.

Of bodies that somebody keeps besides the response (a constant of the code, a page that is kept in memory) the Etag is
remembered, by the object: neither a ``str`` nor a ``bytes`` ever changes.

Ownership: a body whose Etag is remembered is owned by its place in the table until another takes that place. So there
are never more than ``PLACES`` of them, of ``LARGEST`` bytes at the most, and each of them had another owner then.
"""

from cpython.object cimport PyObject
from libc.string cimport memcpy

cdef extern from "Python.h":
    Py_ssize_t Py_REFCNT(object) noexcept
    void Py_INCREF(object) noexcept
    void Py_XDECREF(PyObject*) noexcept

cdef extern from "sha1.h" nogil:
    void sha1_hex(const char* text, size_t size, char* digits)
    int sha1_choose(int plain)

cdef enum:
    PLACES = 64
    LARGEST = 128 * 1024

cdef struct Known:
    PyObject* body
    char[ETAG_LINE] line

cdef Known[PLACES] known

sha1_choose(False)


cdef inline Known* place_of(object body) noexcept:
    # (Objects are sixteen bytes apart at the least, and few are as small as that.)
    return &known[(<size_t><PyObject*>body >> 5) % PLACES]


cdef void compute(const char* data, Py_ssize_t size, char* line) noexcept:
    memcpy(line, b'Etag: "', ETAG_AT + 1)
    sha1_hex(data, size, line + ETAG_AT + 1)
    memcpy(line + ETAG_AT + ETAG_SIZE - 1, b'"\r\n', 3)


cdef void put_etag(object body, Py_ssize_t holders, const char* data, Py_ssize_t size, char* line) noexcept:
    cdef Known* place = place_of(body)
    cdef PyObject* before
    if place.body == <PyObject*>body:
        memcpy(line, place.line, ETAG_LINE)
        return
    compute(data, size, line)
    if Py_REFCNT(body) > holders and size <= LARGEST and (type(body) is str or type(body) is bytes):
        before = place.body
        Py_INCREF(body)
        place.body = <PyObject*>body
        memcpy(place.line, line, ETAG_LINE)
        Py_XDECREF(before)


# For tests

def etag(bytes body not None):
    """The Etag of a body."""
    cdef char[ETAG_LINE] made
    compute(body, len(body), made)
    return made[ETAG_AT:ETAG_AT + ETAG_SIZE].decode("ascii")


def is_known(body):
    """Whether the Etag of this very object is remembered."""
    return place_of(body).body == <PyObject*>body


def choose(bint plain):
    """Compute without the processor's instructions for it, or with them; tells whether they are used."""
    return bool(sha1_choose(plain))
