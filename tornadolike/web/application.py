""":class:`Application`: the rules of a site and its settings."""

import logging
import os
import re
from collections.abc import Callable, Coroutine, Iterable
from contextvars import copy_context
from typing import Any

from .. import locale
from ..httpserver import HTTPServer
from ..httputil import (
    HTTPConnection,
    HTTPInputError,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
)
from ..ioloop import IOLoop
from ..log import access_log, gen_log
from ..netutil import DEFAULT_BACKLOG
from ..routing import Match, RuleTable, URLSpec
from .handler import RequestHandler
from .modules import methods_of, modules_of
from .receiving import Receiving
from .simple import ErrorHandler
from .static import StaticFileHandler
from .transforms import OutputTransform, compressing

Rule = URLSpec | tuple[Any, ...] | list[Any]


class Application(HTTPServerConnectionDelegate):
    """A site: rules that say which handler answers which path, and settings.

    .. code-block:: python

        app = Application([
            (r"/", MainHandler),
            (r"/story/([0-9]+)", StoryHandler, {"db": db}, "story"),
        ], debug=True)
        app.listen(8888)

    A rule is a :class:`~tornadolike.routing.URLSpec` or a tuple of its arguments.

    :arg default_host: the host whose rules (:meth:`add_handlers`) answer requests to an unknown host.
    :arg transforms: what responses go through, instead of what the settings ask for.

    Settings that the framework itself reads: ``compress_response`` (true, or what
    :func:`~tornadolike.web.transforms.compressing` takes; ``gzip`` is its older name),
    ``cancel_on_disconnect`` (:attr:`.RequestHandler.cancel_on_disconnect` of all handlers that do not say),
    ``debug`` (implies ``serve_traceback`` and no ``compiled_template_cache``; translations are read again when
    their files change),
    ``default_handler_class`` and ``default_handler_args`` (what answers paths that no rule matches),
    ``log_function`` (called with each finished handler instead of logging), ``serve_traceback``,
    ``static_path`` with ``static_url_prefix``, ``static_handler_class``, ``static_handler_args``;
    ``template_path``, ``template_loader``, ``autoescape``, ``template_whitespace``, ``compiled_template_cache``
    (false: changed templates are read again), ``ui_modules`` and ``ui_methods``, for pages;
    ``upload_memory_size`` (bytes) and ``upload_directory``, for :func:`.spool_uploads`;
    ``websocket_max_message_size``, ``websocket_ping_interval``, ``websocket_ping_timeout`` and ``trusted_origins``,
    for :class:`~tornadolike.websocket.WebSocketHandler`.
    """

    def __init__(
        self,
        handlers: Iterable[Rule] | None = None,
        default_host: str | None = None,
        transforms: Iterable[type[OutputTransform]] | None = None,
        **settings: Any,
    ) -> None:
        self.settings = settings
        self.default_host = default_host
        if settings.get("debug"):
            settings.setdefault("serve_traceback", True)
            settings.setdefault("compiled_template_cache", False)
            locale.enable_reload()
        self.ui_modules = modules_of(settings.get("ui_modules", {}))
        self.ui_methods = methods_of(settings.get("ui_methods", {}))
        self._named: dict[str, URLSpec] = {}
        self._rules = self._table([*static_rules(settings), *(handlers or ())])
        self._hosts: list[tuple[re.Pattern[str], RuleTable]] = []
        if transforms is None:
            setting = settings.get("compress_response") or settings.get("gzip")
            transforms = [compressing(setting)] if setting else []
        self.transforms: list[type[OutputTransform]] = list(transforms)

    def listen(self, port: int, address: str | None = None, **kwargs: Any) -> HTTPServer:
        """Serve on ``port`` and return the server.

        ``family``, ``backlog``, ``flags`` and ``reuse_port`` are :func:`~tornadolike.netutil.bind_sockets`'s,
        other arguments :class:`~tornadolike.httpserver.HTTPServer`'s. Raises :exc:`OSError` if the port is
        taken.
        """
        binding = {
            name: kwargs.pop(name)
            for name in ("family", "backlog", "flags", "reuse_port")
            if name in kwargs
        }
        server = HTTPServer(self, **kwargs)
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
        there.
        """
        server = HTTPServer(self, **kwargs)
        server.listen_unix(file, mode, backlog)
        return server

    def add_handlers(self, host_pattern: str, host_handlers: Iterable[Rule]) -> None:
        """Add rules for hosts that match the regular expression ``host_pattern``.

        They come before the rules of the constructor; among several hosts' the first added wins.
        """
        pattern = host_pattern if host_pattern.endswith("$") else host_pattern + "$"
        self._hosts.append((re.compile(pattern), self._table(host_handlers)))

    def add_transform(self, transform_class: type[OutputTransform]) -> None:
        """Have responses go through this, behind the transforms that there are."""
        self.transforms.append(transform_class)

    def _table(self, rules: Iterable[Rule]) -> RuleTable:
        table = RuleTable(as_rule(rule) for rule in rules)
        for rule in table.rules:
            if rule.name:
                if rule.name in self._named:
                    gen_log.warning("Several rules are named %s; the last one counts", rule.name)
                self._named[rule.name] = rule
        return table

    def reverse_url(self, name: str, *args: Any) -> str:
        """The path of the rule named ``name`` for ``args``. Raises :exc:`KeyError` for an unknown name."""
        rule = self._named.get(name)
        if rule is None:
            raise KeyError(f"{name} not found in named urls")
        return rule.reverse(*args)

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
            summary = handler._request_summary()
            milliseconds = 1000.0 * handler.request.request_time()
            access_log.log(level, "%d %s %.2fms", status, summary, milliseconds)

    # Requests

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """A request whose body is still coming."""
        return Receiving(self, self._handler_class_of, request_conn)

    def _handler_class_of(self, request: HTTPServerRequest) -> type[RequestHandler]:
        """The class that will answer ``request``."""
        try:
            return self._find(request)[0].handler_class
        except HTTPInputError:
            return ErrorHandler  # calling the application will tell

    def __call__(self, request: HTTPServerRequest) -> None:
        """Answer a request that has arrived whole."""
        found = None if self._hosts else self._rules.literals.get(request.path)
        if found is None:
            try:
                found = self._find(request)
            except HTTPInputError as error:
                self._refuse(request, error)
                return
        rule, path_args, path_kwargs = found
        # Each request gets a context of its own: what a handler sets in a context variable is seen by
        # what it starts, and by nobody else.
        context = copy_context()
        begun = context.run(
            self._begin, rule.handler_class, request, rule.kwargs, path_args, path_kwargs
        )
        if begun is not None:
            handler, rest = begun
            loop = IOLoop.current()
            assert loop is not None
            task = loop.start_task(rest, context)
            if not task.done():
                handler._goes_on(task)
            elif not handler._finished:
                handler._stay_told()

    def _begin(
        self,
        handler_class: type[RequestHandler],
        request: HTTPServerRequest,
        kwargs: dict[str, Any],
        path_args: Any,
        path_kwargs: Any,
    ) -> tuple[RequestHandler, Coroutine[Any, Any, None]] | None:
        try:
            handler = handler_class(self, request, **kwargs)
        except Exception as error:
            self._refuse(request, error)
            return None
        rest = handler._execute(path_args, path_kwargs)
        if rest is not None:
            return handler, rest
        if not handler._finished:
            handler._stay_told()
        return None

    def _refuse(self, request: HTTPServerRequest, error: Exception) -> None:
        """Answer a request that never got a handler as one that fails."""
        ErrorHandler(self, request, status_code=500)._handle_request_exception(error)

    def _find(self, request: HTTPServerRequest) -> Match:
        path = request.path
        for table in self._tables_for(request) if self._hosts else (self._rules,):
            found = table.find(path)
            if found is not None:
                return found
        default = self.settings.get("default_handler_class")
        if default is not None:
            arguments = self.settings.get("default_handler_args", {})
            return URLSpec(".*", default, arguments), (), {}
        return NOT_FOUND

    def _tables_for(self, request: HTTPServerRequest) -> list[RuleTable]:
        """The tables to look into, in this order: the host's, everybody's, the default host's."""
        tables = self._tables_of_host(request.host_name)
        tables.append(self._rules)
        # Behind a proxy that tells who asks, an unknown host is not taken for a mistake.
        if self.default_host is not None and "X-Real-Ip" not in request.headers:
            tables += self._tables_of_host(self.default_host)
        return tables

    def _tables_of_host(self, host: str) -> list[RuleTable]:
        return [table for pattern, table in self._hosts if pattern.match(host)]


NOT_FOUND: Match = (URLSpec(".*", ErrorHandler, {"status_code": 404}), (), {})


def as_rule(rule: Rule) -> URLSpec:
    """A rule from what an author wrote. Raises :exc:`TypeError` for what is none."""
    if isinstance(rule, URLSpec):
        return rule
    if not isinstance(rule, (tuple, list)) or not 2 <= len(rule) <= 4:
        raise TypeError(f"a rule is (pattern, handler[, kwargs[, name]]) or url(...), not {rule!r}")
    spec = URLSpec(*rule)
    handler = spec.handler_class
    if not (isinstance(handler, type) and issubclass(handler, RequestHandler)):
        raise TypeError(f"the handler of a rule is a RequestHandler subclass, not {handler!r}")
    return spec


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
