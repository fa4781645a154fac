"""Flights: the express lane of the HTTP client.

A fetch as most are, whose options say nothing special, over a connection that is kept, answered by a response of a
known length (or in chunks that come together), needs none of what a fetch may need: no task, no plan of its own, no
conversation. :class:`Flights` sends it from where it is asked for, and its :class:`Flight` reads the response and fills
the future.

Whatever is not so stays with the reference. What is seen before anything is sent is not taken at all: ``fetch`` returns
None. What turns out later, in the response, is *handed over*: a task goes the whole way then, as if it had sent the
request by this connection itself, and is given all bytes that have come, untouched.

Who owns what
-------------
The connection has its flight as ``_flight``, from the moment the request is sent until the flight has landed or the
connection's own exchange has taken over. The lane has all flights that are going, for their time-outs. The flight has
the future that the caller waits for, and is its callback, in order to hear of its being cancelled: that is a circle,
which ``_leave`` opens. A turn (of :class:`.Turns`) is the flight's until it lands, or until the exchange has it. The
lane knows its client weakly, and its engine not at all: both have it.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItemWithError, PyDict_Next
from cpython.object cimport PyObject, Py_EQ, PyObject_RichCompareBool

from .counters cimport born, count_deaths, kind_of

import time
import weakref
from io import BytesIO

cdef extern from *:
    """
    /* Where the empty line begins that ends a head; -1 if there is none. A head of the usual size is searched faster so
       than by a general search for four bytes: the byte that is looked for is seldom anything else. */
    static Py_ssize_t end_of_head(const char *data, Py_ssize_t size) {
        const char *at = data, *end = data + size;
        while (end - at >= 4 && (at = memchr(at, '\\r', end - at - 3)) != NULL) {
            if (at[1] == '\\n' && at[2] == '\\r' && at[3] == '\\n')
                return at - data;
            at++;
        }
        return -1;
    }
    """
    Py_ssize_t end_of_head(const char* data, Py_ssize_t size) noexcept nogil

cdef extern from "Python.h":
    object PyContext_CopyCurrent()

cdef enum State:
    HEAD            # nothing has come
    BODY            # the head was good; some of the body is missing
    HANDED          # the whole way takes what has come
    LANDED

cdef enum:
    MAX_ROUTES = 256        # heads of requests that are remembered
    MAX_SIZE = 2048         # of such a head, and of its URL
    TOGETHER = 65536        # of a body that is copied in order to leave together with the head

cdef int ROUTE = kind_of("Route"), FLIGHT = kind_of("Flight"), FLIGHTS = kind_of("Flights")

cdef object _time = time.time
# HEAD is none of them: what answers it has no body, whatever its Content-Length says.
cdef frozenset _METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
cdef frozenset _SECRETS = frozenset({"Authorization", "Cookie", "Proxy-Authorization"})
# Attributes of a request that are looked at one by one.
cdef frozenset _ASKED = frozenset({"url", "method", "_headers", "_body", "expect_100_continue", "start_time"})
# Defaults of a client that change what is sent, or are told what comes.
cdef tuple _UNUSUAL = (
    "headers", "streaming_callback", "header_callback", "prepare_curl_callback", "body_producer",
    "expect_100_continue", "idempotent",
)


cdef class Route:
    """What is sent for a request, and for what a connection has to be that it goes by."""

    cdef object key
    cdef bytes data

    def __cinit__(self):
        born(ROUTE)


@cython.nonecheck(True)  # somebody may have one that was never sent
cdef class Flight:
    """One request that was sent, until its response is whole or handed over."""

    cdef Flights lane
    cdef object future, client, request, transport
    cdef object context                     # that of who has asked
    cdef readonly object connection
    cdef object task
    cdef State state
    cdef object said
    cdef Py_ssize_t due, limit
    cdef list pieces                        # as they came, with the head
    cdef readonly double started, sent, start_time
    cdef double first_byte, deadline
    cdef readonly bint ended                # the server has said that it will send no more
    cdef readonly bint lost
    cdef readonly object reason             # why the connection was lost
    cdef bint raise_error

    def __cinit__(self):
        born(FLIGHT)

    # What the connection calls.

    def data_received(self, bytes data not None):
        cdef Py_ssize_t size, end, missing
        cdef Flights lane = self.lane
        if self.state == HEAD:
            self.pieces = [data]
            size = PyBytes_GET_SIZE(data)
            end = end_of_head(PyBytes_AS_STRING(data), size)
            if end < 0 or end > lane.max_header_size:
                self._hand_over()
                return
            said = self._head(data[:end])
            if said is None:
                self._hand_over()
                return
            if said.size is None:
                self.said = said
                if not self._take_chunks(data, end + 4):
                    self._hand_over()
                return
            missing = <Py_ssize_t>said.size - (size - end - 4)
            if missing < 0 or <Py_ssize_t>said.size > self.limit:
                self._hand_over()
                return
            self.said = said
            self.due = missing
            if missing == 0:
                self._land(data[end + 4:], lane.tools.NO_TRAILERS)
            else:
                self.first_byte = lane.clock()
                self.state = BODY
        elif self.state == BODY:
            self.pieces.append(data)
            self.due -= PyBytes_GET_SIZE(data)
            if self.due == 0:
                first = <bytes>self.pieces[0]
                self.pieces[0] = first[end_of_head(PyBytes_AS_STRING(first), PyBytes_GET_SIZE(first)) + 4:]
                self._land(b"".join(self.pieces), lane.tools.NO_TRAILERS)
            elif self.due < 0:
                self._hand_over()
        elif self.state == HANDED:
            self.pieces.append(data)

    def eof_received(self):
        self.ended = True
        if self.state != HANDED:
            self._hand_over()

    def connection_lost(self, reason):
        self.lost = True
        self.reason = reason
        if self.state != HANDED:
            self._hand_over()

    def fail(self, failure):
        """There will be no response: the client was closed."""
        if self.state == HANDED:
            self.connection._drop()     # the rest hears of it there
            return
        future = self.future
        self._leave(True)
        if not future.done():
            future.set_exception(failure)

    # What the whole way asks, that takes over.

    @property
    def received(self):
        """All that has come."""
        return b"".join(self.pieces) if self.pieces else b""

    @property
    def time_left(self):
        """Seconds that the fetch may still take; 0 for no limit."""
        return max(self.deadline - self.lane.clock(), 1e-6) if self.deadline else 0.0

    @property
    def waiting_for(self):
        """As a hop has it."""
        return "while waiting for the response" if self.state == HEAD else "while reading the body of the response"

    # Inside.

    cdef object _head(self, bytes raw):
        """What a head says if it is of the usual kind, else None."""
        lane = self.lane
        try:
            said = lane.heads[raw]
        except lane.tools.InputError:
            return None     # the reference says it
        version, status, _ = said.start_line
        if version != "HTTP/1.1" or not 200 <= <int>status < 300 or <int>status == 204 or not said.stays_open:
            return None
        if said.coding is lane.no_coding:
            if said.size is None or said.length is lane.repeated:
                return None
        elif said.coding is not lane.chunked or said.length is not lane.no_length:
            return None
        return None if "Content-Encoding" in said.fields else said

    cdef bint _take_chunks(self, bytes data, Py_ssize_t position) except -1:
        """Land with a body in chunks, if all of it is here; False if not, and then nothing was done."""
        lane = self.lane
        body = lane.tools.ChunkedBody(lane.limits)
        pieces = []
        while True:
            try:
                event, position = body.read(data, position, self.limit)
            except lane.tools.InputError:
                return False    # the reference says it
            if type(event) is not bytes:
                break
            pieces.append(event)
        if event is None or position != PyBytes_GET_SIZE(data):
            return False
        self._land(pieces[0] if len(pieces) == 1 else b"".join(pieces), event.trailers)
        return True

    cdef int _land(self, bytes body, trailers) except -1:
        """The response is whole."""
        cdef Flights lane = self.lane
        cdef double now = lane.clock(), begun = self.started
        future, said, request = self.future, self.said, self.request
        if not self.first_byte:
            self.first_byte = now
        connection, transport = self.connection, self.transport
        first_byte, sent, start_time = self.first_byte, self.sent, self.start_time
        self._leave(False)
        # (What still waits to be sent need not interest a server that has said all it wants to.)
        if transport.get_write_buffer_size():
            connection._drop()
        elif transport.is_closing():
            connection.close()
        else:
            lane.pool.keep(connection)
        version, status, reason = said.start_line
        tools = lane.tools
        total = now - begun if now > begun else 0.0
        times = {
            "queue": 0.0, "namelookup": 0.0, "connect": 0.0, "appconnect": 0.0,
            "pretransfer": sent - begun if sent > begun else 0.0,
            "starttransfer": first_byte - begun if first_byte > begun else 0.0,
            "total": total, "redirect": 0.0,
        }
        try:
            response = tools.Response(
                request, status, tools.headers_of(tools.copy_fields(said.fields)), BytesIO(body), request.url,
                None, total, times, reason, start_time, history=[], trailers=trailers, version=version,
            )
        except Exception as error:
            # A class that somebody has put there: who waits must hear of it.
            if not future.done():
                future.set_exception(error)
            return 0
        if not future.done():
            future.set_result(response)
        return 0

    cdef int _leave(self, bint drop) except -1:
        """It is over: give back the turn, and be forgotten."""
        cdef Flights lane = self.lane
        connection, future, task = self.connection, self.future, self.task
        self.state = LANDED
        self.connection = self.transport = self.future = self.client = self.request = self.context = None
        self.pieces = self.said = self.task = None
        lane.going.pop(self, None)
        if task is None:
            future.remove_done_callback(self)
        if connection._flight is self:
            connection._flight = None
            connection._owner.leave(connection.key)
            if drop:
                connection._drop()
        return 0

    cdef int _hand_over(self) except -1:
        """It is not as usual: let the reference go on."""
        self.state = HANDED
        if self.pieces is None:
            self.pieces = []
        self.lane.going.pop(self, None)
        client = self.client
        # (Not as its argument `context`, which not every task factory takes.)
        self.task = self.context.run(
            self.lane.loop.create_task,
            client._fetch(self.request, client.defaults, self.raise_error, self),
        )
        self.task.add_done_callback(self._whole_way_ended)
        return 0

    def _whole_way_ended(self, task):
        future = self.future
        self._leave(True)       # only if the exchange has not taken over
        if future.done():
            if not task.cancelled():
                task.exception()    # nobody waits for it
            return
        future.remove_done_callback(self)
        if task.cancelled():
            future.cancel()
            return
        failure = task.exception()
        if failure is None:
            future.set_result(task.result())
        else:
            future.set_exception(failure)
            del failure

    def __call__(self, future):
        """The future is done, and not by us: it was cancelled."""
        if self.state == HANDED:
            self.task.cancel()
        elif self.state != LANDED:
            self._leave(True)


cdef class Flights:
    """The express lane of one engine.

    :arg turns, pool, heads, limits: the engine's.
    :arg tools: what it needs of the rooms above, by names.
    """

    cdef object pool, turns, heads, tools, limits, no_coding, chunked, no_length, repeated
    cdef object loop, clock
    cdef object client          # a weak reference, or None
    cdef dict defaults, routes, going
    cdef object base_url
    cdef Py_ssize_t max_header_size, limit, max_buffer_size
    cdef double timeout
    cdef bint usual
    cdef object timer
    cdef double due

    def __cinit__(self):
        born(FLIGHTS)

    def __init__(self, turns, pool, heads, limits, tools):
        self.turns, self.pool, self.heads, self.tools = turns, pool, heads, tools
        self.no_coding, self.chunked = tools.NO_CODING, tools.CHUNKED
        self.no_length, self.repeated = tools.NO_LENGTH, tools.REPEATED
        self.limits, self.max_header_size = limits, limits.max_header_size
        self.routes = {}
        self.going = {}

    def fetch(self, engine, client, request, bint raise_error):
        """The future of a response to ``request``, which was sent; None if that has to go the whole way."""
        cdef Route route
        cdef Flight flight
        pool = self.pool
        loop = engine._loop
        # (What has to be dialled first has other things to do than to hurry.)
        if not pool._idle or loop is None or self.tools.running_loop() is not loop:
            return None
        if type(engine).send is not self.tools.send or "send" in <dict>engine.__dict__:
            return None     # somebody wants to see what is sent
        if client.cookies is not None or not self._is_usual(client, loop) or not self._says_nothing(request):
            return None
        route = self._route(client, request)
        if route is None:
            return None
        turns, key = self.turns, route.key
        if not pool._by_key.get(key) or not turns.take(key):
            return None
        now = self.clock()
        connection = pool.take(key, now)
        if connection is None:
            turns.give_back(key)
            return None
        flight = Flight.__new__(Flight)
        flight.lane = self
        flight.client = client
        flight.request = request
        flight.context = PyContext_CopyCurrent()
        flight.connection = connection
        flight.transport = transport = connection._transport
        flight.raise_error = raise_error
        flight.limit = self.limit
        flight.started = now
        flight.start_time = _time()
        flight.future = future = loop.create_future()
        future.add_done_callback(flight)
        connection._flight = flight
        self.going[flight] = None
        if self.timeout:
            flight.deadline = <double>now + self.timeout
            if self.timer is None or flight.deadline < self.due:
                self._set_timer(flight.deadline)
        transport.write(route.data if request._body is None else route.data + <bytes>request._body)
        flight.sent = self.clock()
        return future

    def close(self):
        """Forget the timer: the connections are closed by who has them."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        self.routes.clear()
        self.client = None

    cdef bint _is_usual(self, client, loop) except -1:
        """Whether the client's defaults leave nothing to do that is not done here."""
        cdef dict defaults = client.defaults
        if (
            self.client is not None
            and self.client() is client
            and loop is self.loop
            and client.max_buffer_size == self.max_buffer_size
            and client.base_url is self.base_url
            and PyObject_RichCompareBool(defaults, self.defaults, Py_EQ)
        ):
            return self.usual
        self.client, self.loop, self.clock = weakref.ref(client), loop, loop.time
        self.defaults = defaults.copy()
        self.max_buffer_size = client.max_buffer_size
        self.base_url = client.base_url
        self.routes.clear()
        self.usual = False
        try:
            settings = client._usual.settings(defaults, client.max_buffer_size)
        except (TypeError, ValueError):
            return False        # it is raised where the whole way asks
        said = settings.option
        for name in _UNUSUAL:
            value = said(name)
            if value is not None and value is not False:
                return False
        timeouts = settings.timeouts
        self.usual = (
            settings.way is self.tools.USUAL_WAY
            and settings.is_plain
            and not timeouts.first_byte
            and not timeouts.between_bytes
            and settings.max_body_size is not None
        )
        if self.usual:
            self.limit = min(settings.max_body_size, <Py_ssize_t>0x7fffffffffffffff)
            self.timeout = settings.request_timeout
        return self.usual

    cdef bint _says_nothing(self, request) except -1:
        """Whether a request has no options."""
        cdef PyObject* name
        cdef PyObject* value
        cdef Py_ssize_t at = 0
        if type(request) is not self.tools.Request or request.method not in _METHODS:
            return False
        said = request.__dict__
        while PyDict_Next(said, &at, &name, &value):
            if value != <PyObject*>None and <object>name not in _ASKED:
                return False
        body = request._body
        if body is not None and (type(body) is not bytes or PyBytes_GET_SIZE(body) > TOGETHER):
            return False
        return request.expect_100_continue is False

    cdef Route _route(self, client, request):
        """What is sent for a request: as the reference makes it, remembered."""
        cdef PyObject* known
        headers, url, body = request._headers, request.url, request._body
        if type(headers) is not self.tools.Headers or type(url) is not str:
            return None
        fields = <dict>headers._fields
        if not fields and body is None and request.method == "GET":
            name = url
        else:
            for value in fields.values():
                if type(value) is not str:
                    return None
            name = (url, request.method, -1 if body is None else len(body), *fields.items())
        known = PyDict_GetItemWithError(self.routes, name)
        if known != NULL:
            return <object>known        # or None
        return self._new_route(client, request, name)

    cdef Route _new_route(self, client, request, name):
        cdef Route route = None
        tools = self.tools
        try:
            plan = client._plan(request, client.defaults, streamed=False)
            hop = plan.first_hop()
            writer = tools.Writer()
            pieces = tools.begin(hop, writer)
        except (KeyError, TypeError, ValueError, tools.OutputError):
            return None                 # it is raised where the whole way asks
        fields = hop.headers._fields
        if (
            plan.is_plain and hop.way is tools.USUAL_WAY and len(pieces) == 1
            and writer.keep_alive and not writer.upgrades and "Transfer-Encoding" not in fields
        ):
            route = Route.__new__(Route)
            route.key = tools.key_of(hop)
            route.data = (<bytes>pieces[0]).removesuffix(hop.body or b"")
            # Who somebody is is remembered no longer than it must be.
            if len(route.data) > MAX_SIZE or len(request.url) > MAX_SIZE or not _SECRETS.isdisjoint(fields):
                return route
        if len(self.routes) >= MAX_ROUTES:
            self.routes.clear()
        self.routes[name] = route
        return route

    # Time.

    cdef int _set_timer(self, double due) except -1:
        if self.timer is not None:
            self.timer.cancel()
        self.due = due
        self.timer = self.loop.call_at(due, self._look)
        return 0

    def _look(self):
        """End those that are late. (There is one timer for all flights, and it is not touched as they land.)"""
        cdef Flight flight
        cdef double now = self.clock(), first = 0.0
        self.timer = None
        for flight in list(self.going):
            if flight.deadline and flight.deadline <= now and flight.state != LANDED:
                flight.fail(self.tools.timed_out(flight))
            elif flight.deadline and (not first or flight.deadline < first):
                first = flight.deadline
        if first and self.timer is None:
            self._set_timer(first)


count_deaths(Route, ROUTE)
count_deaths(Flight, FLIGHT)
count_deaths(Flights, FLIGHTS)
