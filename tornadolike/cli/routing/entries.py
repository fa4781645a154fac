"""All the rules of a site, in the order in which they are asked, each with those that lead to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...routing import (
    AnyMatches,
    DefaultHostMatches,
    HostMatches,
    PathMatches,
    Rule,
    RuleRouter,
    TypedPath,
)
from ...routing.below import Below
from ...util import name_of
from ...web import Application, FallbackHandler, RequestHandler
from ...web.mounts import Mounted
from ...websocket import WebSocketHandler
from .places import place_of

EVERY_METHOD = ("*",)
WEBSOCKET = ("WEBSOCKET",)


@dataclass(frozen=True)
class Entry:
    """What answers some requests."""

    rules: tuple[Rule, ...]
    """From the outermost, all of which have to match. The last one leads to what answers."""
    application: Application | None
    """Whose rule that is: the site, or one that is mounted in it."""
    target: Any
    """What answers; None where an application has come to its end, and answers with an error."""

    @property
    def methods(self) -> tuple[str, ...]:
        """For which it is."""
        for rule in reversed(self.rules):
            if rule.methods is not None:
                return rule.methods
        if isinstance(self.target, type) and issubclass(self.target, WebSocketHandler):
            return WEBSOCKET
        if isinstance(self.target, type) and issubclass(self.target, FallbackHandler):
            return EVERY_METHOD
        if isinstance(self.target, type) and issubclass(self.target, RequestHandler):
            return handled(self.target)
        return EVERY_METHOD

    @property
    def path(self) -> str:
        """The pattern of the whole path."""
        before = "".join(
            rule.matcher.prefix for rule in self.rules if isinstance(rule.matcher, Below)
        )
        last = self.rules[-1].matcher
        if isinstance(last, Below):
            return f"{before}/*"
        return before + (path_of(last) or "*")

    @property
    def hosts(self) -> tuple[str, ...]:
        """The patterns of hosts for which it is; empty: for all."""
        return tuple(
            matcher.host_pattern.pattern.removesuffix("$")
            for matcher in self._matchers()
            if isinstance(matcher, HostMatches)
        )

    @property
    def version(self) -> str | None:
        """For which it is, where a header tells."""
        versions = [str(rule.version) for rule in self.rules if rule.version is not None]
        return versions[-1] if versions else None

    @property
    def conditions(self) -> tuple[str, ...]:
        """What else has to match: around lists of rules, and by matchers of the author's."""
        known = (AnyMatches, HostMatches, Below)
        found = [
            f"path {path_of(matcher)}" if path_of(matcher) else _told(matcher)
            for matcher in self._matchers()[:-1]
            if not isinstance(matcher, known)
        ]
        last = self.rules[-1].matcher
        if not isinstance(last, known) and path_of(last) is None:
            found.append(_told(last))
        return tuple(found)

    @property
    def name(self) -> str | None:
        """For ``reverse_url``."""
        return self.rules[-1].name

    @property
    def handler(self) -> str:
        """What answers, as people call it."""
        fallback = self.rules[-1].target_kwargs.get("fallback")
        if fallback is not None:
            return f"{called(self.target)}({called(fallback)})"
        return called(self.target)

    @property
    def place(self) -> tuple[str, int] | None:
        """Where in the source what answers is."""
        target = self.target
        return place_of(target if hasattr(target, "__qualname__") else type(target))

    @property
    def middleware(self) -> tuple[str, ...]:
        """What stands around it by its rules, the outermost first."""
        return tuple(called(one) for rule in self.rules for one in rule.middleware)

    def _matchers(self) -> list[Any]:
        return [rule.matcher for rule in self.rules]


def entries_of(site: Any) -> Iterator[Entry]:
    """Those of an application, or of another router with rules."""
    return _entries(site, (), None)


def _entries(target: Any, rules: tuple[Rule, ...], owner: Application | None) -> Iterator[Entry]:
    if isinstance(target, Mounted):
        target = target.target
    if isinstance(target, Application):
        yield from _entries(target.default_router, rules, target)
        yield Entry(rules, target, None)
    elif isinstance(target, RuleRouter):
        for rule in target.rules:
            yield from _entries(rule.target, (*rules, rule), owner)
    else:
        yield Entry(rules, owner, target)


def path_of(matcher: Any) -> str | None:
    """The pattern of a matcher for paths."""
    if isinstance(matcher, TypedPath):
        return matcher.path
    if isinstance(matcher, PathMatches):
        return matcher.regex.pattern.removesuffix("$")
    return None


def handled(handler: type[RequestHandler]) -> tuple[str, ...]:
    """The methods that a handler has."""
    missing = RequestHandler._unimplemented_method
    return tuple(
        method
        for method in handler.SUPPORTED_METHODS
        if getattr(handler, method.lower(), missing) is not missing
    )


def called(thing: Any) -> str:
    """A class or a function with its module; another object by its class."""
    if isinstance(thing, partial):
        return called(thing.func)
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{named.__module__}.{name_of(named)}"


def _told(matcher: Any) -> str:
    if isinstance(matcher, DefaultHostMatches):
        return f"the default host is {matcher.host_pattern.pattern.removesuffix('$')}"
    return f"{type(matcher).__name__} matches"
