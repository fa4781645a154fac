"""Matchers: what of a request a rule looks at."""

import re
from typing import Any, Final, Protocol

from ..escape import unquote_bytes, url_escape
from ..httputil import HTTPInputError, HTTPServerRequest
from . import patterns
from .changes import changes

Arguments = tuple[tuple[bytes | None, ...], dict[str, bytes | None]]
"""What a path has for the handler's method: by position, by name."""


class Matcher:
    """Says whether a rule is for a request. To be subclassed."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """None if it is not; else a dict, which may be empty, of what the target is to get.

        A :class:`~tornadolike.web.RequestHandler` takes ``path_args`` and ``path_kwargs`` (for its method) and
        ``target_kwargs`` (for ``initialize``; those of the rule take their place), a function all of it as keyword
        arguments, a router's ``find_handler`` too.
        """
        raise NotImplementedError(f"{type(self).__name__} needs match(request)")

    def reverse(self, *args: Any, **kwargs: Any) -> str | None:
        """The path for these arguments; None if there is no such thing."""
        return None


class KnownMatcher(Matcher):
    """One of which tables know what it does. If it is changed they have to be made anew."""

    def __setattr__(self, name: str, value: object) -> None:
        # Subclasses are asked each time, and may take notes of what they see.
        is_change = type(self) in _KNOWN and hasattr(self, name)
        super().__setattr__(name, value)
        if is_change:
            changes.count += 1


class AnyMatches(KnownMatcher):
    """Every request."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        return {}


class HostMatches(KnownMatcher):
    """Requests to a host whose whole name, in lower case and without port, matches a regular expression.

    A compiled one need match the beginning only, unless it ends with ``$``. Raises :exc:`re.error`.
    """

    def __init__(self, host_pattern: str | re.Pattern[str]) -> None:
        self.host_pattern = compiled(host_pattern)

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        return {} if self.host_pattern.match(request.host_name) else None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.host_pattern.pattern!r})"


class DefaultHostMatches(KnownMatcher):
    """All requests, if the ``default_host`` of ``application`` matches ``host_pattern``.

    But none that come through a proxy which tells who asks (``X-Real-Ip``): there an unknown host is no mistake
    of somebody who tries things out.
    """

    def __init__(self, application: "HasDefaultHost", host_pattern: re.Pattern[str]) -> None:
        self.application = application
        self.host_pattern = host_pattern

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        host = self.application.default_host
        if host is None or "X-Real-Ip" in request.headers:
            return None
        return {} if self.host_pattern.match(host) else None


class HasDefaultHost(Protocol):
    """What :class:`DefaultHostMatches` knows of an application."""

    default_host: str | None


class PathMatches(KnownMatcher):
    """Requests whose whole path, still percent-encoded, matches a regular expression.

    Its groups become arguments, without their percent-encoding: by name if they are all named, else by position. A
    compiled pattern need match the beginning only, unless it ends with ``$``.

    It is tried with what clients send: one that takes long for some texts (``(a+)+$``) lets them keep the server busy.

    Raises :exc:`re.error` for what is no regular expression, and :exc:`ValueError` if only some groups are named.
    """

    def __init__(self, path_pattern: str | re.Pattern[str]) -> None:
        self.regex = compiled(path_pattern)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "regex":
            self._learn(value)
        super().__setattr__(name, value)

    def _learn(self, regex: re.Pattern[str]) -> None:
        if len(regex.groupindex) not in (0, regex.groups):
            raise ValueError(
                "groups in url regexes must either be all named or all positional: "
                f"{regex.pattern!r}"
            )
        self._template = patterns.template(regex)
        self._groups = regex.groups
        self._named = bool(regex.groupindex)

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        arguments = self.arguments(request.path)
        if arguments is None:
            return None
        if not self._groups:
            return {}
        return {"path_args": list(arguments[0]), "path_kwargs": arguments[1]}

    def arguments(self, path: str) -> Arguments | None:
        """What ``path`` has for the groups, None if it does not match."""
        match = self.regex.match(path)
        return None if match is None else self.arguments_of(match)

    def arguments_of(self, match: re.Match[str]) -> Arguments:
        """What the groups have matched. Raises :exc:`HTTPInputError` for what is no bytes."""
        if not self._groups:
            return (), {}
        try:
            if self._named:
                return (), {k: _unquote(v) for k, v in match.groupdict().items()}
            return tuple([_unquote(value) for value in match.groups()]), {}
        except ValueError as error:
            message = f"Malformed path {match.string[:100]!r}"
            raise HTTPInputError(message, in_request=True) from error

    def reverse(self, *args: Any, **kwargs: Any) -> str:
        """The path that gives ``args``; there are none by name.

        It never begins with two slashes, behind which browsers would find a host: the second one is ``%2F`` then.

        Raises :exc:`ValueError` for another number of them than the pattern has groups, and if the pattern is too
        rich to be reversed.
        """
        pattern = self.regex.pattern
        if kwargs:
            raise ValueError(f"{pattern!r} takes arguments by position, not {', '.join(kwargs)}")
        if self._template is None:
            raise ValueError(
                f"Cannot reverse url regex {pattern}: outside of its groups it matches more than one text"
            )
        if len(args) != self._groups:
            takes = f"{self._groups} argument{'' if self._groups == 1 else 's'}"
            raise ValueError(f"{pattern!r} takes {takes}, not {len(args)}")
        path = self._template % tuple(
            url_escape(arg if isinstance(arg, (str, bytes)) else str(arg), plus=False)
            for arg in args
        )
        return f"/%2F{path[2:]}" if path.startswith("//") else path

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.regex.pattern!r})"


_KNOWN: Final = (AnyMatches, HostMatches, DefaultHostMatches, PathMatches)


def is_made_here(matcher: Matcher, *kinds: type[Matcher]) -> bool:
    """Whether it is of one of these very kinds, and nobody has given it another way to match."""
    return type(matcher) in kinds and "match" not in vars(matcher)


def compiled(pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    """A regular expression that is written as text is for the whole text.

    Raises :exc:`re.error`, and :exc:`TypeError` for what is neither text nor a compiled regular expression for text.
    """
    if isinstance(pattern, str):
        try:
            return re.compile(pattern if pattern.endswith("$") else pattern + "$")
        except re.error as error:
            raise re.error(f"{error.msg} in the rule {pattern!r}", pattern, error.pos) from None
    if not isinstance(pattern, re.Pattern) or not isinstance(pattern.pattern, str):
        raise TypeError(f"a pattern is a regular expression for text, not {pattern!r}")
    return pattern


def _unquote(value: str | None) -> bytes | None:
    """A group of a path without its percent-encoding; a ``+`` is a plus there."""
    if value is None:
        return None
    # A path is text by way of latin1: bytes that a client did not encode come out as they were sent.
    raw = value.encode("latin1")
    return unquote_bytes(raw) if b"%" in raw else raw
