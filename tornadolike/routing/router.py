""":class:`Router`: who finds the one that answers a request, and how a server's connection talks to him."""

from collections.abc import Awaitable, Callable
from typing import cast

from ..httpserver import CollectingDelegate
from ..httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
    responses,
)
from ..log import app_log
from .selection import PassedOver


class Router(HTTPServerConnectionDelegate):
    """Finds for each request the delegate that answers it. To be subclassed.

    .. code-block:: python

        class ByMethod(Router):
            def __init__(self, application):
                self.application = application

            def find_handler(self, request, **kwargs):
                handler = Reader if request.method in ("GET", "HEAD") else Writer
                return self.application.get_handler_delegate(request, handler)

    A router is what a server may ask (``HTTPServer(router)``), and a target of other routers' rules.
    """

    def find_handler(
        self, request: HTTPServerRequest, **kwargs: object
    ) -> HTTPMessageDelegate | None:
        """The delegate that answers ``request``, of which only the head may be there; None if this is not for us.

        ``kwargs`` are what a router that asks this one has learned of the request (:meth:`.Matcher.match`).
        """
        raise NotImplementedError(f"{type(self).__name__} needs find_handler(request, **kwargs)")

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        return RoutingDelegate(self, server_conn, request_conn)


class ReversibleRouter(Router):
    """A router that can also tell the URL by which it finds something."""

    def reverse_url(self, name: str, *args: object, **kwargs: object) -> str | None:
        """The path of the rule named ``name`` for these arguments; None if there is no such name."""
        raise NotImplementedError(f"{type(self).__name__} needs reverse_url(name, *args)")


class RoutingDelegate(HTTPMessageDelegate):
    """Receives a request for the delegate that its router finds when the head is here.

    A request that nobody wants gets a bare 404.
    """

    def __init__(self, router: Router, server_conn: object, request_conn: HTTPConnection) -> None:
        self.router = router
        self.server_conn = server_conn
        self.request_conn = request_conn
        self.delegate: HTTPMessageDelegate | None = None

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        request = HTTPServerRequest(
            connection=self.request_conn,
            server_connection=self.server_conn,
            start_line=cast(RequestStartLine, start_line),
            headers=headers,
        )
        self.delegate = self._find(request)
        return self.delegate.headers_received(start_line, headers)

    def _find(self, request: HTTPServerRequest) -> HTTPMessageDelegate:
        return delegate_for(self.router, request)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        assert self.delegate is not None
        return self.delegate.data_received(chunk)

    def trailers_received(self, trailers: HTTPHeaders) -> None:
        assert self.delegate is not None
        self.delegate.trailers_received(trailers)

    def finish(self) -> None:
        assert self.delegate is not None
        self.delegate.finish()

    def on_connection_close(self) -> None:
        if self.delegate is not None:
            self.delegate.on_connection_close()


class RequestCollector(CollectingDelegate):
    """Calls a function with a request whose head is known, when its body is there too."""

    def __init__(
        self, callback: Callable[[HTTPServerRequest], object], request: HTTPServerRequest
    ) -> None:
        super().__init__(callback, request.connection)
        self._request = request

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        return None


def delegate_for(router: Router, request: HTTPServerRequest) -> HTTPMessageDelegate:
    """What answers ``request``: what ``router`` has found, or a 404. Raises :exc:`TypeError` for what cannot answer."""
    found = router.find_handler(request) or not_found(request)
    if isinstance(found, type) or not hasattr(found, "headers_received"):
        raise TypeError(
            f"find_handler() gives an HTTPMessageDelegate or None, not {found!r}: "
            "application.get_handler_delegate(request, Handler) makes one of a handler"
        )
    return found


def not_found(request: HTTPServerRequest) -> HTTPMessageDelegate:
    """A delegate for a request that no router wants."""
    app_log.debug("Delegate for %s %s request not found", request.method, request.path)
    return RequestCollector(_answer_bluntly, request)


def _answer_bluntly(request: HTTPServerRequest) -> None:
    passed_over: PassedOver | None = request._passed_over
    status = 404 if passed_over is None else passed_over.status_code
    headers = HTTPHeaders({"Content-Length": "0"})
    if status == 405 and passed_over is not None:
        headers["Allow"] = ", ".join(passed_over.methods)
    head = ResponseStartLine("HTTP/1.1", status, responses[status])
    request.connection.write_headers(head, headers)
    request.connection.finish()
