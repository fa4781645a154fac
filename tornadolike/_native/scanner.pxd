"""The head of a request, scanned without making Python objects. See scanner.pyx."""

cdef enum Verdict:
    WHOLE       # a well-formed head that needs no further look: all of Head is filled in
    PART        # nothing wrong so far; more bytes are needed
    OTHER       # anything else, malformed or only unusual: the reference reader judges the same bytes

cdef enum Method:
    NO_METHOD = -1
    GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS

cdef struct Limits:
    Py_ssize_t max_header_size
    Py_ssize_t max_target_size

cdef struct Head:
    int method                  # a Method
    int minor                   # of the version: 1 or 0
    const char* target          # in origin form: it begins with a slash; visible ASCII without "#"
    Py_ssize_t target_size
    Py_ssize_t path_size        # of the target, up to "?"; target_size if there is no query
    const char* fields          # the field section, without its last CRLF and the empty line
    Py_ssize_t fields_size
    bint fields_known           # it is equal to `known`
    Py_ssize_t size             # of the whole head, empty line included

# `known` is the field section of the message before (NULL for none): where the same bytes stand here again, with an
# empty line behind them, they are not looked at once more.
cdef int scan_head(
    const char* data, Py_ssize_t size, const Limits* limits, const char* known, Py_ssize_t known_size, Head* head
) noexcept nogil
