"""The response: written in pieces or at once, and finished."""

import asyncio
from typing import Any

from ..escape import json_encode, utf8
from ..http1 import has_no_body
from ..http1.writer import FORBIDDEN_TRAILERS
from ..httputil import HTTPConnection, HTTPHeaders, ResponseStartLine, responses
from ..util import computed
from .conditions import ConditionalResponse
from .cookies import Cookies
from .errors import BadRedirect
from .head import HTML, JSON, HeaderValue, header_text
from .opening import Opening
from .transformed import TransformedResponse


class Response(Opening, Cookies, ConditionalResponse, TransformedResponse):
    """Collects a response and sends it: in one call when it is finished, or from :meth:`flush` on in pieces."""

    _sending: "asyncio.Future[None] | None" = None
    """What the connection answered to the piece that was sent last."""
    _trailers: HTTPHeaders | None = None
    _flushed_size: int | None = None
    """Bytes of the body that :meth:`flush` has sent; None as long as it sent nothing."""

    @computed
    def body_size(self) -> int:
        """The bytes of the body that were handed over for sending so far, as they are without chunks."""
        if not self._headers_written or self.request.method == "HEAD":
            return 0
        if self._flushed_size is not None:
            return self._flushed_size
        return sum(map(len, self._write_buffer))

    # To be overridden

    def set_default_headers(self) -> None:
        """Set headers for every response, error pages included."""

    def on_finish(self) -> None:
        """Called after the response was handed over for sending."""

    def _log(self) -> None:
        """Log the finished request. It is the application's to do so; overridden by handlers that want no line."""
        self.application.log_request(self)

    # To be called

    def clear(self) -> None:
        """Forget the response that was made so far: status, headers, body (but not cookies)."""
        self._header_map = self._trailers = None
        self._content_type = HTML
        self._etag = None
        self._write_buffer = []
        self._status_code = 200
        self._reason = "OK"
        self.set_default_headers()

    def redirect(self, url: str, permanent: bool = False, status: int | None = None) -> None:
        """Send the client to ``url``, which may be relative to the request's.

        302, or 301 if ``permanent``, or ``status``. The request is finished by this.

        Raises :exc:`HTTPError` (400), which is a :exc:`ValueError` too, for what could leave its place in the head: a
        line break, another control character but a tab, half a surrogate pair. Most often a client has sent it, and the
        author passes it on.
        """
        if self._headers_written:
            raise RuntimeError("Cannot redirect after headers have been written")
        if status is None:
            status = 301 if permanent else 302
        elif not (isinstance(status, int) and 300 <= status <= 399):
            raise ValueError(f"status of a redirect must be from 300 to 399, not {status!r}")
        self.set_status(status)
        try:
            self.set_header("Location", utf8(url))
        except ValueError as error:
            raise BadRedirect from error
        self.finish()

    def write(self, chunk: str | bytes | dict[str, Any]) -> None:
        """Add to the response: text (as UTF-8), bytes, or a dict as JSON (which sets the content type).

        A list is refused with :exc:`TypeError`; ``write({"items": my_list})`` does it.
        """
        if self._finished:
            raise RuntimeError("Cannot write() after finish()")
        if isinstance(chunk, str):
            self._write_buffer.append(chunk.encode())
        elif isinstance(chunk, bytes):
            self._write_buffer.append(chunk)
        elif isinstance(chunk, dict):
            self._write_buffer.append(json_encode(chunk).encode())
            self.set_header("Content-Type", JSON)
        else:
            raise TypeError(
                f"write() takes str, bytes or a dict, not {type(chunk).__name__}; "
                "wrap a list in a dict: a bare JSON array can leak to other sites"
            )

    def send_interim(
        self, status_code: int, headers: HTTPHeaders | dict[str, str] | None = None
    ) -> "asyncio.Future[None]":
        """Send an interim response before the response (RFC 9110 section 15.2), such as 102: it goes on.

        May be awaited as :meth:`flush`. Nothing is sent to a client of HTTP/1.0, which knows of none. Raises
        :exc:`ValueError` for a status that is not from 102 to 199, and :exc:`RuntimeError` if the response has
        been begun.
        """
        if not isinstance(status_code, int) or not 102 <= status_code <= 199:
            raise ValueError(
                f"an interim response has a status from 102 to 199, not {status_code!r}"
            )
        if self._headers_written:
            raise RuntimeError("Cannot send an interim response after headers have been written")
        reason = responses.get(status_code, "Unknown")
        start_line = ResponseStartLine("HTTP/1.1", status_code, reason)
        self._sending = self.request.connection.write_headers(
            start_line, HTTPHeaders(headers or {})
        )
        return self._sending

    def send_early_hints(self, *links: str) -> "asyncio.Future[None]":
        """Tell the client what it will need, while the response is being made (RFC 8297).

        .. code-block:: python

            self.send_early_hints("</style.css>; rel=preload; as=style")

        :arg links: the values of the ``Link`` fields. As :meth:`send_interim` with status 103; raises as
            :meth:`set_header`.
        """
        headers = HTTPHeaders()
        for link in links:
            headers.add("Link", header_text("Link", link))
        return self.send_interim(103, headers)

    def set_trailer(self, name: str, value: HeaderValue) -> None:
        """Set a field that is sent behind the body (RFC 9110 section 6.5): a checksum of it, say.

        The response is sent in chunks then. Where that cannot be (in answer to HEAD or to HTTP/1.0, with
        ``Content-Length``, without a body) trailers are left out. Who needs to know their names before can be
        told by a header ``Trailer``. Raises as :meth:`set_header`, and :exc:`ValueError` for a field that the
        client has to know before the body.
        """
        text = header_text(name, value)
        trailers = self._trailers
        if trailers is None:
            trailers = self._trailers = HTTPHeaders()
            self._headers  # noqa: B018 - from now on the response is no ordinary one
        trailers[name] = text
        if not FORBIDDEN_TRAILERS.isdisjoint(trailers):
            del trailers[name]
            raise ValueError(f"{name} cannot stand behind the body; use set_header()")

    def flush(self, include_footers: bool = False) -> "asyncio.Future[None]":
        """Send what was written so far; the head with it, the first time.

        Awaiting the result waits until the client has taken enough of it that more may be written, and
        raises :exc:`~tornadolike.iostream.StreamClosedError` if the client is gone. Behind :meth:`finish` there is
        nothing left to send, and this is what that has returned.
        """
        if self._finished and self._sending is not None:
            return self._sending
        if self._before_head is not None and (held := self._hold(finishing=False)) is not None:
            return held
        connection: HTTPConnection = self.request.connection
        chunk = b"".join(self._write_buffer)
        self._write_buffer = []
        if self._headers_written:
            if self._transforms:
                chunk = self._transform_chunk(chunk, include_footers)
            future = connection.write(chunk)
        else:
            self._add_cookies(self._headers)
            transforms = self._take_transforms()
            if transforms:
                chunk = self._transform_head(transforms, chunk, include_footers)
            headers = self._headers
            start_line = ResponseStartLine("HTTP/1.1", self._status_code, self._reason)
            future = connection.write_headers(start_line, headers, chunk)
            # Not before: a head that is refused leaves room for an error page.
            self._headers_written = True
            self._transforms = transforms
        self._flushed_size = (self._flushed_size or 0) + len(chunk)
        self._sending = future
        return future

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> "asyncio.Future[None]":
        """Complete the response, with ``chunk`` as the last of it. Awaiting the result is optional."""
        if self._finished:
            raise RuntimeError("finish() called twice")
        if chunk is not None:
            self.write(chunk)
        request = self.request
        connection = request.connection
        future: asyncio.Future[None]
        if self._headers_written:
            future = self.flush(include_footers=True)
            if self._trailers is None:
                connection.finish()
            else:
                connection.finish(self._trailers)
        else:
            if self._before_head is not None and (held := self._hold(finishing=True)) is not None:
                return held
            if self._status_code != 200:
                if has_no_body(self._status_code):
                    self._clear_content()
            elif (
                (request.method == "GET" or request.method == "HEAD")
                and self._etag is None
                and (self._header_map is None or "Etag" not in self._header_map)
            ):
                self.set_etag_header()
                if self.check_etag_header():
                    self._write_buffer = []
                    self.set_status(304)
                    self._clear_content()
            if self._new_cookies is not None:
                self._add_cookies(self._headers)
            headers = self._header_map
            if headers is not None and self._trailers is not None and request.version != "HTTP/1.0":
                self._new_cookies = None  # they are in the head
                future = self.flush(include_footers=True)
                connection.finish(self._trailers)
            else:
                buffer = self._write_buffer
                body = buffer[0] if len(buffer) == 1 else b"".join(buffer)
                if self.application.transforms:
                    future = self._respond_transformed(body)
                else:
                    etag = None if headers is not None else self._etag
                    future = connection.respond(
                        self._status_code,
                        self._reason,
                        self._content_type,
                        headers,
                        b"" if etag is None else f"Etag: {etag}\r\n".encode(),
                        body,
                    )
            self._headers_written = True
        self._finished = True
        self._sending = future
        try:
            self._log()
        finally:
            self.on_finish()
        return future

    def _send_held(self, finishing: bool) -> "asyncio.Future[None]":
        # Not what the author has in their place: that was called already.
        return Response.finish(self) if finishing else Response.flush(self)

    def _clear_content(self) -> None:
        """Drop the headers about content where there is none (RFC 9110 sections 8.6 and 15.4.5)."""
        if self._write_buffer:
            raise RuntimeError(f"Cannot send body with status {self._status_code}")
        for name in ("Content-Encoding", "Content-Language", "Content-Type"):
            self.clear_header(name)
        if self._status_code == 204:
            self.clear_header("Content-Length")
