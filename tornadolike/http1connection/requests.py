"""From the reader's events to the application: in one call, or in a conversation with a delegate."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from ..http1 import CONTINUE, EndOfMessage, RequestReader, error_response
from ..http1.body import too_large
from ..httputil import HTTPInputError, HTTPMessageDelegate, HTTPServerRequest, request_of
from ..ioloop import Deadlines
from ..ioloop.transports.tls import SSLTransport
from ..iostream import StreamClosedError
from ..log import app_log, gen_log
from ..netutil.proxy_protocol import ProxyHeader
from .context import ConnectionContext, context_of
from .files import FileSide
from .pace import Pace
from .phases import BODY, ENDED, HANDLING, HEAD, UPGRADED
from .refusals import Refusal
from .serving import Answering, Serving, call_application, log_refusal
from .stream_face import ConnectionStream


class RequestSide(FileSide):
    """Hands a connection's requests to the application, and deals with what that raises."""

    __slots__ = (
        "_address",
        "_awaiting_since",
        "_body_pace",
        "_body_taken",
        "_close_callback",
        "_context",
        "_delegate",
        "_drain_callback",
        "_linger",
        "_phase_end",
        "_proxy",
        "_reader",
        "bucket",
        "deadline",
        "phase",
        "refused",
    )

    def __init__(self, serving: Serving, address: Any, proxy: ProxyHeader | None = None) -> None:
        super().__init__(serving)
        self._address = address
        self._proxy = proxy
        self._context: ConnectionContext | None = None
        self._reader = RequestReader(serving.limits, serving.field_sections)
        self._delegate: HTTPMessageDelegate | None = None
        self._close_callback: Callable[[], object] | None = None
        self._drain_callback: Callable[[], object] | None = None
        self._awaiting_since: float | None = None
        """Since when the delegate makes us wait, which has not yet been told all that has arrived; or None."""
        self._body_pace: Pace | None = None
        """How fast the body comes that is coming."""
        self._body_taken = 0
        """How many bytes of it have come."""
        self._linger = True
        """The peer does not expect that we close after the response."""
        self._phase_end = math.inf
        """When the phase (BODY, LINGERING) ends, however much still comes."""
        self.refused: int | None = None
        """The status by which the connection itself has answered a request, whatever the application says."""
        self.phase = HEAD
        self.deadline = math.inf
        self.bucket = Deadlines.NOWHERE

    @property
    def context(self) -> ConnectionContext:
        """Who is at the other end, and what he speaks."""
        if self._context is None:
            tls = isinstance(self.transport, SSLTransport)
            parameters = self._serving.parameters
            self._context = context_of(parameters, self._address, tls, self._proxy)
        return self._context

    def _start(self, request: HTTPServerRequest) -> None:
        reader = self._reader
        serving = self._serving
        section = reader.section
        assert section is not None
        request.connection = self
        self._request = request
        serving.requests += 1
        # While the server drains, what was asked for already is answered; the last answer says that it is.
        self._keep_alive = serving.keep_alive or (
            serving.draining
            and reader.complete
            and reader.buffered > 0
            and not serving.parameters.no_keep_alive
        )
        if not section.plain or request.version != "HTTP/1.1":
            self._linger = section.stays_open(request.version)
            self._keep_alive = self._keep_alive and self._linger
            section.check_expectation()
        self.phase = HANDLING
        self.deadline = math.inf
        if reader.complete and serving.serve_whole is not None:
            try:
                serving.serve_whole(request)
            except (Exception, asyncio.CancelledError) as error:
                self._application_failed(error)
            return
        self.converse(request)

    # The conversation with a delegate: head, pieces, end

    def converse(
        self, request: HTTPServerRequest, delegate: HTTPMessageDelegate | None = None
    ) -> None:
        """Have ``delegate`` answer ``request``, the current one, also if it has come whole.

        Without a delegate the server's own is asked for one.
        """
        serving = self._serving
        timeout = serving.parameters.body_timeout
        self._phase_end = math.inf if timeout is None else serving.loop.time() + timeout
        self._awaiting_since = None
        self._delegate = None
        if not self._reader.complete:
            self._body_pace = Pace(serving.parameters.min_body_rate, serving.loop.time(), 0)
            self._body_taken = 0
            # If it is answered before it is whole, what is still coming is of no interest.
            self._keep_alive_if_whole = self._keep_alive
            self._keep_alive = False
        try:
            delegate = delegate or serving.delegate.start_request(self, self)
        except (Exception, asyncio.CancelledError) as error:
            self._application_failed(error)
            return
        self._delegate = delegate
        head = request_of(request)
        self._tell(partial(delegate.headers_received, head, request.headers), self._head_told)

    def _head_told(self) -> None:
        request = self._request
        delegate = self._delegate
        assert request is not None
        assert delegate is not None
        self._reader.check_body_size()
        if not self._reader.complete:
            if self._reader.awaits_continue(request):
                self._out.append(CONTINUE)
            self.phase = BODY
        elif request.body:
            self._tell(partial(delegate.data_received, request.body), self._body_told)
        else:
            self._body_told()

    def _pass_on(self, event: bytes | EndOfMessage) -> None:
        delegate = self._delegate
        assert delegate is not None
        if isinstance(event, bytes):
            self._body_taken += len(event)
            self._tell(partial(delegate.data_received, event), self._piece_told)
        elif event.trailers:
            self._body_is_whole()
            self._tell(partial(delegate.trailers_received, event.trailers), self._tell_end)
        else:
            self._body_told()

    def _piece_told(self) -> None:
        self.phase = BODY

    def _body_told(self) -> None:
        self._body_is_whole()
        self._tell_end()

    def _body_is_whole(self) -> None:
        self._body_pace = None
        self.deadline = math.inf
        self._keep_alive = self._keep_alive or self._keep_alive_if_whole
        self._keep_alive_if_whole = False

    def _tell_end(self) -> None:
        assert self._delegate is not None
        self._tell(self._delegate.finish, None)

    def _tell(
        self, say: Callable[[], Awaitable[None] | None], then: Callable[[], None] | None
    ) -> None:
        """Tell the delegate something; go on when it is ready, unless it has answered already."""
        request = self._request
        self.phase = HANDLING
        try:
            waiting = say()
            if waiting is not None and then is not None:
                future = asyncio.ensure_future(waiting)
                future.add_done_callback(partial(self._delegate_ready, request, then))
                self._awaiting_since = self._serving.loop.time()
                self.deadline = math.inf
                return
        except (Exception, asyncio.CancelledError) as error:
            self._application_failed(error)
            return
        if then is not None and self._request is request:
            then()

    def _delegate_ready(
        self,
        request: HTTPServerRequest | None,
        then: Callable[[], None],
        waited_for: "asyncio.Future[None]",
    ) -> None:
        if self._request is not request:  # answered, refused or lost in the meantime
            error = None if waited_for.cancelled() else waited_for.exception()
            if error is not None and not isinstance(error, StreamClosedError):
                app_log.error("Uncaught exception while receiving a request", exc_info=error)
            return
        if self._body_pace is not None and self._awaiting_since is not None:
            self._body_pace.wait(self._serving.loop.time() - self._awaiting_since)
        self._awaiting_since = None
        try:
            waited_for.result()
            then()
        except (Exception, asyncio.CancelledError) as error:
            self._application_failed(error)
        if self.phase is BODY:
            self._serve_on()
        elif self.phase is HANDLING:
            self._settle()

    def _refuse(self, error: HTTPInputError) -> None:
        """Answer a request that breaks the protocol; the connection is of no more use."""
        log_refusal(self.context, error)
        self._linger = True
        self._give_up(error.status, str(error))

    def refuse_plain_http(self) -> None:
        """Answer a client that speaks plain HTTP where TLS is spoken, and does not know better."""
        gen_log.info("SSL Error on %s: plain HTTP on a port for HTTPS", self.context)
        self._give_up(
            400, "This is a port for HTTPS. Use https:// instead of http:// in the address."
        )

    def _application_failed(self, error: BaseException) -> None:
        if isinstance(error, HTTPInputError) and self._request is not None:
            self._refuse(error)
            return
        app_log.error("Uncaught exception while serving a request", exc_info=error)
        if self._request is not None:  # else it failed after its answer
            self._give_up(500)

    def _give_up(self, status: int, detail: str = "") -> None:
        """Answer with an error and close; if the answer is under way already, break it off."""
        if not self._closing:
            request = self._request
            self.refused = status
            if self._writer is not None:
                self.close()
            else:
                method = None if request is None else request.method
                answer = error_response(status, detail, method)
                self._out.append(answer)
                self._log_answer(request, status, answer)
            self._request = None
            self._closing = True
            self._tell_closed()
        if not self._corked:
            self._send_out()
            self._settle()

    def _log_answer(self, request: HTTPServerRequest | None, status: int, answer: bytes) -> None:
        log = self._serving.parameters.refusal_log
        # Where a handler waits it is told, and has a line of its own.
        if log is not None and self._close_callback is None:
            size = len(answer.partition(b"\r\n\r\n")[2])
            call_application(partial(log, Refusal(self, request, status, size)))

    @property
    def stream(self) -> ConnectionStream:
        """What Tornado's connections have: to look at the socket, and to cut the connection."""
        return ConnectionStream(self)

    # What the application may ask for while its request is coming

    @property
    def max_body_size(self) -> int:
        """How many bytes the body of the current request may have."""
        return self._reader.max_body_size

    @property
    def chunk_size(self) -> int | None:
        """How many bytes of a body a delegate gets at once at the most; None for no limit."""
        return self._serving.parameters.chunk_size

    def set_max_body_size(self, max_body_size: int) -> None:
        """Let the body of the current request have so many bytes, and no more; over it: 413.

        For this request it takes the place of the server's ``max_body_size``. It is said before the body is
        read: in the delegate's ``headers_received``. If it came with the head, and is larger, this raises
        :exc:`HTTPInputError` with status 413.
        """
        reader = self._reader
        if self._request is not None:
            reader.max_body_size = max_body_size
            length = None if reader.section is None else reader.section.content_length
            if reader.complete and length and length > max_body_size:
                error = too_large(max_body_size)
                error.in_request = True
                raise error

    def set_body_timeout(self, timeout: float | None) -> None:
        """Give the body of the current request so many seconds from now (None: any time); over it: 408.

        For this request it takes the place of the server's ``body_timeout``.
        """
        if self._request is not None:
            self._phase_end = math.inf if timeout is None else self._serving.loop.time() + timeout
            if self.phase is BODY:
                self._restart_clock()

    def set_min_body_rate(self, rate: float | None) -> None:
        """Let the body of the current request come at so many bytes a second (None: at any pace); below it: 408.

        For this request it takes the place of the server's ``min_body_rate``.
        """
        if self._body_pace is not None:
            self._body_pace.rate = rate

    def keep_task(self, task: "asyncio.Task[Any]") -> Answering:
        """Have a server that stops wait for ``task``, and cancel it when it cuts its connections.

        For what answers a request; it may well go on longer than the response, or the connection. Whoever wants
        it to end with its client calls :meth:`~.Answering.give_up` of what this returns.
        """
        return self._serving.keep_task(task, self)

    # The application wants to know, or is told, that the peer is gone

    @property
    def closed(self) -> bool:
        """Whether nothing that is written arrives any more: the connection is lost, or about to close."""
        return self._request is None or self.phase is ENDED or self.transport.is_closing()

    def set_close_callback(self, callback: Callable[[], object] | None) -> None:
        """Call ``callback()`` if the connection is lost before the current response is whole."""
        if callback is not None and self.phase is ENDED:
            self._serving.loop.call_soon(callback)
        else:
            self._close_callback = callback

    def set_drain_callback(self, callback: Callable[[], object] | None) -> None:
        """Call ``callback()`` if the server is to stop before the current response is whole.

        Once, from the loop: when draining begins, or soon if it has begun already. It is for responses that
        would never end by themselves; whatever has not ended when the time for draining is over is cut. None
        takes it back. After the response, and on a connection that is lost, there is nothing to be told.
        """
        if self._request is None and self.phase is not UPGRADED:
            return
        self._drain_callback = callback
        if self._serving.draining:
            self._serving.loop.call_soon(self._tell_draining)

    def _tell_draining(self) -> None:
        callback, self._drain_callback = self._drain_callback, None
        if callback is not None:
            call_application(callback)

    def _tell_closed(self) -> None:
        """Tell the application, once, that nobody waits for its answer."""
        delegate, callback = self._delegate, self._close_callback
        self._delegate = self._close_callback = self._drain_callback = None
        if callback is not None:
            call_application(callback)
        elif delegate is not None:
            call_application(delegate.on_connection_close)

    # What the connection fills in

    def _serve_on(self) -> None:
        """Continue with what is in the buffer."""
        raise NotImplementedError

    def _settle(self) -> None:
        """All that could be done now is done: see what there is to wait for."""
        raise NotImplementedError

    def _restart_clock(self) -> None:
        """Set the time-out of what we are waiting for, from now."""
        raise NotImplementedError

    def deadline_passed(self) -> None:
        """That was the time-out."""
        raise NotImplementedError

    def drain(self) -> None:
        """Close as soon as may be."""
        raise NotImplementedError

    def abort(self) -> None:
        """Close now."""
        raise NotImplementedError
