""":class:`Application`: the rules of a site and its settings."""

import logging
import os
import re
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Final

from .. import locale
from .._native import RUNNING, front, install
from ..httpserver import HTTPServer
from ..httputil import HTTPConnection, HTTPMessageDelegate, HTTPServerRequest
from ..ioloop import IOLoop
from ..log import access_log, app_log
from ..netutil import DEFAULT_BACKLOG
from ..routing import (
    AnyMatches,
    DefaultHostMatches,
    HostMatches,
    ReversibleRouter,
    Rule,
    URLSpec,
)
from ..routing.changes import changes
from ..routing.router import RoutingDelegate, delegate_for
from ..routing.rule_router import RuleLike
from ..routing.selection import PassedOver
from ..util import computed, overrides
from .around import Middleware, Next, checked, composed
from .failures import ENDS, FAILURES
from .groups.blueprints import Grouping
from .groups.functions import checked_base
from .handler import RequestHandler
from .life import Serving
from .receiving import Found, HandlerDelegate
from .route_names import RouteNames
from .routes import Answers, ApplicationRouter
from .settings import check_settings
from .simple import ErrorHandler, PassedOverHandler, RefusingHandler, with_pages_of
from .static import StaticFileHandler
from .transforms import OutputTransform, compressing
from .ui_modules import methods_of, modules_of

if RUNNING:
    from .._native.dispatch import Dispatcher

PLAIN_PAGES: Final = (ErrorHandler, PassedOverHandler, RefusingHandler)
"""What answers where no handler of the author's does."""


if TYPE_CHECKING:

    class _Hot:
        """To a type checker, nothing stands before the reference."""
else:
    _Hot = front("facts", "HotApplication")


class Application(_Hot, Grouping, Serving, ReversibleRouter):
    """A site: rules that say which handler answers which path, and settings.

    .. code-block:: python

        app = Application([
            (r"/", MainHandler),
            (r"/story/([0-9]+)", StoryHandler, {"db": db}, "story"),
        ], debug=True)
        app.listen(8888)

    A rule is a :class:`~tornadolike.routing.Rule`, or a tuple or list of its arguments, which begin with a pattern for
    paths or another matcher. Its target is a :class:`.RequestHandler` subclass, a list of rules, or whatever a
    :class:`~tornadolike.routing.RuleRouter` may have: another application, a router, a function. :exc:`TypeError` is
    raised for anything else.

    Rules can be added later, too: by decorators (:meth:`get`, :meth:`route`, :meth:`add`), as :class:`.Blueprint`
    (:meth:`add_blueprint`), for some hosts only (:meth:`add_handlers`).

    :arg default_host: the host whose rules (:meth:`add_handlers`) answer requests to an unknown host.
    :arg transforms: what responses go through, instead of what the settings ask for.
    :arg middleware: what stands around all handlers, the outermost first (:mod:`tornadolike.web.around`).
    :arg base_handler: what the handlers of functions are subclasses of (:meth:`route`), and what has the error pages
        (``write_error``) for requests that have no handler: for a path or a method that no rule is for, say. Its
        ``initialize`` and ``prepare`` are not called for these.

    Settings that the framework itself reads: ``compress_response`` (true, or what
    :func:`~tornadolike.web.transforms.compressing` takes; ``gzip`` is its older name),
    ``cancel_on_disconnect`` (:attr:`.RequestHandler.cancel_on_disconnect` of all handlers that do not say),
    ``automatic_head`` (true: a HEAD that a handler has no method for is answered by its ``get``) and
    ``automatic_options`` (true: an OPTIONS without a method by 204, with ``Allow``),
    ``debug`` (implies ``autoreload``, ``serve_traceback``, no ``compiled_template_cache`` and no
    ``static_hash_cache``; translations are read again when their files change),
    ``autoreload`` (the program restarts when its files change, from the time when it listens in the main thread:
    :mod:`tornadolike.autoreload`),
    ``default_handler_class`` and ``default_handler_args`` (what answers paths that no rule matches),
    ``cookie_secret``, ``key_version`` and ``signed_cookie_kwargs``, for :meth:`~.RequestHandler.set_signed_cookie` and
    :meth:`~.RequestHandler.set_encrypted_cookie`; a server listens for an application whose secret can be guessed
    only with ``debug``, and else raises :exc:`ValueError`;
    ``xsrf_cookies`` with ``xsrf_cookie_name``, ``xsrf_cookie_version``, ``xsrf_cookie_kwargs``
    (:attr:`~.RequestHandler.xsrf_token`), and ``cross_origin_protection`` with ``trusted_origins``
    (:meth:`~.RequestHandler.check_trusted_origin`), against forged requests;
    ``log_function`` (called with each finished handler instead of logging), ``serve_traceback``,
    ``login_url`` (for :func:`.authenticated`),
    ``static_path`` with ``static_url_prefix``, ``static_handler_class``, ``static_handler_args``,
    ``static_hash_cache`` (:meth:`.StaticFileHandler.get_version`);
    ``template_path``, ``template_loader``, ``autoescape``, ``template_whitespace``, ``compiled_template_cache``
    (false: changed templates are read again), ``ui_modules`` and ``ui_methods``, for pages;
    ``upload_memory_size`` (bytes) and ``upload_directory``, for :func:`.spool_uploads`;
    ``background_max_running``, ``background_max_waiting`` and ``background_stop_seconds``, for
    :class:`~tornadolike.background.Background`;
    ``websocket_max_message_size``, ``websocket_ping_interval``, ``websocket_ping_timeout``,
    ``websocket_close_timeout`` and ``websocket_compression_options``
    (:class:`~tornadolike.websocket.compression.CompressionOptions`), for
    :class:`~tornadolike.websocket.WebSocketHandler`. :exc:`TypeError` and :exc:`ValueError` are raised for one that is
    of no use; other settings are the author's.
    """

    _route_names: RouteNames | None = None
    """What the rules are called, once somebody has asked for it."""

    def __init__(
        self,
        handlers: Iterable[RuleLike] | None = None,
        default_host: str | None = None,
        transforms: Iterable[type[OutputTransform]] | None = None,
        *,
        middleware: Iterable[Middleware] = (),
        base_handler: type[RequestHandler] = RequestHandler,
        **settings: Any,
    ) -> None:
        check_settings(settings)
        self.settings = settings
        self.default_host = default_host
        if settings.get("debug"):
            settings.setdefault("autoreload", True)
            settings.setdefault("serve_traceback", True)
            settings.setdefault("compiled_template_cache", False)
            settings.setdefault("static_hash_cache", False)
            locale.enable_reload()
        self.ui_modules = modules_of(settings.get("ui_modules", {}))
        self.ui_methods = methods_of(settings.get("ui_methods", {}))
        self.wildcard_router = ApplicationRouter(self, static_rules(settings))
        """Has the rules that are for all hosts."""
        self.wildcard_router.add_rules(handlers or ())
        self.default_router = ApplicationRouter(self, [Rule(AnyMatches(), self.wildcard_router)])
        """Has the rules that are for some (:meth:`add_handlers`), and behind them all others."""
        self.middleware = checked(middleware)
        """What stands around all handlers (:meth:`add_middleware`)."""
        self.base_handler = checked_base(base_handler)
        pages = [with_pages_of(base_handler, plain) for plain in PLAIN_PAGES]
        self._nowhere, self._passed_over, self._refusing = pages
        self._plain = {
            page: plain for page, plain in zip(pages, PLAIN_PAGES, strict=True) if page is not plain
        }
        """What takes their places where none of them can be made."""
        self._answered = {}
        self._named = {}
        self._places = {}
        self._answers = Answers(None)
        self._answers.made_at = -1  # made anew for the first request, when all overriding is done
        self._around: Next | None = None
        if transforms is None:
            setting = settings.get("compress_response") or settings.get("gzip")
            transforms = [compressing(setting)] if setting else []
        self.transforms: list[type[OutputTransform]] = []
        for transform in transforms:
            self.add_transform(transform)

    def listen(self, port: int, address: str | None = None, **kwargs: Any) -> HTTPServer:
        """Serve on ``port`` and return the server.

        ``family``, ``backlog``, ``flags`` and ``reuse_port`` are :func:`~tornadolike.netutil.bind_sockets`'s,
        other arguments :class:`~tornadolike.httpserver.HTTPServer`'s. Raises :exc:`OSError` if the port is
        taken, :exc:`RuntimeError` if the application has hooks for start-up and was not started, and
        :exc:`ValueError` if its ``cookie_secret`` can be guessed and it has no setting ``debug``.
        """
        binding = {
            name: kwargs.pop(name)
            for name in ("family", "backlog", "flags", "reuse_port")
            if name in kwargs
        }
        server = self._new_server(kwargs)
        server.listen(port, address, **binding)
        return server

    def listen_unix(
        self,
        file: str | os.PathLike[str],
        mode: int = 0o600,
        backlog: int = DEFAULT_BACKLOG,
        **kwargs: Any,
    ) -> HTTPServer:
        """Serve on a Unix socket and return the server.

        ``mode`` is the file's, and ``backlog`` what :func:`~tornadolike.netutil.bind_unix_socket` says; other
        arguments are :class:`~tornadolike.httpserver.HTTPServer`'s. Raises :exc:`OSError` if a server is listening
        there, and as :meth:`listen`.
        """
        server = self._new_server(kwargs)
        server.listen_unix(file, mode, backlog)
        return server

    def add_handlers(
        self, host_pattern: str | re.Pattern[str], host_handlers: Iterable[RuleLike]
    ) -> None:
        """Add rules for hosts that match the regular expression ``host_pattern``.

        They come before the rules of the constructor; among several hosts' the first added wins.
        """
        matcher = HostMatches(host_pattern)
        rules = list(host_handlers)
        self.default_router.rules.insert(-1, Rule(matcher, ApplicationRouter(self, rules)))
        if self.default_host is not None:
            default = DefaultHostMatches(self, matcher.host_pattern)
            self.wildcard_router.add_rules([(default, rules)])

    def add_transform(self, transform_class: type[OutputTransform]) -> None:
        """Have responses go through this, behind the transforms that there are.

        Raises :exc:`TypeError` for what makes none.
        """
        if not callable(transform_class):
            raise TypeError(f"a transform is an OutputTransform subclass, not {transform_class!r}")
        self.transforms.append(transform_class)

    def add_middleware(self, middleware: Middleware) -> Middleware:
        """Have all handlers stand within this, which stands within the middleware that there is.

        Can be used as a decorator. Raises :exc:`TypeError` for what is no middleware.
        """
        self.middleware += checked([middleware])
        changes.count += 1
        return middleware

    @computed
    def static_handler_class(self) -> type[StaticFileHandler]:
        """What serves the files of the setting ``static_path``, and makes their addresses."""
        handler_class: type[StaticFileHandler] = self.settings.get(
            "static_handler_class", StaticFileHandler
        )
        return handler_class

    def reverse_url(self, name: str, *args: Any, **kwargs: Any) -> str:
        """The path of the rule named ``name`` for ``args``, or for ``kwargs``, which only typed paths know.

        Raises :exc:`KeyError` for an unknown name, and :exc:`ValueError` for another number of arguments than its
        pattern has groups, and for a pattern that is too rich to be reversed.
        """
        url = self.default_router.reverse_url(name, *args, **kwargs)
        if url is None:
            raise KeyError(f"{name} not found in named urls")
        return url

    def log_request(self, handler: RequestHandler) -> None:
        """Called for each finished request: logs it, or calls the setting ``log_function``.

        One line: INFO, WARNING for a 4xx, ERROR for a 5xx.
        """
        log_function: Callable[[RequestHandler], None] | None = self.settings.get("log_function")
        if log_function is not None:
            log_function(handler)
            return
        status = handler._status_code
        level = logging.INFO if status < 400 else logging.WARNING if status < 500 else logging.ERROR
        if access_log.isEnabledFor(level):
            request = handler.request
            seconds = request.request_time()
            # For formatters that write what they find, such as JSONFormatter.
            more = {
                "method": request.method,
                "uri": handler.logged_uri,
                "route": handler.logged_route,
                "status": status,
                "seconds": round(seconds, 6),
                "remote_ip": request.remote_ip,
            }
            summary = handler._request_summary()
            access_log.log(level, "%d %s %.2fms", status, summary, 1000.0 * seconds, extra=more)

    # Which handler

    def find_handler(self, request: HTTPServerRequest, **kwargs: object) -> HTTPMessageDelegate:
        """What answers ``request``: at the least something that says 404."""
        found = self.default_router.find_handler(request)
        if found is None:
            found = self._found_nothing(request)
        if isinstance(found, HandlerDelegate):
            found.put_application_around(self)
        return found

    def _found_nothing(self, request: HTTPServerRequest) -> HTTPMessageDelegate:
        """What answers where no rule does: if there are rules for other methods or versions, it tells of these."""
        passed_over: PassedOver | None = request._passed_over
        if passed_over is None:
            return self.get_handler_delegate(request, *self._default_target())
        kwargs = {"passed_over": passed_over}
        delegate = self.get_handler_delegate(request, self._passed_over, kwargs)
        if isinstance(delegate, HandlerDelegate):
            delegate.put_around(passed_over.middleware)
        return delegate

    def _default_target(self) -> tuple[type[RequestHandler], dict[str, Any]]:
        """The handler, and its arguments, for what no rule is for."""
        default = self.settings.get("default_handler_class")
        if default:
            return default, self.settings.get("default_handler_args", {})
        return self._nowhere, {"status_code": 404}

    def get_handler_delegate(
        self,
        request: HTTPServerRequest,
        target_class: type[RequestHandler],
        target_kwargs: dict[str, Any] | None = None,
        path_args: Sequence[bytes | str | None] | None = None,
        path_kwargs: dict[str, Any] | None = None,
    ) -> HandlerDelegate:
        """What brings ``request`` to a handler, for routers of one's own.

        :arg target_kwargs: the arguments for its ``initialize``.
        :arg path_args: the arguments for its method, by position, as bytes in UTF-8, or text.
        :arg path_kwargs: the same, by name.
        """
        return HandlerDelegate(self, request, target_class, target_kwargs, path_args, path_kwargs)

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """A request whose body may still be coming, or that is to be told in pieces."""
        return Arriving(self, server_conn, request_conn)

    def __call__(self, request: HTTPServerRequest) -> None:
        """Answer a request that has arrived whole."""
        answers = self._answers
        if answers.made_at != changes.count:
            answers = self._renew_answers()
        found = answers.by_path.get(request.path)
        if found is None:
            found = self._find(answers, request)
            if found is None:
                return
        # Each request gets a context of its own: what a handler sets in a context variable is seen by
        # what it starts, and by nobody else.
        context = copy_context()
        begun = context.run(self._begin, request, found)
        if begun is not None:
            self._go_on(context, *begun)

    def _renew_answers(self) -> Answers:
        """What is known as the rules are now: nothing, where the author has his own way of finding handlers."""
        own = overrides(self, Application, "find_handler", "get_handler_delegate", "start_request")
        self._answers = Answers(None if own else self.default_router, self.middleware)
        self._around = composed(self.middleware)
        return self._answers

    def _find(self, answers: Answers, request: HTTPServerRequest) -> Found | None:
        """What answers; None if the request was handed to it already."""
        try:
            found = answers.find(request)
            if found:
                return found
            if found is None:
                return *self._default_target(), (), {}, self._around
            delegate = self._delegate_for(request)
        except FAILURES as error:
            self._refuse(request, error)
            return None
        if type(delegate) is HandlerDelegate:
            delegate.put_application_around(self)
            delegate.execute()
        else:
            request.connection.converse(request, delegate)
        return None

    def _delegate_for(self, request: HTTPServerRequest) -> HTTPMessageDelegate:
        """What the routers find, or what else the author has in their place."""
        connection = request.connection
        if overrides(self, Application, "start_request"):
            return self.start_request(connection, connection)
        request.server_connection = request.server_connection or connection
        return delegate_for(self, request)

    # Running it

    def _answer(self, found: Found, request: HTTPServerRequest) -> None:
        """Have this handler answer ``request``, of which the body may still be coming."""
        # As in __call__(), where it is written out for the sake of speed.
        context = copy_context()
        begun = context.run(self._begin, request, found)
        if begun is not None:
            self._go_on(context, *begun)

    def _begin(
        self, request: HTTPServerRequest, found: Found
    ) -> tuple[RequestHandler, Coroutine[Any, Any, None]] | None:
        handler_class, kwargs, path_args, path_kwargs, around = found
        try:
            handler = handler_class(self, request, **kwargs)
        except ENDS:
            raise
        except BaseException as error:
            return self._begin_anew(request, found, error)
        if around is not None:
            return handler, handler._run_within(around, path_args, path_kwargs)
        rest = handler._run_request(path_args, path_kwargs)
        if rest is not None:
            return handler, rest
        if not handler._finished:
            handler._stay_told()
        return None

    def _begin_anew(
        self, request: HTTPServerRequest, found: Found, error: BaseException
    ) -> tuple[RequestHandler, Coroutine[Any, Any, None]] | None:
        """The handler could not be made, because of ``error``."""
        plain = self._plain.get(found[0])
        if plain is not None:
            app_log.error("The base_handler has no page for an error", exc_info=error)
            return self._begin(request, (plain, *found[1:]))
        self._refuse(request, error)
        return None

    def _native_dispatcher(self, loop: IOLoop) -> Any:
        """What does natively what calling the application in ``loop`` does; None if there is no such thing."""
        return Dispatcher(self, loop.starter) if RUNNING else None

    def _go_on(
        self, context: Context, handler: RequestHandler, rest: Coroutine[Any, Any, None]
    ) -> None:
        """The handler is a coroutine."""
        loop = IOLoop.current()
        assert loop is not None
        task = loop.begin_task(rest, context)
        if task is not None:
            handler._goes_on(task)
        elif not handler._finished:
            handler._stay_told()

    def _refuse(self, request: HTTPServerRequest, error: BaseException) -> None:
        """Answer a request that never got a handler as one whose handler raises ``error``."""
        around = composed(self.middleware)
        if around is None and self._refusing is RefusingHandler:
            RefusingHandler(self, request, error=error)._end_with(error)
        else:
            self._answer((self._refusing, {"error": error}, (), {}, around), request)


class Arriving(RoutingDelegate):
    """A request to an application, for which it has pages also where its routers fail."""

    router: Application

    def _find(self, request: HTTPServerRequest) -> HTTPMessageDelegate:
        try:
            found = super()._find(request)
        except FAILURES as error:
            found = HandlerDelegate(self.router, request, self.router._refusing, {"error": error})
        if isinstance(found, HandlerDelegate):
            found.put_application_around(self.router)
        return found


def static_rules(settings: dict[str, Any]) -> list[URLSpec]:
    """The rules that the setting ``static_path`` asks for."""
    path = settings.get("static_path")
    if not path:
        return []
    prefix = settings.get("static_url_prefix", "/static/")
    handler = settings.get("static_handler_class", StaticFileHandler)
    arguments = {**settings.get("static_handler_args", {}), "path": path}
    return [
        URLSpec(re.escape(prefix) + r"(.*)", handler, arguments),
        URLSpec(r"/(favicon\.ico)", handler, arguments),
        URLSpec(r"/(robots\.txt)", handler, arguments),
    ]


install("dispatch", Application, changes, ENDS)
install("facts", Application, access_log)
