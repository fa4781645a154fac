"""What is known of a class of handlers. See plans.pyx."""

cimport cython

from cpython.object cimport PyObject, PyTypeObject

cdef enum:
    METHOD_COUNT = 7
    # Behind the methods of HTTP among what is called straight:
    PREPARE = 7
    FINISHED = 8
    CALLED_COUNT = 9

# What of a handler has to be as it is in the framework for something to be done natively; bits of Plan.changed.
cdef enum Hooks:
    CREATING = 1            # __init__, and that no other class wants one
    DEFAULT_HEADERS = 2     # set_default_headers
    INITIALIZING = 4        # initialize
    RUNNING = 8             # the request's way, from _run_request on
    PREPARING = 16          # prepare
    DECODING = 32           # of arguments and path
    WRITING = 64            # write
    FINISHING = 128         # finish
    ENDING = 256            # what finish() is made of, but what has a bit of its own
    ETAG = 512              # compute_etag, max_etag_size
    CONDITIONS = 1024       # set_etag_header, check_etag_header
    SETTING = 2048          # set_header and what it uses
    STATUS = 4096           # set_status
    LOGGING = 8192          # _log
    ON_FINISH = 16384       # on_finish
    ARGUMENTS = 32768       # get_argument and what it uses
    QUERY_ARGUMENTS = 65536
    AUTO_FINISH = 131072
    PROTECTING = 262144     # _cross_origin_protection
    BODY = 524288           # _check_body_size, _check_form
    PLACES = 1048576        # the places of HotHandler are not where native code thinks they are
    EVERYTHING = 2097151

@cython.final
cdef class Plan:
    cdef unsigned int version           # of the class, or 0: then it is good for nothing but the moment
    cdef int changed                    # Hooks that are not as they are in the framework; EVERYTHING with PLACES
    # The functions that answer the methods, by scanner.Method, and prepare() and on_finish(): borrowed from the class,
    # which has them as long as its version is this. NULL: whatever it is, it is not simply called.
    cdef PyObject* methods[CALLED_COUNT]
    # An instance that nobody has any more can be used again: all that it has is what HotHandler has.
    cdef bint reusable

cdef Plan plan_of(PyTypeObject* cls)
# Whether any of these names is a hook, for who finds them in an instance's __dict__.
cdef bint names_a_hook(dict own) except -1
