"""The Etag of a body, as Tornado's handlers compute it: its SHA-1 in hexadecimal digits, in quotes."""

cdef extern from "sha1.h" nogil:
    void sha1_hex(const char* text, size_t size, char* digits)
    int sha1_choose(int plain)

sha1_choose(False)


cdef void put_etag(const char* body, Py_ssize_t size, char* etag) noexcept nogil:
    etag[0] = etag[ETAG_SIZE - 1] = c'"'
    sha1_hex(body, size, etag + 1)


# For tests

def etag(bytes body not None):
    """The Etag of a body."""
    cdef char[ETAG_SIZE] made
    put_etag(body, len(body), made)
    return made[:ETAG_SIZE].decode("ascii")


def choose(bint plain):
    """Compute without the processor's instructions for it, or with them; tells whether they are used."""
    return bool(sha1_choose(plain))
