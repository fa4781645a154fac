"""The reader of requests, its hot half: what stands before :class:`tornadolike.http1.request_reader.RequestReading`.

:meth:`HotReader.next_event` makes the event of a head that is whole in the buffer, well-formed and of a usual kind; it
says so where nothing is in the buffer; everything else it leaves to the reference, before it has changed anything.

It has no fields of its own. The state is where the reference has it, and any of the two may go on at any byte.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeLatin1

from .fields cimport Section, Sections
from .scanner cimport WHOLE, Head, Limits, scan_head

cdef object reference = None            # RequestReading
cdef object request_class = None        # HTTPServerRequest
cdef object input_error = None          # HTTPInputError
cdef object monotonic = None            # time.monotonic

cdef tuple METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")


def install(fallback, request, error, clock):
    """What is needed of the upper rooms: RequestReading, HTTPServerRequest, HTTPInputError, time.monotonic."""
    global reference, request_class, input_error, monotonic
    reference, request_class, input_error, monotonic = fallback, request, error, clock


cdef object make_request(const Head* head, Section section):
    """The request that a head asks for, as the reference makes it."""
    request = request_class.__new__(request_class)
    request.method = METHODS[head.method]
    uri = PyUnicode_DecodeLatin1(head.target, head.target_size, NULL)
    request.uri = uri
    if head.minor == 0:
        request.version = "HTTP/1.0"
    request._start_time = monotonic()
    if head.path_size == head.target_size:
        request.path = uri
        request.query = ""
    else:
        request.path = PyUnicode_DecodeLatin1(head.target, head.path_size, NULL)
        request.query = PyUnicode_DecodeLatin1(
            head.target + head.path_size + 1, head.target_size - head.path_size - 1, NULL
        )
    request._fields = section.fields
    return request


cdef class HotReader:
    """Before the reference; see above."""

    def next_event(self):
        """The next event, or None. Raises :exc:`HTTPInputError`."""
        cdef Head head
        cdef Limits limits
        cdef Section section
        cdef bytes data
        cdef const char* start
        cdef Py_ssize_t position, behind
        buffer = self._buffer
        if not PyBytes_CheckExact(buffer) or self._body is not None or self._searched:
            return reference.next_event(self)
        data = buffer
        position = self._position
        if position == PyBytes_GET_SIZE(data):
            if self._ended:
                return reference.next_event(self)
            if position:
                self._buffer = b""  # an idle connection holds no buffer
                self._position = 0
            return None

        start = PyBytes_AS_STRING(data) + position
        # The smaller of the two: a head within it needs no look at either.
        limits.max_header_size = limits.max_target_size = self._small
        if scan_head(start, PyBytes_GET_SIZE(data) - position, &limits, NULL, 0, &head) != WHOLE:
            return reference.next_event(self)
        sections = self._field_sections
        if type(sections) is not Sections:
            return reference.next_event(self)
        section = (<Sections>sections).find(head.fields, head.fields_size)
        if section is None:
            return reference.next_event(self)

        request = make_request(&head, section)
        self.section = section
        self._position = position + head.size
        if section.plain:
            self.complete = True
            return request
        if section.whole_or_nothing and section.body_size > 0:
            # The commonest body; the tables of framing know no other answer for this. (Over the limit: the reference.)
            limit = self._limits.max_body_size
            behind = position + head.size + section.body_size
            if behind <= PyBytes_GET_SIZE(data) and section.body_size <= limit:
                self.max_body_size = limit
                request.body = PyBytes_FromStringAndSize(start + head.size, section.body_size)
                self._position = behind
                self.complete = True
                return request
        try:
            self._check_agreement(request, section)
            self._start_body(request, section)
        except input_error:
            self._fail()
            raise
        return request
