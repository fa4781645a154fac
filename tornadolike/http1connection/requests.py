"""From the reader's events to the application: in one call, or in a conversation with a delegate."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from ..http1 import EndOfMessage, RequestReader, error_response
from ..httputil import HTTPInputError, HTTPMessageDelegate, HTTPServerRequest, request_of
from ..ioloop.transports.tls import SSLTransport
from ..iostream import StreamClosedError
from ..log import app_log, gen_log
from .phases import BODY, ENDED, HANDLING, HEAD
from .responses import ResponseSide
from .serving import ConnectionContext, Serving

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class RequestSide(ResponseSide):
    """Hands a connection's requests to the application, and deals with what that raises."""

    __slots__ = (
        "_address",
        "_awaiting",
        "_close_callback",
        "_delegate",
        "_linger",
        "_phase_end",
        "_reader",
        "deadline",
        "phase",
    )

    def __init__(self, serving: Serving, address: Any) -> None:
        super().__init__(serving)
        self._address = address
        self._reader = RequestReader(serving.limits, serving.field_sections)
        self._delegate: HTTPMessageDelegate | None = None
        self._close_callback: Callable[[], object] | None = None
        self._awaiting = False
        """The delegate has not yet been told all of the request that has arrived: it makes us wait."""
        self._linger = True
        """The peer does not expect that we close after the response."""
        self._phase_end = math.inf
        """When the phase (BODY, LINGERING) ends, however much still comes."""
        self.phase = HEAD
        self.deadline = math.inf

    @property
    def context(self) -> ConnectionContext:
        """The peer's address and the protocol's name."""
        protocol = "https" if isinstance(self.transport, SSLTransport) else "http"
        return ConnectionContext(self._address, protocol)

    def _start(self, request: HTTPServerRequest) -> None:
        reader = self._reader
        serving = self._serving
        section = reader.section
        assert section is not None
        request.connection = self
        self._request = request
        if section.plain and request.version == "HTTP/1.1":
            self._keep_alive = serving.keep_alive
        else:
            self._linger = not section.close and (
                request.version == "HTTP/1.1" or section.keep_alive
            )
            self._keep_alive = serving.keep_alive and self._linger
            if section.expect is not None and section.expect != "100-continue":
                raise HTTPInputError(f"Unknown expectation {section.expect!r}", 417)
        self.phase = HANDLING
        self.deadline = math.inf
        if reader.complete and serving.serve_whole is not None:
            try:
                serving.serve_whole(request)
            except Exception as error:
                self._application_failed(error)
            return
        self._start_conversation(request)

    # The conversation with a delegate: head, pieces, end

    def _start_conversation(self, request: HTTPServerRequest) -> None:
        serving = self._serving
        timeout = serving.parameters.body_timeout
        self._phase_end = math.inf if timeout is None else serving.loop.time() + timeout
        self._awaiting = False
        self._delegate = None
        if not self._reader.complete:
            # If it is answered before it is whole, what is still coming is of no interest.
            self._keep_alive_if_whole = self._keep_alive
            self._keep_alive = False
        try:
            self._delegate = delegate = serving.delegate.start_request(self, self)
        except Exception as error:
            self._application_failed(error)
            return
        head = request_of(request)
        self._tell(partial(delegate.headers_received, head, request.headers), self._head_told)

    def _head_told(self) -> None:
        request = self._request
        delegate = self._delegate
        assert request is not None
        assert delegate is not None
        self._reader.check_body_size()
        if not self._reader.complete:
            self._invite_body(request)
            self.phase = BODY
        elif request.body:
            self._tell(partial(delegate.data_received, request.body), self._body_told)
        else:
            self._body_told()

    def _pass_on(self, event: bytes | EndOfMessage) -> None:
        delegate = self._delegate
        assert delegate is not None
        if type(event) is bytes:
            self._tell(partial(delegate.data_received, event), self._piece_told)
        else:
            self._body_told()

    def _piece_told(self) -> None:
        self.phase = BODY

    def _body_told(self) -> None:
        assert self._delegate is not None
        self.deadline = math.inf
        self._keep_alive = self._keep_alive or self._keep_alive_if_whole
        self._keep_alive_if_whole = False
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
                self._awaiting = True
                self.deadline = math.inf
                return
        except Exception as error:
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
        self._awaiting = False
        try:
            waited_for.result()
            then()
        except (Exception, asyncio.CancelledError) as error:
            self._application_failed(error)
        if self.phase is BODY:
            self._serve_on()
        elif self.phase is HANDLING:
            self._settle()

    def _invite_body(self, request: HTTPServerRequest) -> None:
        """Answer ``Expect: 100-continue``, unless the body has begun to arrive anyway."""
        section = self._reader.section
        assert section is not None
        if section.expect and request.version == "HTTP/1.1" and not self._reader.buffered:
            self._out.append(CONTINUE)

    def _refuse(self, error: HTTPInputError) -> None:
        """Answer a request that breaks the protocol; the connection is of no more use."""
        gen_log.info("Malformed HTTP message from %s: %s", self.context, error)
        self._linger = True
        self._give_up(error.status)

    def refuse_plain_http(self) -> None:
        """Answer a client that speaks plain HTTP where TLS is spoken, and does not know better."""
        gen_log.info("SSL Error on %s: plain HTTP on a port for HTTPS", self.context)
        self._give_up(
            400, "400: This is a port for HTTPS. Use https:// instead of http:// in the address.\n"
        )

    def _application_failed(self, error: BaseException) -> None:
        if isinstance(error, HTTPInputError) and self._request is not None:
            self._refuse(error)
            return
        app_log.error("Uncaught exception while serving a request", exc_info=error)
        if self._request is not None:  # else it failed after its answer
            self._give_up(500)

    def _give_up(self, status: int, text: str | None = None) -> None:
        """Answer with an error and close; if the answer is under way already, break it off."""
        if not self._closing:
            request = self._request
            if self._writer is not None:
                self.close()
            else:
                answer = error_response(status, text)
                if request is not None and request.method == "HEAD":
                    answer = answer[: answer.index(b"\r\n\r\n") + 4]
                self._out.append(answer)
            self._request = None
            self._closing = True
            self._tell_closed()
        if not self._corked:
            self._send_out()
            self._settle()

    # The application wants to know, or is told, that the peer is gone

    def set_close_callback(self, callback: Callable[[], object] | None) -> None:
        """Call ``callback()`` if the connection is lost before the current response is whole."""
        if callback is not None and self.phase is ENDED:
            self._serving.loop.call_soon(callback)
        else:
            self._close_callback = callback

    def _tell_closed(self) -> None:
        """Tell the application, once, that nobody waits for its answer."""
        delegate, callback = self._delegate, self._close_callback
        self._delegate = self._close_callback = None
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


def call_application(function: Callable[[], object]) -> None:
    """Call a function of the application's whose failure is only the application's affair."""
    try:
        function()
    except Exception:
        app_log.error("Uncaught exception in %r", function, exc_info=True)
