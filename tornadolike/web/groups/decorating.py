""":class:`Decorating`: what applications and blueprints are filled with, mostly by decorators.

.. code-block:: python

    @app.get("/users/{user_id:int}")
    async def show_user(handler, user_id):
        return {"name": await db.name_of(user_id)}

    @app.add("/about")
    class About(RequestHandler): ...

    @app.error_handler(404)
    def not_found(handler, error):
        return "There is no such page."

All of it becomes rules and middleware.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ...routing import Rule, TypedPath, route
from ...routing.changes import changes
from ...routing.selection import Version, checked_methods
from ..around import Middleware, checked
from ..handler import RequestHandler
from ..static import StaticFileHandler
from .error_handlers import ErrorHandlers
from .functions import (
    called,
    check_function,
    check_parameters,
    checked_base,
    handler_class_for,
)
from .request_hooks import RequestHooks

F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M", ErrorHandlers, RequestHooks)


@dataclass(frozen=True)
class Place:
    """Where entries are put: what stands in front of their paths and names, and around their handlers."""

    prefix: str = ""
    names: str = ""
    middleware: tuple[Middleware, ...] = ()
    version: Version | str | int | None = None
    host: Any = None
    base: type[RequestHandler] = RequestHandler


@dataclass(frozen=True)
class Entry:
    """A path and what answers it, before it is a rule."""

    path: str
    target: Any
    """None: a handler is made of the function."""
    kwargs: dict[str, Any] | None = None
    name: str | None = None
    middleware: tuple[Middleware, ...] = ()
    methods: tuple[str, ...] | None = None
    version: Version | str | int | None = None
    function: Callable[..., Any] | None = None
    """What is called with the parameters of the path, if that is known."""
    base: type[RequestHandler] | None = None
    """What the handler that is made is a subclass of; None: as others in its place are."""
    attributes: dict[str, Any] = field(default_factory=dict)

    def check(self, prefix: str) -> None:
        """Raise :exc:`ValueError` for a path that cannot be read, and :exc:`TypeError` for one that is no text or has
        parameters that its function does not take. More of them may come to stand before ``prefix``.
        """
        TypedPath(self.path or "/")
        path = prefix + self.path
        names = TypedPath(path).names if path else ()
        if self.function is not None:
            check_parameters(self.function, path, names, is_whole=False)

    def rule(self, place: Place) -> Rule:
        """The rule that it becomes in this place. Raises as :meth:`check`."""
        path = place.prefix + self.path
        rule = route(
            path,
            self._handler_class(place.base) if self.target is None else self.target,
            self.kwargs,
            self.name and place.names + self.name,
            middleware=place.middleware + self.middleware,
            methods=self.methods,
            version=place.version if self.version is None else self.version,
        )
        if self.function is not None:
            check_parameters(self.function, path, TypedPath(path).names, is_whole=True)
        return rule

    def _handler_class(self, base: type[RequestHandler]) -> type[RequestHandler]:
        assert self.function is not None
        assert self.methods is not None
        base = self.base or base
        return handler_class_for(self.function, self.methods, base, self.attributes)


def _decorator(method: str) -> Callable[..., Callable[[F], F]]:
    """The decorator for functions that answer one method."""

    def decorate(self: "Decorating", path: str, **options: Any) -> Callable[[F], F]:
        return self.route(path, [method], **options)

    decorate.__name__ = method.lower()
    decorate.__qualname__ = f"Decorating.{decorate.__name__}"
    decorate.__doc__ = (
        f"Have a function answer {method} for ``path``. The other arguments are :meth:`route`'s."
    )
    return decorate


class Decorating:
    """Takes functions and handlers for paths, functions for errors, and hooks."""

    middleware: tuple[Middleware, ...]
    _answered: dict[tuple[str, str, object], Callable[..., Any]]
    """The functions by method, path and version."""
    _named: dict[str, Callable[..., Any]]
    """The functions whose names are those of their rules."""

    def _take(self, entry: Entry) -> None:
        """Add this."""
        raise NotImplementedError

    def _check_open(self) -> None:
        """Raise :exc:`RuntimeError` if nothing may be changed here any more."""

    # Paths

    get = _decorator("GET")
    head = _decorator("HEAD")
    post = _decorator("POST")
    put = _decorator("PUT")
    patch = _decorator("PATCH")
    delete = _decorator("DELETE")
    options = _decorator("OPTIONS")

    def route(
        self,
        path: str,
        methods: Iterable[str] = ("GET",),
        *,
        name: str | None = None,
        middleware: Iterable[Middleware] = (),
        version: Version | str | int | None = None,
        base: type[RequestHandler] | None = None,
        kwargs: dict[str, Any] | None = None,
        **attributes: Any,
    ) -> Callable[[F], F]:
        """Have a function answer these methods for a typed path (:func:`.route`).

        It is called with the handler and the parameters of the path by their names, and may be a coroutine function.
        What it returns is the response: text or bytes, a dict as JSON, a generator (also an asynchronous one), which
        is streamed; None, if it has written the response itself.

        :arg name: for ``reverse_url``; by default the function's own, for the first of its paths. An empty one is none.
        :arg middleware: what stands around the function, the outermost first.
        :arg version: of the site, as :func:`.route` takes it.
        :arg base: what the handler is a subclass of, by default the ``base_handler`` of the blueprint, or of those
            around it, or of the application.
        :arg kwargs: passed to the ``initialize`` that ``base`` has.
        :arg attributes: class attributes of the handler, such as ``max_body_size``.

        The function stays what it is, so it may have several paths. Raises :exc:`TypeError` for a function that cannot
        be called with the parameters of the path, and :exc:`ValueError` for a path that cannot be read, for another
        function's name or path.
        """

        if not isinstance(path, str):
            raise TypeError(f"a path is text, as in get('/'), not {path!r}")
        if methods is None:
            raise TypeError("the methods of a function are a list, such as ['GET', 'POST']")

        def decorate(function: F) -> F:
            check_function(function)
            self._check_open()
            wanted = checked_methods(methods)
            entry = Entry(
                path,
                None,
                kwargs,
                self._own_name(function) if name is None else name,
                checked(middleware),
                wanted,
                version,
                function,
                None if base is None else checked_base(base),
                attributes,
            )
            self._check_free(entry)
            self._take(entry)
            self._answered.update({(method, path, version): function for method in wanted or ()})
            if name is None:
                self._named[called(function)] = function
            with suppress(AttributeError):  # of a bound method
                function._has_path = True  # type: ignore[attr-defined]
            return function

        return decorate

    def _own_name(self, function: Callable[..., Any]) -> str | None:
        """The name of a function, if it has one, and has not given it to another path here."""
        name = called(function)
        return name if name.isidentifier() and self._named.get(name) is not function else None

    def _check_free(self, entry: Entry) -> None:
        for method in entry.methods or ():
            other = self._answered.get((method, entry.path, entry.version))
            if other is not None:
                raise ValueError(f"{method} {entry.path} is answered already, by {called(other)}")

    def add(
        self,
        path: str,
        target: Any = None,
        kwargs: dict[str, Any] | None = None,
        name: str | None = None,
        *,
        middleware: Iterable[Middleware] = (),
        methods: Iterable[str] | None = None,
        version: Version | str | int | None = None,
    ) -> Any:
        """Have a handler answer a typed path: the arguments are those of :func:`.route`.

        Without ``target`` it is a decorator for a :class:`.RequestHandler` subclass.
        """

        def take(target: Any) -> Any:
            self._check_open()
            wanted = checked_methods(methods)
            self._take(Entry(path, target, kwargs, name, checked(middleware), wanted, version))
            return target

        return take if target is None else take(target)

    def static(
        self,
        path: str,
        directory: str | os.PathLike[str],
        *,
        name: str | None = None,
        **arguments: Any,
    ) -> None:
        """Serve the files in ``directory`` below ``path``.

        :arg name: for ``reverse_url``, which takes the file's path below the directory.
        :arg arguments: the others of :class:`.StaticFileHandler`, such as ``default_filename``.
        """
        self._check_open()
        if not isinstance(path, str):
            raise TypeError(f"a path is text, as in static('/files', ...), not {path!r}")
        self._take(
            Entry(
                f"{path.rstrip('/')}/{{path:path}}",
                StaticFileHandler,
                {"path": os.fspath(directory), **arguments},
                name,
                function=StaticFileHandler.get,
            )
        )

    # What stands around

    def error_handler(self, *what: int | type[Exception]) -> Callable[[F], F]:
        """Have a function answer errors in the place of their pages: those of a status, or exceptions of a class.

        .. code-block:: python

            @app.error_handler(404)
            def not_found(handler, error):
                return {"error": "not found"}

        It answers as other functions do. The status is what it would be without the function, 500 for what is no
        :exc:`HTTPError`, until the function sets another one. (:mod:`tornadolike.web.groups.error_handlers` tells which
        function answers what.)

        Raises :exc:`TypeError` for what is neither a status from 400 to 599 nor a subclass of :exc:`Exception`, and
        :exc:`ValueError` for what is answered already.
        """

        def decorate(function: F) -> F:
            self._check_open()
            errors = self._standing(ErrorHandlers) or ErrorHandlers()
            errors.add(what, function)
            if errors not in self.middleware:
                self._set_middleware((errors, *self.middleware))
            return function

        return decorate

    def before_request(self, hook: F) -> F:
        """Have a function be called before the handlers here, with the handler.

        If it answers, by what it returns (as functions do) or by finishing the response, the handler is not called.
        It may be a coroutine function. It stands behind the middleware that there is when the first hook is added.
        """
        check_function(hook, "handler")
        self._hooks().before.append(hook)
        return hook

    def after_request(self, hook: F) -> F:
        """Have a function be called with the handler right before the head of its response is sent, whatever it is.

        It may set the status, headers and cookies, and may be a coroutine function. Those added last are called first.
        """
        check_function(hook, "handler")
        self._hooks().after.append(hook)
        return hook

    def _hooks(self) -> RequestHooks:
        self._check_open()
        hooks = self._standing(RequestHooks)
        if hooks is None:
            hooks = RequestHooks()
            self._set_middleware((*self.middleware, hooks))
        return hooks

    def _standing(self, kind: type[M]) -> M | None:
        return next((one for one in self.middleware if isinstance(one, kind)), None)

    def _set_middleware(self, middleware: tuple[Middleware, ...]) -> None:
        self.middleware = middleware
        changes.count += 1
