""":class:`Receiving`: requests whose body is still coming when their head is here."""

import asyncio
import io
from typing import TYPE_CHECKING, Any, cast

from ..httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from .body import RequestBody

if TYPE_CHECKING:
    from .application import Application


class Receiving(HTTPMessageDelegate):
    """Collects the body for a handler that wants it whole, or brings it to one that runs meanwhile."""

    def __init__(self, application: "Application", connection: Any) -> None:
        self._application = application
        self._connection = connection
        self._request: HTTPServerRequest | None = None
        # Not the pieces themselves: each object is larger than the bytes that a malicious client puts into it.
        self._collected = io.BytesIO()
        self._body: RequestBody | None = None
        """Where the pieces go of a body that is not collected."""

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> "asyncio.Future[None] | None":
        connection = self._connection
        self._request = request = HTTPServerRequest(
            connection=connection, start_line=cast(RequestStartLine, start_line), headers=headers
        )
        handler_class = self._application._handler_class_of(request)
        if handler_class.max_body_size is not None:
            connection.set_max_body_size(handler_class.max_body_size)
        if not handler_class._streams_body:
            return None
        self._body = body = request._incoming = RequestBody()
        self._application(request)
        # A client that asks (Expect: 100-continue) is told to send its body when the handler asks for it.
        return body.when_wanted()

    def data_received(self, chunk: bytes) -> "asyncio.Future[None] | None":
        if self._body is not None:
            return self._body.bring(chunk)
        self._collected.write(chunk)
        return None

    def trailers_received(self, trailers: HTTPHeaders) -> None:
        assert self._request is not None
        self._request.trailers = trailers

    def finish(self) -> None:
        if self._body is not None:
            self._body.end()
            return
        assert self._request is not None
        self._request.body = self._collected.getvalue()
        self._collected.close()
        self._application(self._request)
