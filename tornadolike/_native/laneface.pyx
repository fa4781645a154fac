"""What Python code sees of a lane: its attributes, under the names that the general connection has them by.

Ownership: nothing is owned here but by the :class:`~.lane.Lane` itself.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

from .counters cimport count_deaths, kind_of
from .lane cimport GENERAL, HANDLING, IDLE, NEW, Lane, Site

cdef object context_of = None


def install(make_context):
    """What is needed of the upper rooms; http1connection.express hands it in.

    :arg make_context: http1connection.context.context_of.
    """
    global context_of
    context_of = make_context


@cython.nonecheck(True)  # somebody may have an object that never entered the lane
cdef class LaneFace(Lane):
    """What the general connection's methods and everybody above see of a lane.

    It stands before the reference among the bases of :class:`.ExpressConnection`, and adds nothing to the memory of a
    :class:`Lane`. The attributes are those of the general connection which there are on the lane too.
    """

    def _enter(self, Site site not None, sock, address):
        """Begin on the lane. (The loop watches the socket for it.)"""
        self.site = site
        self.sock = sock
        self.fd = sock.fileno()
        self.address = address
        self.keep_alive = True
        self.mode = NEW

    @property
    def _on_lane(self):
        """Whether all is done natively, still."""
        return self.mode < GENERAL

    @property
    def _resting(self):
        """Whether it is on the lane and has nothing to do."""
        return (self.mode == NEW or self.mode == IDLE) and self.held is None and self.site.owner is not self

    @property
    def _last(self):
        """Whether the peer expects us to close behind the response to what was its last request."""
        return self.last

    @property
    def _was_last(self):
        """Whether that response was given on the lane."""
        return self.closing

    @property
    def _working(self):
        """Whether the lane is at work on what has come: what is sent leaves together."""
        return self.site.owner is self

    def _end(self):
        """Be no connection any more; the socket, which is to be closed."""
        sock = self._vacate()[0]
        self.end()
        return sock

    def respond(self, status, reason, content_type, headers, extra, body):
        """Send a whole response in one call. See :meth:`.ResponseSide.respond`."""
        cdef object fields = None
        if self.mode == HANDLING and type(body) is bytes and type(extra) is bytes and type(status) is int:
            if headers is not None:
                fields = headers._fields
            if (fields is None or type(fields) is dict) and self.answer(
                status, reason, content_type, fields, PyBytes_AS_STRING(extra), PyBytes_GET_SIZE(extra),
                False, PyBytes_AS_STRING(body), PyBytes_GET_SIZE(body),
            ):
                return self.site.done if self.mode < GENERAL else self._when_taken()
        return self._respond_generally(status, reason, content_type, headers, extra, body)

    # The general connection's attributes

    @property
    def _serving(self):
        return self.site.serving

    @_serving.setter
    def _serving(self, serving):
        pass  # it is the site's

    @property
    def _address(self):
        return self.address

    @_address.setter
    def _address(self, address):
        self.address = address

    @property
    def _request(self):
        return self.request

    @_request.setter
    def _request(self, request):
        self.request = request

    @property
    def _keep_alive(self):
        return self.keep_alive

    @_keep_alive.setter
    def _keep_alive(self, bint keep_alive):
        self.keep_alive = keep_alive

    @property
    def _close_callback(self):
        return self.close_callback

    @_close_callback.setter
    def _close_callback(self, callback):
        self.close_callback = callback

    @property
    def _drain_callback(self):
        return self.drain_callback

    @_drain_callback.setter
    def _drain_callback(self, callback):
        self.drain_callback = callback

    @property
    def context(self):
        """Who is at the other end, and what he speaks."""
        if self.known_context is None:
            self.known_context = context_of(self.site.serving.parameters, self.address, False, None)
        return self.known_context

    @property
    def _context(self):
        return self.known_context

    @_context.setter
    def _context(self, context):
        self.known_context = context

    @property
    def phase(self):
        return self.phase_now()

    @phase.setter
    def phase(self, phase):
        self.phase_name = phase

    @property
    def deadline(self):
        return self.when

    @deadline.setter
    def deadline(self, double when):
        self.when = when

    @property
    def bucket(self):
        return self.where

    @bucket.setter
    def bucket(self, long where):
        self.where = where


count_deaths(LaneFace, kind_of("Lane"))
