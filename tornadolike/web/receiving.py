""":class:`HandlerDelegate`: a request on its way from the connection to its handler."""

from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any, Protocol

from ..escape import utf8
from ..httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine, ResponseStartLine
from ..routing.router import RequestCollector
from .around import Middleware, Next, composed
from .bodies import RequestBody
from .handler import RequestHandler

Found = tuple[
    type[RequestHandler],
    dict[str, Any],
    tuple[bytes | None, ...],
    dict[str, Any],
    Next | None,
]
"""A handler's class, arguments for its ``initialize``, for its method by position and by name, what is around it."""


class RunsHandlers(Protocol):
    """What an application is to a delegate."""

    middleware: tuple[Middleware, ...]

    def _answer(self, found: Found, request: HTTPServerRequest) -> None:
        """Have this handler answer."""
        ...


class HandlerDelegate(RequestCollector):
    """Collects the body for a handler that wants it whole, or brings it to one that runs meanwhile.

    Each application whose request it is puts its middleware around the handler, and so does each rule.

    The arguments are those of :meth:`.Application.get_handler_delegate`.
    """

    def __init__(
        self,
        application: RunsHandlers,
        request: HTTPServerRequest,
        handler_class: type[RequestHandler],
        handler_kwargs: dict[str, Any] | None = None,
        path_args: Sequence[bytes | str | None] | None = None,
        path_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self._found = (
            handler_class,
            handler_kwargs or {},
            tuple([utf8(value) for value in path_args or ()]),
            {
                name: utf8(value) if isinstance(value, str) else value
                for name, value in (path_kwargs or {}).items()
            },
        )
        super().__init__(partial(application._answer, (*self._found, None)), request)
        self.request = request
        self.handler_class = handler_class
        self._application = application
        self._asked: list[RunsHandlers] = []
        """The applications whose middleware is around the handler."""
        self._middleware: tuple[Middleware, ...] = ()
        self._body: RequestBody | None = None
        """Where the pieces go of a body that is not collected."""

    def put_around(self, middleware: tuple[Middleware, ...]) -> None:
        """Put this around the handler, and around what is there already."""
        if middleware:
            self._middleware = middleware + self._middleware
            found = (*self._found, composed(self._middleware))
            self._callback = partial(self._application._answer, found)

    def put_application_around(self, application: RunsHandlers) -> None:
        """Put the middleware of ``application`` around it, if that has not been done."""
        if application not in self._asked:
            self._asked.append(application)
            self.put_around(application.middleware)

    def execute(self) -> None:
        """Have the request answered: it is whole, or its handler runs while the body comes."""
        self._callback(self.request)

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        request = self.request
        handler_class = self.handler_class
        if handler_class.max_body_size is not None:
            request.connection.set_max_body_size(handler_class.max_body_size)
        if not handler_class._streams_body:
            return None
        self._body = body = request._incoming = RequestBody(request.connection.chunk_size)
        self.execute()
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
