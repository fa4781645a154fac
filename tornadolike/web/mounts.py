"""Sites within a site: :class:`Mount`.

What is mounted sees the rest of the path, as if there were nothing before it: ``request.path`` is what its rules are
for. What stands before is ``request.mounted_at``, which all that makes addresses puts in front of them.
"""

from collections.abc import Awaitable, Iterable
from typing import Any

from ..httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from ..routing import ReversibleRouter, Router, Rule
from ..routing.below import Below
from ..routing.router import RequestCollector
from ..routing.rule_router import check_nobody_waits
from .simple import ErrorHandler
from .slashes import as_sent


class Mount(Rule):
    """A rule for all that is below a path, with something that knows nothing of this path.

    .. code-block:: python

        Application([
            Mount("/admin", admin),                       # an Application
            Mount("/old", WSGIContainer(old_site)),
            route("/", Home),
        ])

    :arg prefix: the path, such as ``"/admin"``, without a slash at its end. Requests to this very path are redirected
        to that with a slash (307), so that relative links lead to where they should.
    :arg target: an :class:`.Application` or another router, another
        :class:`~tornadolike.httputil.HTTPServerConnectionDelegate`, or what is called with a request, such as a
        ``WSGIContainer``.
    :arg middleware: what stands around the handlers of a mounted application, outside of its own.

    The middleware of the application in which it is mounted stands around its handlers, too, and its ``reverse_url``
    finds the names of what is mounted. Raises :exc:`ValueError` for another kind of prefix, :exc:`TypeError` for what
    is no target.
    """

    def __init__(self, prefix: str, target: Any, *, middleware: Iterable[Any] = ()) -> None:
        super().__init__(Below(prefix), Mounted(prefix, target), middleware=middleware)


class ToSlash(ErrorHandler):
    """Redirects to the same path with a slash at its end."""

    def initialize(self) -> None:  # type: ignore[override]
        pass

    def prepare(self) -> None:
        request = self.request
        path = f"{request.mounted_at}{request.path}/"
        url = f"{path}?{request.query}" if request.query else path
        self.redirect(as_sent(url), status=307)


class Mounted(ReversibleRouter):
    """What is mounted, as a router."""

    def __init__(self, prefix: str, target: Any) -> None:
        is_delegate = isinstance(target, HTTPServerConnectionDelegate)
        if not is_delegate and (isinstance(target, type) or not callable(target)):
            raise TypeError(
                "what is mounted is an Application or another router, a connection delegate or a function, not "
                f"{target!r}; for a handler write route({prefix + '/{rest:path}'!r}, ...)"
            )
        if not is_delegate:
            check_nobody_waits(target)
        self.prefix = prefix
        self.target = target

    def is_slash_missing(self, request: HTTPServerRequest) -> bool:
        """Whether the request is to the prefix itself, below which is everything."""
        return request.path == self.prefix

    @property
    def is_function(self) -> bool:
        """Whether what is mounted is just called with requests."""
        return not isinstance(self.target, (Router, HTTPServerConnectionDelegate))

    def enter(self, request: HTTPServerRequest) -> None:
        """Have the request be one to what is mounted."""
        path = request.path
        request.path = path[len(self.prefix) :] or "/"
        request.mounted_at += self.prefix

    def find_handler(
        self, request: HTTPServerRequest, **kwargs: object
    ) -> HTTPMessageDelegate | None:
        path, mounted_at = request.path, request.mounted_at
        self.enter(request)
        target = self.target
        if isinstance(target, Router):
            found = target.find_handler(request)
            if found is None:
                request.path, request.mounted_at = path, mounted_at
            return found
        if isinstance(target, HTTPServerConnectionDelegate):
            delegate = target.start_request(request.server_connection, request.connection)
            return _Rest(delegate, request)
        return RequestCollector(target, request)

    def reverse_url(self, name: str, *args: object, **kwargs: object) -> str | None:
        if not isinstance(self.target, ReversibleRouter):
            return None
        try:
            url = self.target.reverse_url(name, *args, **kwargs)
        except KeyError:  # is how an application says that it has none
            return None
        return None if url is None else self.prefix + url


class _Rest(HTTPMessageDelegate):
    """Tells a delegate of the rest of the path only."""

    def __init__(self, delegate: HTTPMessageDelegate, request: HTTPServerRequest) -> None:
        self._delegate = delegate
        self._uri = f"{request.path}?{request.query}" if request.query else request.path

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        assert isinstance(start_line, RequestStartLine)
        return self._delegate.headers_received(start_line._replace(path=self._uri), headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._delegate.data_received(chunk)

    def trailers_received(self, trailers: HTTPHeaders) -> None:
        self._delegate.trailers_received(trailers)

    def finish(self) -> None:
        self._delegate.finish()

    def on_connection_close(self) -> None:
        self._delegate.on_connection_close()
