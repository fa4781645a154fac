"""The reader of requests, its hot half: what stands before :class:`tornadolike.http1.request_reader.RequestReading`.

:meth:`HotReader.next_event` makes the event of a head that is whole in the buffer, well-formed and of a usual kind; it
says so where nothing is in the buffer; everything else it leaves to the reference, before it has changed anything.

It has no fields of its own. The state is where the reference has it, and any of the two may go on at any byte.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE

from .fields cimport Section, Sections
from .request cimport HotRequest, new_request
from .scanner cimport WHOLE, Head, Limits, scan_head

cdef object reference = None            # RequestReading
cdef object input_error = None          # HTTPInputError
cdef object monotonic = None            # time.monotonic


def install(fallback, error, clock):
    """What is needed of the upper rooms: RequestReading, HTTPInputError, time.monotonic."""
    global reference, input_error, monotonic
    reference, input_error, monotonic = fallback, error, clock


cdef HotRequest make_request(const Head* head, Section section):
    """The request that a head asks for. It owns what it needs of the buffer, which is gone sooner."""
    cdef HotRequest request = new_request()
    request.fill(head, section, None, monotonic())
    request.keep()
    return request


cdef class HotReader:
    """Before the reference; see above."""

    def next_event(self):
        """The next event, or None. Raises :exc:`HTTPInputError`."""
        cdef Head head
        cdef Limits limits
        cdef Section section
        cdef HotRequest request
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
                request.set_body(PyBytes_FromStringAndSize(start + head.size, section.body_size))
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
