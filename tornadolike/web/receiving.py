""":class:`Receiving`: requests whose body is still coming when their head is here."""

import asyncio
from collections.abc import Awaitable, Callable

from ..httpserver import CollectingDelegate, RequestCallback
from ..httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from .bodies import Bodies
from .body import RequestBody


class Receiving(CollectingDelegate):
    """Collects the body for a handler that wants it whole, or brings it to one that runs meanwhile.

    :arg application: is called with the request when the handler may begin.
    :arg handler_class_of: gives the class that will answer a request.
    """

    def __init__(
        self,
        application: RequestCallback,
        handler_class_of: Callable[[HTTPServerRequest], type[Bodies]],
        connection: HTTPConnection,
    ) -> None:
        super().__init__(application, connection)
        self._handler_class_of = handler_class_of
        self._body: RequestBody | None = None
        """Where the pieces go of a body that is not collected."""

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> "asyncio.Future[None] | None":
        request = self._begin(start_line, headers)
        handler_class = self._handler_class_of(request)
        if handler_class.max_body_size is not None:
            request.connection.set_max_body_size(handler_class.max_body_size)
        if not handler_class._streams_body:
            return None
        self._body = body = request._incoming = RequestBody()
        self._callback(request)
        # A client that asks (Expect: 100-continue) is told to send its body when the handler asks for it.
        return body.when_wanted()

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        if self._body is not None:
            return self._body.bring(chunk)
        return super().data_received(chunk)

    def finish(self) -> None:
        if self._body is not None:
            self._body.end()
        else:
            super().finish()
