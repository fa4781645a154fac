"""The Etag of a body, as Tornado's handlers compute it: its SHA-1 in hexadecimal digits, in quotes."""

cdef extern from "Python.h":
    object PyUnicode_New(Py_ssize_t size, Py_UCS4 largest)
    void* PyUnicode_1BYTE_DATA(object)

cdef extern from "sha1.h" nogil:
    void sha1_hex(const char* text, size_t size, char* digits)
    int sha1_choose(int plain)

sha1_choose(False)


cdef object etag_of(const char* body, Py_ssize_t size):
    cdef object etag = PyUnicode_New(42, 127)
    cdef char* text = <char*>PyUnicode_1BYTE_DATA(etag)
    text[0] = text[41] = c'"'
    sha1_hex(body, size, text + 1)
    return etag


# For tests

def etag(bytes body not None):
    """:func:`etag_of`."""
    return etag_of(body, len(body))


def choose(bint plain):
    """Compute without the processor's instructions for it, or with them; tells whether they are used."""
    return bool(sha1_choose(plain))
