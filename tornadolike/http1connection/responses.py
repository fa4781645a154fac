"""From responses to bytes: framed, in order, and as few writes as can be."""

import asyncio
from typing import TYPE_CHECKING, Final

from .._native import front
from ..http1 import SERVER, ResponseWriter, State, has_no_body
from ..http1.heads import encode_head
from ..httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPOutputError,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
    http_date_now,
)
from ..iostream import StreamClosedError
from .serving import Serving, Transport

BODILESS: Final = frozenset({"HEAD", "CONNECT"})
"""The methods whose responses may have no body although they look as if they had."""
CORKED_PIECES: Final = 128
"""How many pieces of responses are held back to leave in one write."""
CORKED_SIZE: Final = 4 * 1024
"""A piece of more bytes than this is not held back."""
JOINED_SIZE: Final = 64 * 1024
"""A piece of more bytes than this is not copied to be one with what is before it."""


if TYPE_CHECKING:

    class Lane:
        __slots__ = ()

else:
    Lane = front("lane", "Lane")
    """What a connection has that begins on the express lane (:mod:`.express`)."""


class ResponseSide(Lane, HTTPConnection):
    """Takes the responses to a connection's requests, one at a time.

    While the connection is *corked* (it is working off what one wake-up brought) they are held back, to
    leave together.
    """

    __slots__ = (
        "_closing",
        "_corked",
        "_drained",
        "_keep_alive",
        "_keep_alive_if_whole",
        "_out",
        "_request",
        "_serving",
        "_writer",
        "transport",
    )

    transport: Transport

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._request: HTTPServerRequest | None = None
        """The request that is being answered, or whose body is coming."""
        self._writer: ResponseWriter | None = None
        """The response that is under way, if its head is sent and its end is not."""
        self._out: list[bytes] = []
        self._corked = False
        self._keep_alive = True
        """Whether the connection stays open after the response."""
        self._keep_alive_if_whole = False
        """Whether it will if the request becomes whole before the response is."""
        self._closing = False
        """Nothing is served any more; what is in ``_out`` is the last that is sent."""
        self._drained: list[asyncio.Future[None]] | None = None
        """Who waits for the peer to take what waits for it; None if nothing waits."""

    # Whole responses

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

        Raises :exc:`HTTPOutputError`; then nothing is sent.
        """
        request = self._request
        if request is None or self._writer is not None:
            return self._not_now("respond")
        size = len(body)
        if (
            headers is None
            and status == 200
            and size <= CORKED_SIZE
            and self._keep_alive
            and request.version == "HTTP/1.1"
            and request.method not in BODILESS
        ):
            serving = self._serving
            head = serving.default_heads.get(status, reason, content_type, serving.deadlines.now)
            self._out.append(b"%b%bContent-Length: %d\r\n\r\n%b" % (head, extra, size, body))
            self._response_done()
            return serving.done if self._drained is None else self._when_drained()
        head, body = self._frame_whole(status, reason, content_type, headers, extra, body)
        self._out.append(head)
        if body:
            self._out.append(body)
        self._response_done()
        if size > CORKED_SIZE:
            self._send_out()
        return self._serving.done if self._drained is None else self._when_drained()

    def _frame_whole(
        self,
        status: int,
        reason: str,
        content_type: str,
        headers: HTTPHeaders | None,
        extra: bytes,
        body: bytes,
    ) -> tuple[bytes, bytes]:
        """Head and body of :meth:`respond`'s response."""
        request = self._request
        assert request is not None
        if status < 200:
            raise HTTPOutputError(f"{status} is not the status of a final response")
        if self._keep_alive and request.version == "HTTP/1.1" and request.method not in BODILESS:
            ordinary = self._ordinary_head(status, reason, content_type, headers, len(body))
            if ordinary is not None:
                return b"%b%b\r\n" % (ordinary, extra), b"" if has_no_body(status) else body
        if headers is None:
            headers = HTTPHeaders.from_fields(
                {"Server": SERVER, "Content-Type": content_type, "Date": http_date_now()}
            )
        tunnel = request.method == "CONNECT" and status < 300
        length = headers.get("Content-Length")
        if length is None:
            if not has_no_body(status) and not tunnel:
                headers = headers.copy()
                headers["Content-Length"] = str(len(body))
        elif request.method == "HEAD" and body and length != str(len(body)):
            # The writer, to which a HEAD has no body, cannot see it.
            raise HTTPOutputError(f"Content-Length {length!r} for a body of {len(body)} bytes")
        writer = ResponseWriter(request.method, request.version, self._keep_alive)
        head = writer.head(status, reason, headers)
        framed = writer.data(body) + writer.end()
        self._keep_alive = writer.keep_alive
        return b"%b%b\r\n" % (head[:-2], extra), framed

    def _ordinary_head(
        self, status: int, reason: str, content_type: str, headers: HTTPHeaders | None, size: int
    ) -> bytes | None:
        """What the writer gives for the head, and at more cost, where the request puts nothing in its way.

        None if the headers say anything about the connection, or about the body more than its length.
        """
        bodiless = has_no_body(status)
        length = None
        if headers is None:
            serving = self._serving
            head = serving.default_heads.get(status, reason, content_type, serving.deadlines.now)
        else:
            said = headers._fields
            if "Connection" in said or "Transfer-Encoding" in said:
                return None
            length = said.get("Content-Length")
            if length is not None and (bodiless or length != str(size)):
                return None
            head = encode_head(status, reason, headers.get_all())
        return head if bodiless or length else b"%bContent-Length: %d\r\n" % (head, size)

    # Responses in pieces

    @property
    def responding(self) -> bool:
        """Whether the head of a response has been sent, which is not whole yet."""
        return self._writer is not None

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
        chunk: bytes | None = None,
        *,
        more: bool = False,
    ) -> "asyncio.Future[None]":
        """Send the head, and ``chunk`` with it. A status below 200 is an interim one: another follows.

        :arg more: whether a piece of the body, or the end, will be written at once, with which the head is to leave.

        Behind a ``101``, and a 2xx to CONNECT, follows ``detach()``.

        Raises :exc:`HTTPOutputError`; then nothing is sent.
        """
        request = self._request
        if request is None or self._writer is not None:
            return self._not_now("write_headers")
        assert isinstance(start_line, ResponseStartLine)
        _, status, reason = start_line
        if status == 204 and headers.get("Content-Length") == "0":
            # True, as adapters of other frameworks say it, but not to be said there (RFC 9110 section 8.6).
            headers = headers.copy()
            del headers["Content-Length"]
        keep_alive = self._keep_alive or self._keep_alive_if_whole
        writer = ResponseWriter(request.method, request.version, keep_alive)
        if status == 101:
            check_switch(request, headers)
        data = writer.head(status, reason, headers)
        if writer.state is State.HEAD:
            return self._write(data)
        first = writer.data(chunk) if chunk else b""
        self._writer = writer
        self._out.append(data)
        return self._serving.done if more and not first else self._write(first)

    def write(self, chunk: bytes) -> "asyncio.Future[None]":
        """Send a piece of the body.

        Raises :exc:`HTTPOutputError` for more than Content-Length; the connection is cut then.
        """
        writer = self._writer
        if self._request is None or writer is None:
            return self._not_now("write")
        try:
            data = writer.data(chunk)
        except Exception:
            self.close()
            raise
        return self._write(data)

    def finish(self, trailers: HTTPHeaders | None = None) -> None:
        """The response is whole; ``trailers`` go behind a body in chunks.

        Raises :exc:`HTTPOutputError` for less than Content-Length; the connection is cut then.
        """
        writer = self._writer
        if self._request is None or writer is None:
            self._not_now("finish")
            return
        try:
            end = writer.end(trailers)
        except Exception:
            self.close()
            raise
        if end:
            self._out.append(end)
        self._keep_alive = self._keep_alive and writer.keep_alive
        self._response_done()

    def _not_now(self, method: str) -> "asyncio.Future[None]":
        """What is written to a connection that is lost or closing is dropped, and the future says so.

        Raises :exc:`RuntimeError` where it is the wrong method for how far the response is.
        """
        if self._request is None:
            return self._closed_future()
        if self._writer is None:
            raise RuntimeError(f"{method}() needs write_headers() before it")
        raise RuntimeError(f"{method}() after write_headers(): a response has one head")

    # Sending

    def _closed_future(self, error: Exception | None = None) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = self._serving.loop.create_future()
        fail_future(future, error)
        return future

    def _write(self, data: bytes) -> "asyncio.Future[None]":
        out = self._out
        if data:
            out.append(data)
        if out and not (self._corked and len(data) <= CORKED_SIZE and len(out) <= CORKED_PIECES):
            self._send_out()
        if self._drained is not None:
            return self._when_drained()
        if self.transport.is_closing():
            # It was lost while it was written to, and nobody could tell us yet: whoever writes in a loop
            # and waits for nothing but this would never let him.
            return self._closed_future()
        return self._serving.done

    def _send_out(self) -> None:
        out = self._out
        if len(out) == 1:
            data = out[0]
            out.clear()
            self.transport.write(data)
        elif out:
            if len(out[-1]) <= JOINED_SIZE:
                data = b"".join(out)
                out.clear()
                self.transport.write(data)
            else:
                self.transport.writelines(out)
                out.clear()

    def _when_drained(self) -> "asyncio.Future[None]":
        assert self._drained is not None
        # One for each who asks: whoever cancels his does not cancel the others'.
        future: asyncio.Future[None] = self._serving.loop.create_future()
        self._drained.append(future)
        return future

    def pause_writing(self) -> None:
        """The transport: something waits for the peer to take it."""
        self._drained = []

    def resume_writing(self) -> None:
        """The transport: the peer has taken it all."""
        waiting, self._drained = self._drained, None
        for future in waiting or ():
            if not future.done():
                future.set_result(None)

    # What the connection fills in

    def _response_done(self) -> None:
        """The response is whole, its last bytes in ``_out``."""
        raise NotImplementedError

    def close(self) -> None:
        """Close, whatever is going on."""
        raise NotImplementedError


def check_switch(request: HTTPServerRequest, headers: HTTPHeaders) -> None:
    """See that a ``101`` with these headers may answer ``request`` (RFC 9110 section 7.8).

    Raises :exc:`HTTPOutputError`.
    """
    if "Upgrade" not in request.headers:
        raise HTTPOutputError(
            "101 answers a request with an Upgrade header, which this one has not"
        )
    if "Upgrade" not in headers:
        raise HTTPOutputError("A 101 says in its Upgrade header which protocol comes")


def fail_future(future: "asyncio.Future[None]", error: BaseException | None) -> None:
    """End ``future`` with a :exc:`StreamClosedError` that nobody has to look at."""
    if not future.done():
        future.set_exception(StreamClosedError(error))
        future.exception()
