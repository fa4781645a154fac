"""The express lane: a native connection, from the bytes that came to the bytes that leave.

A :class:`Lane` is what a plain connection that a server has accepted begins as. It receives what has come, scans the
heads of requests (:mod:`.scanner`), has each that it wholly understands answered, one after another, and sends the
answers of one wake-up in one call. It understands requests with ordinary fields whose body, if they have one, has come
with the head; and answers that are given whole, whose peer takes them at once.

Everything else is the general connection's (:class:`tornadolike.http1connection.ServerConnection`). A lane *is* such a
connection as well: the same object, of whose attributes there are only these until it leaves the lane
(:meth:`Lane.leave`). Then the rest is made, and given the bytes that were not looked at yet, the answers that were not
sent yet, and the time-out that was running. So nothing is lost, and whoever knows the connection (a handler, the server)
goes on knowing it. :mod:`tornadolike.http1connection.express` has this, in Python, and the little that happens at the
end.

=============  =========================================================  ===================================
mode           what is going on                                           phase
=============  =========================================================  ===================================
``NEW``        nothing has come yet                                       HEAD
``IDLE``       everything that came is answered                           IDLE
``PARTIAL``    a part of a head has come                                  HEAD
``HANDLING``   a request is with the application                          HANDLING
``LAST``       it is answered, and the peer expects us to close           HANDLING
``GENERAL``    the lane is left: the general connection does all          whatever it says
``ENDED``      the connection is closed                                   ENDED
=============  =========================================================  ===================================

**Who owns what.** A lane owns its socket until it leaves the lane (then the transport does), the request that is being
answered, and ``held``, bytes that have come and wait. All lanes of a server share a :class:`Site`: one room to receive
in and one :class:`~.outgoing.Outgoing`. While a lane works off what is in the room it is the site's *owner*: the room
is its, and the answers in the buffer. Application code runs meanwhile, and can do anything:

* finish another connection's response: that is written behind the owner's answers and sent from there at once, within
  one call in which no Python code runs;
* run the loop, or have another connection served, in the middle of a handler: a lane that finds the site owned by
  another leaves the lane;
* make the owner leave the lane (it flushes, streams, detaches, closes): the bytes that are not served yet and the
  answers that are not sent yet are taken out then, so what the owner finds when it goes on is that it has left.

The room is never read after the application has been called except by its owner, at the place where that has stopped.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from libc.math cimport INFINITY
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

import time

from .counters cimport born, count_deaths, died, kind_of
from .fields cimport Section, Sections
from .dispatch cimport drop_spare_context
from .handler cimport drop_spare_handler
from .heads cimport Heads, put_fields
from .outgoing cimport Outgoing
from .scanner cimport HEAD as METHOD_HEAD, PART, WHOLE, Head, scan_head
from .exchange cimport Exchange
from .request cimport HotRequest, give_back, new_request

cdef extern from "Python.h":
    Py_ssize_t Py_REFCNT(object) noexcept

cdef extern from "clock.h":
    double monotonic_seconds(object monotonic) except -1.0

cdef extern from "sockets.h" nogil:
    Py_ssize_t receive_now(int fd, char* room, size_t size)
    Py_ssize_t send_two_now(int fd, const char* first, size_t first_size, const char* second, size_t second_size)

cdef enum:
    ROOM = 64 * 1024            # what one call receives at the most
    PART_SIZE = 16 * 1024       # of a head that a lane waits for the rest of
    HELD_BACK_SIZE = 64 * 1024  # answers that are held back to leave in one call
    HELD_BACK = 128             # how many of them
    CORKED_SIZE = 4 * 1024      # a body larger than this is not copied...
    COPIED_SIZE = 64 * 1024     # ... unless it is smaller than this, where a second piece would cost more
    NOWHERE = -1                # ioloop.deadlines.Deadlines'

cdef int SITE = kind_of("Site"), LANE = kind_of("Lane")
cdef object CancelledError = None
cdef object monotonic = time.monotonic
cdef tuple PHASES = ("HEAD", "IDLE", "HEAD", "HANDLING", "HANDLING", None, "ENDED")


def install(phases, cancelled):
    """What is needed of the upper rooms; http1connection.express hands it in.

    :arg phases: the names of the phases HEAD, IDLE, HANDLING and ENDED.
    :arg cancelled: asyncio.CancelledError.
    """
    global PHASES, CancelledError
    CancelledError = cancelled
    head, idle, handling, ended = phases
    PHASES = (head, idle, head, handling, handling, None, ended)


cdef class Site:
    """What the lanes of one server share.

    Owns the room in which they receive. A site is used in the thread of its server's loop only.

    :arg serving: the server's :class:`~tornadolike.http1connection.Serving`, of which much is found out once.
    """

    def __cinit__(self, serving):
        born(SITE)
        limits = serving.limits
        self.room = <char*>malloc(ROOM + PART_SIZE)
        if self.room == NULL:
            raise MemoryError
        self.serving = serving
        self.deadlines = serving.deadlines
        self.serve_whole = serving.serve_whole
        self.dispatcher = serving.dispatcher
        self.done = serving.done
        self.limits.max_header_size = limits.max_header_size
        self.limits.max_target_size = limits.max_target_size
        self.max_body_size = limits.max_body_size
        self.max_pipelined_size = serving.parameters.max_pipelined_size
        self.idle_timeout = serving.idle_timeout
        self.sections = Sections(limits.max_header_count)
        self.heads = Heads(serving.default_heads.get)
        self.out = Outgoing()

    def __dealloc__(self):
        free(self.room)
        died(SITE)

    cdef int look_at_clock(self) except -1:
        """What changes with the server's ticks of time."""
        self.tick = self.deadlines.now
        self.heads.start_tick(self.tick)
        return 0


cdef bint is_last(Section section) except -1:
    """Whether a request behind which the peer expects us to close is a plain one besides."""
    cdef dict fields = section.fields
    return (
        section.has_host
        and not section.keep_alive
        and section.expect is None
        and "Content-Length" not in fields
        and "Transfer-Encoding" not in fields
    )


cdef class Lane(Exchange):
    """A connection that may be on the express lane. See the head of this room.

    This class is the root of all server's connections, also of those that never were on a lane: ``site`` is None there.
    """

    def __cinit__(self):
        born(LANE)
        self.fd = -1
        self.mode = GENERAL
        self.where = NOWHERE
        self.when = INFINITY

    # What came

    cdef int on_events(self, int events) except -1:
        if self.mode >= GENERAL:
            return 0  # an event of the poll in which that happened
        if self.site.owner is not None:
            # A handler runs the loop. Whoever is at work needs the room.
            self.leave()
            return 0
        return self.receive()

    cdef int receive(self) except -1:
        cdef Site site = self.site
        cdef Py_ssize_t before = 0, count
        cdef bint waits = self.mode == HANDLING or (self.mode == IDLE and self.held is not None)
        if self.held is not None and not waits:
            before = PyBytes_GET_SIZE(self.held)
            memcpy(site.room, PyBytes_AS_STRING(self.held), before)
        count = receive_now(self.fd, site.room + before, ROOM)
        if count == -1:
            return 0
        if count <= 0:
            self._input_ended(count == 0)
        elif waits:
            self.hold(site.room, count)
        else:
            site.look_at_clock()
            self.work(site.room, before + count)
        return 0

    cdef int hold(self, const char* data, Py_ssize_t size) except -1:
        """Keep what has come until the request that is being answered is."""
        cdef bytes more = PyBytes_FromStringAndSize(data, size)
        if self.held is not None:
            size += PyBytes_GET_SIZE(self.held)
        if size > self.site.max_pipelined_size:
            self.leave()
            self.data_received(more)
        else:
            self.held = more if self.held is None else self.held + more
        return 0

    # Serving

    cdef int work(self, const char* data, Py_ssize_t size) except -1:
        """Serve what is there, as far as it can be now."""
        cdef Site site = self.site
        site.owner = self
        site.held_back = 0
        try:
            self.serve_all(data, size)
            if site.out.size:
                self.answered(True, 0, NULL, 0)
            if self.mode == LAST and site.rest_size:
                self.leave()  # to close in a way that what the peer has said for nothing does no harm
        except BaseException:
            # Somebody wants the loop to end. Nothing is lost.
            self.leave()
            if self.mode == GENERAL:
                self._corked = False
            raise
        finally:
            site.owner = None
            site.rest_size = 0
            drop_spare_handler()
            drop_spare_context()
        if self.mode == GENERAL:
            self._go_on()
        elif self.mode == LAST:
            self._lose()
        elif self.mode == IDLE and self.held is None:
            self.when = site.tick + site.idle_timeout
        return 0

    cdef int serve_all(self, const char* data, Py_ssize_t size) except -1:
        """Have one request after another answered; the answers stay in the buffer, as a rule."""
        cdef Site site = self.site
        cdef Section section
        cdef HotRequest request
        cdef Head head
        cdef const char* at = data
        cdef const char* known
        cdef Py_ssize_t left = size, body_size, known_size
        cdef int verdict
        cdef bint again = self.held is not None
        cdef double now = monotonic_seconds(monotonic)  # when all of it came
        self.held = None
        while True:
            site.rest, site.rest_size = at, left
            if left == 0:
                return 0
            known, known_size = NULL, 0
            if site.recent is not None:
                known = PyBytes_AS_STRING(site.recent.raw)
                known_size = PyBytes_GET_SIZE(site.recent.raw)
            verdict = scan_head(at, left, &site.limits, known, known_size, &head)
            if verdict == PART:
                return self.wait_for_more(at, left, again and at == data)
            if verdict != WHOLE:
                return self.leave()
            section = site.recent
            if not head.fields_known:
                section = site.sections.find(head.fields, head.fields_size)
                if section is None:
                    return self.leave()
                site.recent = section
            if section.close or head.minor != 1:
                if not is_last(section):
                    return self.leave()
                self.last = True
                self.keep_alive = False
            elif not section.whole_or_nothing:
                return self.leave()
            body_size = max(section.body_size, 0)
            if body_size > site.max_body_size or left - head.size < body_size:
                return self.leave()
            at += head.size + body_size
            left -= head.size + body_size
            site.rest, site.rest_size = at, left
            self.section = section
            self.mode = HANDLING
            self.when = INFINITY
            site.requests += 1
            request = new_request()
            request.fill(&head, section, self, now)
            if body_size:
                request.set_body(PyBytes_FromStringAndSize(at - body_size, body_size))
            self.request = request
            self.own_request = <PyObject*>request
            self.serve_one(request)
            self.own_request = NULL
            give_back(request)
            request = None
            if self.mode == HANDLING:
                if left:
                    self.held = PyBytes_FromStringAndSize(at, left)
                return 0
            if self.mode != IDLE:
                return 0
            if site.out.size > HELD_BACK_SIZE or site.held_back > HELD_BACK:
                self.answered(True, 0, NULL, 0)
                if self.mode != IDLE:
                    return 0

    cdef int serve_one(self, HotRequest request) except -1:
        """Have a request answered. Behind this the room may be used again."""
        try:
            if self.site.dispatcher is not None:
                self.site.dispatcher.serve(self, request)
            else:
                self.site.serve_whole(request)
        except (Exception, CancelledError) as error:
            if self.request is not None:  # else it has failed after its answer
                self.leave()
            self._application_failed(error)
        finally:
            if Py_REFCNT(request) > 1:  # somebody has it besides us (this one is borrowed from the caller)
                request.keep()
        return 0

    cdef int wait_for_more(self, const char* data, Py_ssize_t size, bint again) except -1:
        """What is there is a part of a head.

        Twice for the same head, and it is the reference's, which looks at each byte once.
        """
        if again or size > PART_SIZE:
            return self.leave()
        self.held = PyBytes_FromStringAndSize(data, size)
        if self.mode != NEW:
            self.mode = PARTIAL
            self._start_head_clock()
        else:
            self.mode = PARTIAL
        return 0

    def _serve_held(self):
        """Go on with what waited behind a request whose answer was given later."""
        cdef bytes held = self.held
        if self.mode == GENERAL:
            self._serve_next()
        elif self.mode == IDLE and held is not None:
            if self.site.owner is not None:
                self.leave()
                self._serve_next()
                return
            self.held = None
            self.site.look_at_clock()
            self.work(PyBytes_AS_STRING(held), PyBytes_GET_SIZE(held))

    # Answers

    cdef int respond_now(
        self, int status, object reason, object content_type, dict fields, const char* lines, Py_ssize_t lines_size,
        bint first, const char* body, Py_ssize_t size
    ) except -1:
        if self.mode != HANDLING:
            return 0
        return self.answer(status, reason, content_type, fields, lines, lines_size, first, body, size)

    cdef int answer(
        self, int status, object reason, object content_type, dict fields, const char* extra, Py_ssize_t extra_size,
        bint first, const char* body, Py_ssize_t size
    ) except -1:
        """Send a whole response: 1, or 0 with nothing done if it is an unusual one.

        The bytes are those of :meth:`.ResponseSide.respond`, also in the order of the lines.
        """
        cdef Site site = self.site
        cdef Outgoing out = site.out
        cdef Py_ssize_t begin
        cdef bytes head = None
        cdef bint mine, is_head, bodiless = status == 204 or status == 304
        cdef bint counted = False, extra_first
        if self.request is None or not 200 <= status <= 999:
            return 0
        # What can run code of the author's comes before all that is looked at here.
        is_head = self.is_head()
        if site.owner is not self:
            site.look_at_clock()
        if fields is None:
            head = site.heads.default_head(status, reason, content_type)
        begin = out.size
        mine = site.owner is self
        if self.mode != HANDLING or self.request is None or not (self.keep_alive or self.last and mine):
            return 0
        extra_first = first or (
            fields is None and status == 200 and size <= CORKED_SIZE and not is_head and self.keep_alive
        )
        try:
            if fields is None:
                out.reserve(PyBytes_GET_SIZE(head))
                out.put(PyBytes_AS_STRING(head), PyBytes_GET_SIZE(head))
            elif not put_fields(out, status, reason, fields, size, bodiless, &counted):
                return 0
            out.reserve(extra_size + 64 + (size if size <= COPIED_SIZE else 0))
        except BaseException:
            out.size = begin
            raise
        if extra_first and extra_size:
            out.put(extra, extra_size)
        if not bodiless and not counted:
            out.put(b"Content-Length: ", 16)
            out.put_number(size)
            out.put(b"\r\n", 2)
        if not self.keep_alive:
            out.put(b"Connection: close\r\n", 19)
        if not extra_first and extra_size:
            out.put(extra, extra_size)
        out.put(b"\r\n", 2)
        if bodiless or is_head:
            size = 0
        elif size <= COPIED_SIZE:
            out.put(body, size)
            size = 0
        self.request = None
        self.section = None
        self.close_callback = self.drain_callback = None
        self.mode = IDLE if self.keep_alive else LAST
        if not mine or size:
            self.answered(mine, 0 if mine else begin, body, size)
        else:
            site.held_back += 1
        if not mine and self.mode == IDLE:
            if self.held is not None:
                # From a callback of its own: this may be the last step of a task, and the next request may want to be
                # one.
                site.serving.loop.call_soon(self._serve_held)
            else:
                self.when = site.tick + site.idle_timeout
        return 1

    cdef bint is_head(self):
        cdef object request = self.request
        if (
            <PyObject*>request == self.own_request or isinstance(request, HotRequest)
        ) and (<HotRequest>request).method_number >= 0:
            return (<HotRequest>request).method_number == METHOD_HEAD
        return request.method == "HEAD"

    cdef int answered(self, bint mine, Py_ssize_t begin, const char* body, Py_ssize_t size) except -1:
        """Send what is in the buffer from ``begin`` on, and ``body`` behind it.

        If the peer does not take all of it at once the lane is left, and the rest waits in the transport.
        """
        cdef Outgoing out = self.site.out
        cdef Py_ssize_t head = out.size - begin, sent
        cdef bytes rest
        sent = send_two_now(self.fd, out.data + begin, head, body, size)
        if sent == head + size:
            rest = None
        elif sent >= head:
            rest = PyBytes_FromStringAndSize(body + (sent - head), size - (sent - head))
        else:
            rest = PyBytes_FromStringAndSize(out.data + begin + sent, head - sent)
            if size:
                rest += PyBytes_FromStringAndSize(body, size)
        out.size = begin
        if begin == 0:
            out.clear()
        self.site.held_back = 0
        if rest is not None:
            self.leave()
            self._keep_sending(rest)
        return 0

    cdef object phase_now(self):
        return self.phase_name if self.mode >= GENERAL else PHASES[self.mode]

    cdef int end(self) except -1:
        self.mode = ENDED
        self.phase_name = PHASES[ENDED]
        self.request = None
        return 0

    # Leaving

    cdef int leave(self) except -1:
        """Become the general connection, with all that is not done yet."""
        if self.mode < GENERAL:
            self._leave()
        return 0

    def _vacate(self):
        """What is not done yet: ``(sock, section, unsent, unread)``. The general connection is to do it from here."""
        cdef Site site = self.site
        sock, self.sock = self.sock, None
        cdef bytes unread = self.held or b"", unsent = b""
        section, self.section = self.section, None
        self.held = None
        if site.owner is self:
            unread = PyBytes_FromStringAndSize(site.rest, site.rest_size)
            unsent = site.out.take()
            site.rest_size = 0
        self.phase_name = PHASES[self.mode]
        self.closing = self.mode == LAST
        self.mode = GENERAL
        return sock, section, unsent, unread


count_deaths(Lane, LANE)
