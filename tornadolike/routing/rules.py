""":class:`Rule` and :class:`URLSpec`: a matcher and what answers the requests that it matches."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..httputil import HTTPServerRequest
from ..util import import_object
from .changes import changes
from .matchers import Matcher, PathMatches
from .selection import Version, checked_methods, checked_version, pass_over
from .typed import TypedPath


class Rule:
    """What answers which requests.

    :arg matcher: a :class:`.Matcher`; a regular expression stands for :class:`.PathMatches`.
    :arg target: what answers; what it may be, the router says to which the rule is added
        (:class:`.RuleRouter`, :class:`~tornadolike.web.Application`). Text is the name of something to import.
    :arg target_kwargs: arguments for the target; for a handler, those of its ``initialize``.
    :arg name: under which ``reverse_url`` finds the rule.
    :arg middleware: what stands around the handlers to which the rule leads, the outermost first; for routers that
        know handlers.
    :arg methods: of HTTP, for which the rule is; it is passed over for others. None: for all.
    :arg version: of the site, for which it is, as :class:`~tornadolike.web.HeaderVersions` make it; it is passed over
        for others. None: for all.

    Raises :exc:`TypeError` for arguments of another kind, :exc:`ValueError` for what is no method, and
    :exc:`ImportError` for a name that there is not.
    """

    def __init__(
        self,
        matcher: Matcher | str | re.Pattern[str],
        target: Any,
        target_kwargs: dict[str, Any] | None = None,
        name: str | None = None,
        *,
        middleware: Iterable[Any] = (),
        methods: Iterable[str] | None = None,
        version: Version | None = None,
    ) -> None:
        if isinstance(matcher, (str, re.Pattern)):
            matcher = PathMatches(matcher)
        elif isinstance(matcher, type) or not callable(getattr(matcher, "match", None)):
            raise TypeError(
                f"a rule begins with a Matcher, or with a pattern for paths, not with {matcher!r}"
            )
        if target_kwargs is not None and not isinstance(target_kwargs, Mapping):
            raise TypeError(
                f"a rule's arguments for its target are a dict, not {target_kwargs!r} "
                "(its name comes behind them)"
            )
        if name is not None and not isinstance(name, str):
            raise TypeError(f"the name of a rule is text, not {name!r}")
        if isinstance(middleware, (str, bytes)) or not isinstance(middleware, Iterable):
            raise TypeError(f"the middleware of a rule is a list of functions, not {middleware!r}")
        self.matcher: Matcher = matcher
        self.target: Any = import_object(target) if isinstance(target, str) else target
        self.target_kwargs: dict[str, Any] = target_kwargs or {}
        self.name = name
        if version is not None:
            if not callable(getattr(version, "matches", None)):
                raise TypeError(
                    f"a version is a text or a number, or of HeaderVersions, not {version!r}"
                )
            middleware = (*version.middleware, *middleware)
        self.middleware: tuple[Any, ...] = tuple(middleware)
        self.methods = checked_methods(methods)
        self.version = version

    def __setattr__(self, name: str, value: object) -> None:
        is_change = hasattr(self, name)
        super().__setattr__(name, value)
        if is_change:
            changes.count += 1

    @property
    def is_choosy(self) -> bool:
        """Whether it may be passed over although it matches."""
        return self.methods is not None or self.version is not None

    def takes(self, request: HTTPServerRequest, *, automatic_head: bool = False) -> bool:
        """Whether it is for this method and this version.

        :arg automatic_head: whether a rule for GET is for HEAD, too.
        """
        if self.version is not None and not self.version.matches(request):
            return False
        methods = self.methods
        return (
            methods is None
            or request.method in methods
            or (automatic_head and request.method == "HEAD" and "GET" in methods)
        )

    def pass_over(self, request: HTTPServerRequest, *, automatic_head: bool = False) -> None:
        """Remember, with the request, that it is for another method, or another version."""
        version, methods = self.version, self.methods or ()
        if version is not None and not version.matches(request):
            pass_over(request, self.middleware, versions=(version,))
            return
        if automatic_head and "GET" in methods:
            methods = (*methods, "HEAD")
        pass_over(request, self.middleware, methods)

    def reverse(self, *args: Any, **kwargs: Any) -> str | None:
        """The path for these arguments, if the matcher can tell. Only typed paths know them by name."""
        return self.matcher.reverse(*args, **kwargs)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.matcher!r}, {self.target!r}, "
            f"kwargs={self.target_kwargs!r}, name={self.name!r})"
        )


class URLSpec(Rule):
    """A rule for paths: a pattern, what answers it, and the name under which its URL can be made again.

    :arg pattern: a regular expression for the whole path (:class:`.PathMatches`). Its groups become the arguments
        of the handler's method: keywords if they are all named, else positions.
    :arg handler: a :class:`~tornadolike.web.RequestHandler` subclass, or its name (``"module.Class"``).
    :arg kwargs: passed to the handler's ``initialize``.
    :arg name: for ``reverse_url``.
    :arg middleware: what stands around the handler, the outermost first.
    """

    def __init__(
        self,
        pattern: str | re.Pattern[str],
        handler: Any,
        kwargs: dict[str, Any] | None = None,
        name: str | None = None,
        *,
        middleware: Iterable[Any] = (),
    ) -> None:
        matcher = PathMatches(pattern)
        super().__init__(matcher, handler, kwargs, name, middleware=middleware)
        self.regex: Final = matcher.regex
        self.handler_class: Final = self.target
        self.kwargs: Final = self.target_kwargs

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.regex.pattern!r}, {self.handler_class!r}, "
            f"kwargs={self.kwargs!r}, name={self.name!r})"
        )


def route(
    path: str,
    target: Any,
    kwargs: dict[str, Any] | None = None,
    name: str | None = None,
    *,
    middleware: Iterable[Any] = (),
    methods: Iterable[str] | None = None,
    version: Version | str | int | None = None,
    version_prefix: str = "/v",
) -> Rule:
    """A rule for a path that is written as text, with typed parameters: ``route("/users/{user_id:int}", User)``.

    :arg path: a :class:`.TypedPath`. Its parameters become arguments of the handler's method, by name.
    :arg target: a :class:`~tornadolike.web.RequestHandler` subclass, or what else a rule leads to.
    :arg kwargs: passed to the handler's ``initialize``.
    :arg name: for ``reverse_url``, which takes the values of the parameters by position or by name.
    :arg middleware: what stands around the handler, the outermost first.
    :arg methods: for which the rule is. For others it is passed over; a request that no other rule takes gets a 405,
        with all of these methods as ``Allow``. None: it is for all.
    :arg version: for which the rule is: a text or a number stands before the path (``/v1/users``), what
        :class:`~tornadolike.web.HeaderVersions` make is looked for in a header.
    :arg version_prefix: what stands before a version in a path.

    Raises :exc:`ValueError` for a path that cannot be read, for what is no method and for what is no version.
    """
    if isinstance(version, (str, int)):
        path = versioned(path, version, version_prefix)
        version = None
    return Rule(
        TypedPath(path),
        target,
        kwargs,
        name,
        middleware=middleware,
        methods=methods,
        version=version,
    )


def versioned(path: str, version: str | int, prefix: str = "/v") -> str:
    """The path of a version. Raises :exc:`ValueError` for what is none."""
    text = checked_version(version)
    if not prefix.startswith("/"):
        raise ValueError(f"version_prefix begins with a slash, {prefix!r} does not")
    return f"{prefix}{text}{path}"
