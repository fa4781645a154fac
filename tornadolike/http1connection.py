"""The server's side of one HTTP/1.1 connection: the sans-I/O reader and writer on a transport.

One connection serves its requests strictly one after another. What it is doing is its *phase*:

====================  ======================================================================= ==========
phase                 what is going on                                                        time-out
====================  ======================================================================= ==========
``IDLE``              nothing; the next request may come                                      idle
``HEAD``              a part of a head has come (or nothing yet on a new connection): 408     header
``BODY``              a body is coming: 408                                                   body
``HANDLING``          a request is being answered; what comes meanwhile waits, bounded        (none)
``WRITING``           answers wait for the peer to read them; no more are made until it does   write
``LINGERING``         we have said our last; the peer may still be talking                    linger
====================  ======================================================================= ==========

A request that has arrived whole goes to the application in one call, and if it is answered in that call
the next one in the buffer follows at once; all answers of one wake-up leave in one write (*corked*).
A peer that does not read its answers gets no further ones: what waits for it is bounded.
Whatever is answered later is written when it is ready, and continues with the next request from a
callback of the loop, never from inside the task that finished the answer.

An input that breaks the protocol is answered by the status it deserves, and the connection closes: our
side first, then, so that a reset does not overtake the answer, the peer's (RFC 9112 section 9.6).
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from .http1 import (
    DefaultHeads,
    EndOfMessage,
    FieldSectionCache,
    Limits,
    RequestReader,
    ResponseWriter,
    encode_head,
    error_response,
    has_no_body,
)
from .httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
    request_of,
)
from .ioloop import Deadlines, IOLoop
from .iostream import SocketTransport, StreamClosedError
from .log import app_log, gen_log

IDLE: Final = "IDLE"
HEAD: Final = "HEAD"
BODY: Final = "BODY"
HANDLING: Final = "HANDLING"
WRITING: Final = "WRITING"
LINGERING: Final = "LINGERING"

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

CORKED_PIECES: Final = 256
"""How many pieces of responses are held back to leave in one write."""
CORKED_BODY: Final = 16 * 1024
"""A body of this many bytes is not held back."""


@dataclass(frozen=True, slots=True)
class ServingParameters:
    """Time-outs (in seconds, None for never) and limits of a server's connections."""

    limits: Limits = field(default_factory=Limits)
    no_keep_alive: bool = False
    """Close after every response."""
    idle_connection_timeout: float | None = 3600.0
    """Between a response and the next request."""
    header_timeout: float | None = 60.0
    """From the first byte of a request (or from the connection) to the end of its head. Over it: 408."""
    body_timeout: float | None = None
    """From the head to the end of the body. Over it: 408."""
    body_stall_timeout: float | None = 60.0
    """Between two pieces of a body. Over it: 408."""
    write_stall_timeout: float | None = 60.0
    """Without the peer taking a byte of what waits for it. Over it the connection is cut."""
    linger_timeout: float = 5.0
    """For the peer to close after our last word; and for a handler whose peer has closed, to end."""
    max_pipelined_size: int = 64 * 1024
    """Bytes that may wait behind the request that is being answered; then reading pauses."""


class Serving:
    """What all connections of one server share."""

    def __init__(
        self,
        loop: IOLoop,
        delegate: HTTPServerConnectionDelegate,
        serve_whole: Callable[[HTTPServerRequest], object] | None,
        parameters: ServingParameters,
        protocol: str = "http",
    ) -> None:
        self.loop = loop
        self.delegate = delegate
        self.serve_whole = serve_whole
        """Takes a request that arrived whole; None if only the delegate's conversation will do."""
        self.parameters = parameters
        self.protocol = protocol
        self.limits = parameters.limits
        self.idle_timeout = parameters.idle_connection_timeout or math.inf
        self.deadlines = Deadlines(loop, horizon=min(self.idle_timeout, 3600.0))
        self.connections: set[HTTP1ServerConnection] = set()
        self.field_sections = FieldSectionCache(self.limits.max_header_count)
        self.default_heads = DefaultHeads()
        self.upgraded: dict[SocketTransport, asyncio.Protocol] = {}
        """The connections that other protocols took over."""
        self.changed: asyncio.Future[None] | None = None
        """Waits for a connection to end."""
        self.keep_alive = not parameters.no_keep_alive
        """Whether a connection may stay open after a response; not any more once we are draining."""
        self.done: asyncio.Future[None] = loop.create_future()
        """Done already: what a write that need not wait returns."""
        self.done.set_result(None)

    def connection_ended(self) -> None:
        """Wake who waits for connections to end."""
        changed, self.changed = self.changed, None
        if changed is not None and not changed.done():
            changed.set_result(None)

    def upgraded_ended(self, transport: SocketTransport) -> None:
        """A connection that another protocol took over has ended."""
        self.upgraded.pop(transport, None)
        self.connection_ended()


class ConnectionContext:
    """Who is at the other end."""

    __slots__ = ("address", "protocol", "remote_ip")

    def __init__(self, address: Any, protocol: str) -> None:
        self.address = address
        self.protocol = protocol
        self.remote_ip = address[0] if isinstance(address, tuple) else "0.0.0.0"  # noqa: S104

    def __str__(self) -> str:
        return str(self.remote_ip)


class HTTP1ServerConnection(asyncio.Protocol, HTTPConnection):
    """Reads requests from a transport, hands them over, and takes their responses."""

    __slots__ = (
        "_address",
        "_close_callback",
        "_closing",
        "_corked",
        "_delegate",
        "_drained",
        "_keep_alive",
        "_linger",
        "_lost",
        "_out",
        "_reader",
        "_request",
        "_request_deadline",
        "_serving",
        "_waiting_size_seen",
        "_writer",
        "bucket",
        "deadline",
        "phase",
        "transport",
    )

    transport: SocketTransport

    def __init__(self, serving: Serving, address: Any) -> None:
        self._serving = serving
        self._address = address
        self._reader = RequestReader(serving.limits, serving.field_sections)
        self._request: HTTPServerRequest | None = None
        self._delegate: HTTPMessageDelegate | None = None
        self._writer: ResponseWriter | None = None
        self._close_callback: Callable[[], object] | None = None
        self._out: list[bytes] = []
        self._corked = False
        self._keep_alive = True
        self._closing = False
        self._linger = False
        self._lost = False
        self._drained: asyncio.Future[None] | None = None
        self._request_deadline = math.inf
        self._waiting_size_seen = 0
        self.phase = HEAD
        self.deadline = math.inf
        self.bucket = Deadlines.NOWHERE

    # The transport's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, SocketTransport)
        self.transport = transport
        self._serving.connections.add(self)
        self._expire_in(self._serving.parameters.header_timeout)

    def data_received(self, data: bytes) -> None:
        phase = self.phase
        if phase is LINGERING:
            return
        self._reader.feed(data)
        if phase is not HANDLING and phase is not WRITING:
            self._serve()
        elif self._reader.buffered > self._serving.parameters.max_pipelined_size:
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        """The peer will say no more.

        As a rule it is gone, and the application is told so; but it may also have closed only its side
        and wait for the answer, so that for ``linger_timeout`` seconds an answer is still sent.
        """
        if self.phase is HANDLING:
            self._keep_alive = False
            self._tell_closed()
            self._expire_in(self._serving.parameters.linger_timeout)
            return True
        return self.phase is WRITING

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._serving.connections.discard(self)
        self._serving.deadlines.discard(self)
        if self._drained is not None:
            self._fail_future(self._drained, exc)
            self._drained = None
        if self._request is not None:
            self._tell_closed()
            self._request = None
        self._call_application(partial(self._serving.delegate.on_close, self))
        self._serving.connection_ended()

    def _tell_closed(self) -> None:
        """Tell the application that nobody waits for its answer."""
        delegate, callback = self._delegate, self._close_callback
        self._delegate = self._close_callback = None
        if callback is not None:
            self._call_application(callback)
        elif delegate is not None:
            self._call_application(delegate.on_connection_close)

    def pause_writing(self) -> None:
        if self._drained is None:
            self._drained = self._serving.loop.create_future()
        self._waiting_size_seen = 0
        self._expire_in(self._serving.parameters.write_stall_timeout)

    def resume_writing(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)
        if self.phase is HANDLING:
            self.deadline = math.inf
        elif self.phase is WRITING:
            self.phase = IDLE
            self._serving.loop.call_soon(self._serve_next)

    # Requests

    def _serve(self) -> None:
        """Take what is in the buffer, request by request, as far as it can be answered now."""
        reader = self._reader
        out = self._out
        self._corked = True
        try:
            while True:
                event = reader.next_event()
                if event is None:
                    break
                if type(event) is HTTPServerRequest:
                    self._start(event)
                else:
                    self._pass_on(event)  # type: ignore[arg-type]
                if len(out) > CORKED_PIECES:
                    self._send_out()
                if self.phase is HANDLING or self._closing or self._drained is not None:
                    break
        except HTTPInputError as error:
            self._refuse(error)
        finally:
            self._corked = False
        self._send_out()
        self._settle()

    def _settle(self) -> None:
        """After a response or the buffer's end: what comes next."""
        if self._closing:
            self._close_gently()
        elif self.phase is HANDLING:
            return
        elif self._drained is not None and self.phase is IDLE:
            self.phase = WRITING  # its time-out was set when the transport asked us to pause
        else:
            self._wait_for_more()

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
            self._keep_alive = serving.keep_alive and (
                not section.close and (request.version == "HTTP/1.1" or section.keep_alive)
            )
            if section.expect is not None and section.expect != "100-continue":
                raise HTTPInputError(f"Unknown expectation {section.expect!r}", 417)
        self.phase = HANDLING
        self.deadline = math.inf
        if reader.complete and serving.serve_whole is not None:
            try:
                serving.serve_whole(request)
            except Exception:
                self._application_failed()
            return
        self._start_conversation(request)

    def _start_conversation(self, request: HTTPServerRequest) -> None:
        """The delegate's way: head, pieces, end."""
        timeout = self._serving.parameters.body_timeout
        self._request_deadline = (
            math.inf if timeout is None else self._serving.loop.time() + timeout
        )
        try:
            delegate = self._serving.delegate.start_request(self, self)
            self._delegate = delegate
            waiting = delegate.headers_received(request_of(request), request.headers)
            if self._reader.complete:
                if request.body and waiting is None:
                    waiting = delegate.data_received(request.body)
                if waiting is None:
                    delegate.finish()
                else:
                    self._continue_after(waiting, EndOfMessage())
            elif self._request is request:  # not answered yet
                self._invite_body(request)
                self._await_body(waiting)
        except HTTPInputError:
            raise
        except Exception:
            self._application_failed()

    def _invite_body(self, request: HTTPServerRequest) -> None:
        """Answer ``Expect: 100-continue``, unless the body has begun to arrive anyway."""
        section = self._reader.section
        assert section is not None
        if section.expect and request.version == "HTTP/1.1" and not self._reader.buffered:
            self._out.append(CONTINUE)

    def _await_body(self, waiting: Awaitable[None] | None) -> None:
        if waiting is None:
            self.phase = BODY
        else:
            self._continue_after(waiting, None)

    def _pass_on(self, event: bytes | EndOfMessage) -> None:
        delegate = self._delegate
        if delegate is None:
            return
        try:
            if type(event) is bytes:
                self.phase = HANDLING
                self._await_body(delegate.data_received(event))
            else:
                self.phase = HANDLING
                self.deadline = math.inf
                delegate.finish()
        except HTTPInputError:
            raise
        except Exception:
            self._application_failed()

    def _continue_after(self, waiting: Awaitable[None], last: EndOfMessage | None) -> None:
        """Go on with the body once the delegate is ready for it."""
        self.deadline = math.inf
        future = asyncio.ensure_future(waiting)
        request = self._request

        def ready(done: asyncio.Future[None]) -> None:
            if self._request is not request or self._lost:
                if not done.cancelled():
                    done.exception()
                return
            try:
                done.result()
                if last is not None and self._delegate is not None:
                    self._delegate.finish()
                    return
            except (Exception, asyncio.CancelledError):
                self._application_failed()
                return
            self.phase = BODY
            self.transport.resume_reading()
            self._serve()

        future.add_done_callback(ready)

    def _wait_for_more(self) -> None:
        """Set the time-out that goes with what the buffer holds."""
        reader = self._reader
        parameters = self._serving.parameters
        if not reader.complete:
            self.phase = BODY
            self._expire_in(parameters.body_stall_timeout)
            if self._request_deadline < self.deadline:
                self.deadline = self._request_deadline
                self._serving.deadlines.add(self)
        elif not reader.buffered:
            self.phase = IDLE
            # Never earlier than the bucket in which we lie, so nothing else is to do.
            self.deadline = self._serving.deadlines.now + self._serving.idle_timeout
        elif self.phase is not HEAD:
            self.phase = HEAD
            self._expire_in(parameters.header_timeout)

    def _refuse(self, error: HTTPInputError) -> None:
        """Answer a request that breaks the protocol; the connection is of no more use."""
        gen_log.info("Malformed HTTP message from %s: %s", self.context, error)
        self._linger = True
        self._give_up(error.status)

    def _application_failed(self) -> None:
        app_log.error("Uncaught exception while serving a request", exc_info=True)
        if self._request is not None:  # else it failed after its answer
            self._give_up(500)
        if not self._corked:
            self._send_out()
            self._settle()

    def _give_up(self, status: int) -> None:
        delegate, self._delegate = self._delegate, None
        if delegate is not None:
            self._call_application(delegate.on_connection_close)
        if self._writer is not None:
            # A response is under way: only its breaking off can say that it is not whole.
            self._out.clear()
            self.transport.abort()
        else:
            self._out.append(error_response(status))
        self._request = None
        self._keep_alive = False
        self._closing = True

    @staticmethod
    def _call_application(function: Callable[[], object] | None) -> None:
        if function is not None:
            try:
                function()
            except Exception:
                app_log.error("Uncaught exception in %r", function, exc_info=True)

    # Responses

    def respond(
        self,
        status: int,
        reason: str,
        content_type: str,
        headers: HTTPHeaders | None,
        extra: bytes,
        body: bytes,
    ) -> "asyncio.Future[None]":
        """Send a whole response in one call.

        :arg headers: all of its headers, or None for the default ones (Server, ``content_type``, Date).
        :arg extra: more lines of the head, each with its CRLF.
        :arg body: not sent in answer to HEAD, whose Content-Length it still gives.
        """
        request = self._request
        if request is None:
            return self._closed_future()  # lost, or refused
        out = self._out
        if headers is None and status == 200 and self._keep_alive and request.version == "HTTP/1.1":
            head = self._serving.default_heads.get(status, reason, content_type)
            out.append(b"%b%bContent-Length: %d\r\n\r\n" % (head, extra, len(body)))
        else:
            out.append(self._head_of_whole(status, reason, content_type, headers, extra, body))
            if has_no_body(status):
                body = b""
        if body and request.method != "HEAD":
            out.append(body)
        self._response_done()
        if len(body) > CORKED_BODY:
            self._send_out()
        return self._drained or self._serving.done

    def _head_of_whole(
        self,
        status: int,
        reason: str,
        content_type: str,
        headers: HTTPHeaders | None,
        extra: bytes,
        body: bytes,
    ) -> bytes:
        """The head of :meth:`respond`'s response where anything about it is out of the ordinary."""
        if headers is None:
            head = self._serving.default_heads.get(status, reason, content_type)
        else:
            head = encode_head(status, reason, headers.get_all())
            if "close" in headers.get("Connection", "").lower():
                self._keep_alive = False
        if headers is None or "Connection" not in headers:
            if not self._keep_alive:
                extra += b"Connection: close\r\n"
            elif self._request.version != "HTTP/1.1":  # type: ignore[union-attr]
                extra += b"Connection: keep-alive\r\n"
        if not has_no_body(status) and (headers is None or "Content-Length" not in headers):
            extra += b"Content-Length: %d\r\n" % len(body)
        return b"%b%b\r\n" % (head, extra)

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
        chunk: bytes | None = None,
    ) -> "asyncio.Future[None]":
        """Send the head, and ``chunk`` with it. Raises :exc:`HTTPOutputError`."""
        request = self._request
        if request is None:
            return self._closed_future()
        assert isinstance(start_line, ResponseStartLine)
        writer = ResponseWriter(request.method, request.version, self._keep_alive)
        data = writer.head(start_line.code, start_line.reason, headers)
        if chunk:
            data += writer.data(chunk)
        if start_line.code >= 200:  # after an interim response comes another head
            self._writer = writer
        return self._write(data)

    def write(self, chunk: bytes) -> "asyncio.Future[None]":
        """Send a piece of the body. Raises :exc:`HTTPOutputError` for more than Content-Length."""
        writer = self._writer
        if self._request is None or writer is None:
            return self._closed_future()
        try:
            return self._write(writer.data(chunk))
        except Exception:
            self.transport.abort()
            raise

    def finish(self) -> None:
        """The response is whole. Raises :exc:`HTTPOutputError` for less than Content-Length."""
        writer = self._writer
        if self._request is None or writer is None:
            return
        try:
            end = writer.end()
        except Exception:
            self.transport.abort()
            raise
        if end:
            self._write(end)
        self._keep_alive = writer.keep_alive
        self._response_done()

    def _write(self, data: bytes) -> "asyncio.Future[None]":
        if self._lost:
            return self._closed_future()
        if data:
            self._out.append(data)
            if not self._corked:
                self._send_out()
        return self._drained or self._serving.done

    def _send_out(self) -> None:
        out = self._out
        if out:
            data = out[0] if len(out) == 1 else b"".join(out)
            out.clear()
            self.transport.write(data)

    def _response_done(self) -> None:
        self._request = None
        self._writer = self._delegate = self._close_callback = None
        if not self._reader.complete:
            # Answered before the request was whole: what is still coming is of no interest.
            self._keep_alive = False
        if self._keep_alive:
            self.phase = IDLE
        else:
            self._closing = True
        if self._corked:
            return
        self._send_out()
        self._settle()
        if self.phase is IDLE or self.phase is HEAD:
            # From a callback of its own: this may be the last step of a task, and the next request
            # may want to be one.
            self._serving.loop.call_soon(self._serve_next)

    def _serve_next(self) -> None:
        if (self.phase is IDLE or self.phase is HEAD) and not self._lost and not self._closing:
            self.transport.resume_reading()
            self._serve()

    def set_close_callback(self, callback: Callable[[], object] | None) -> None:
        """Call ``callback()`` if the connection is lost before the current response is whole."""
        self._close_callback = callback

    def switch_protocol(
        self, headers: HTTPHeaders, protocol: asyncio.Protocol
    ) -> asyncio.Transport:
        """Answer ``101 Switching Protocols`` with ``headers`` and give the connection to ``protocol``.

        Calls ``protocol.connection_made(transport)`` at once and delivers what the peer sent behind the
        request from a callback of its own. If the protocol has a ``going_away()``, that is called when
        the server is drained.
        """
        transport = self.transport
        serving = self._serving
        self._out.append(encode_head(101, "Switching Protocols", headers.get_all()) + b"\r\n")
        self._send_out()
        self._request = None
        self._writer = self._delegate = self._close_callback = None
        serving.connections.discard(self)
        serving.deadlines.discard(self)
        serving.upgraded[transport] = protocol
        transport.when_lost = serving.upgraded_ended
        rest = self._reader.unread()
        if rest:
            transport.unread(rest)
        transport.resume_reading()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        return transport

    # Time and the end

    @property
    def context(self) -> ConnectionContext:
        """The peer's address and the protocol's name."""
        return ConnectionContext(self._address, self._serving.protocol)

    def _expire_in(self, timeout: float | None) -> None:
        if timeout is None:
            self.deadline = math.inf
        else:
            self.deadline = self._serving.loop.time() + timeout
        self._serving.deadlines.add(self)

    def deadline_passed(self) -> None:
        """The time-out of the current phase."""
        transport = self.transport
        waiting = transport.get_write_buffer_size()
        if waiting and self.phase is not LINGERING and waiting != self._waiting_size_seen:
            # The peer takes what we send, if slowly.
            self._waiting_size_seen = waiting
            self._expire_in(self._serving.parameters.write_stall_timeout)
        elif waiting or self.phase is LINGERING:
            transport.abort()
        elif self.phase is BODY or (self.phase is HEAD and self._reader.buffered):
            self._refuse(HTTPInputError(f"time-out while reading its {self.phase.lower()}", 408))
            self._send_out()
            self._settle()
        elif self.phase is not HANDLING or self.deadline != math.inf:
            transport.close()

    def _close_gently(self) -> None:
        """Close after the last response so that the peer gets it.

        Closing a socket that has unread input makes the kernel send a reset, which may reach the peer
        before it has read our answer. So unless the peer is at rest, only our side is closed, and the
        peer has ``linger_timeout`` seconds to close the other.
        """
        transport = self.transport
        if self._lost or transport.is_closing():
            return
        self.phase = LINGERING
        if self._reader.complete and not self._reader.buffered and not self._linger:
            transport.close()
        else:
            self._reader.unread()
            transport.resume_reading()
            transport.write_eof()
        self._expire_in(self._serving.parameters.linger_timeout)

    def close(self) -> None:
        """Close now, whatever is going on."""
        self._closing = True
        self.transport.abort()

    def drain(self) -> None:
        """Close as soon as the current request is answered; if there is none, now."""
        self._keep_alive = False
        if self.phase is IDLE or (self.phase is HEAD and not self._reader.buffered):
            self.transport.close()

    def _closed_future(self) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = self._serving.loop.create_future()
        self._fail_future(future, None)
        return future

    @staticmethod
    def _fail_future(future: "asyncio.Future[None]", error: BaseException | None) -> None:
        if not future.done():
            future.set_exception(StreamClosedError(error))
            future.exception()  # nobody has to look at it
