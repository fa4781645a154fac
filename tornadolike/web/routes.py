"""The routers of an application, and the short way past them.

Most requests are for a handler whose rule looks at the path and at nothing else. Those go the short way: the path is
looked up, and the handler is known (:class:`Shortcut`). Whatever else the author has put among the rules (hosts,
matchers and routers of his own, functions, methods that he has overridden) the short way does not judge: where it comes
upon such a rule it knows nothing, and the routers are asked, as if there were no other way.
"""

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from ..httputil import HTTPMessageDelegate, HTTPServerConnectionDelegate, HTTPServerRequest
from ..routing import (
    AnyMatches,
    DefaultHostMatches,
    HostMatches,
    PathMatches,
    ReversibleRuleRouter,
    Router,
    Rule,
    TypedPath,
    patterns,
)
from ..routing.changes import changes
from ..routing.matchers import is_made_here
from ..routing.rule_router import RuleLike
from ..routing.table import RuleTable
from ..util import overrides
from .around import Middleware, Next, checked, composed
from .handler import RequestHandler
from .mounts import Mounted, ToSlash
from .receiving import Found, HandlerDelegate, RunsHandlers
from .simple import CallingHandler

Unknown = tuple[()]
UNKNOWN: Final[Unknown] = ()
"""It is not told here."""

Match = Callable[[str], Any]
"""Tells of a path, or of a host: None if it does not match."""
Way = tuple[Match | None, tuple[str, ...] | None, Found | Unknown]
"""Where a path leads for the hosts that match, and for these methods; None: for all."""


class MakesDelegates(RunsHandlers, Protocol):
    """What an application is to its routers."""

    settings: dict[str, Any]

    def get_handler_delegate(
        self, request: HTTPServerRequest, target_class: type[RequestHandler], **params: Any
    ) -> HTTPMessageDelegate:
        """What brings ``request`` to a handler."""
        ...


class ApplicationRouter(ReversibleRuleRouter):
    """A router whose targets may also be handlers, and lists of rules."""

    def __init__(self, application: Any, rules: Iterable[RuleLike] | None = None) -> None:
        self.application: MakesDelegates = application
        super().__init__(rules)

    @property
    def automatic_head(self) -> bool:  # type: ignore[override]
        return bool(self.application.settings.get("automatic_head"))

    def process_rule(self, rule: Rule) -> Rule:
        if isinstance(rule.target, (list, tuple)):
            rule = copy(rule)  # the author's own may be for other applications too
            rule.target = ApplicationRouter(self.application, rule.target)
        checked(rule.middleware)
        return super().process_rule(rule)

    def get_target_delegate(
        self, target: Any, request: HTTPServerRequest, **target_params: Any
    ) -> HTTPMessageDelegate | None:
        if is_handler_class(target):
            return self.application.get_handler_delegate(request, target, **target_params)
        if isinstance(target, Mounted):
            if target.is_slash_missing(request):
                return self.application.get_handler_delegate(request, ToSlash)
            if target.is_function:
                target.enter(request)
                return self._calling(target.target, request)
        elif not isinstance(target, (Router, HTTPServerConnectionDelegate)) and callable(target):
            return self._calling(partial(target, **target_params), request)
        return super().get_target_delegate(target, request, **target_params)

    def _calling(
        self, function: Callable[[HTTPServerRequest], object], request: HTTPServerRequest
    ) -> HTTPMessageDelegate:
        # By a handler, or nothing would stand around it: no limit, no check of who asks.
        kwargs = {"fallback": function}
        return HandlerDelegate(self.application, request, CallingHandler, kwargs)

    def _leads_to_handlers(self, target: Any) -> bool:
        if isinstance(target, Mounted):
            target = target.target
        return is_handler_class(target) or isinstance(target, (list, tuple, Router))

    def put_around(self, delegate: HTTPMessageDelegate, middleware: tuple[Middleware, ...]) -> None:
        if isinstance(delegate, HandlerDelegate):
            delegate.put_around(middleware)

    _checked = get_target_delegate
    _targets = (
        "a RequestHandler subclass, a list of rules, a router, a connection delegate or a function"
    )

    def _check_target(self, rule: Rule) -> None:
        if not is_handler_class(rule.target):
            super()._check_target(rule)


@dataclass(frozen=True, slots=True)
class Step:
    """A rule on the short way."""

    rule: Rule
    match: Match | None
    """Of a rule that leads to a handler: matches its pattern."""
    inner: "Shortcut | None"
    """Of one that leads to more rules. A rule that has neither is the end of what is known."""
    around: Next | None
    """What is around the handler."""
    is_typed: bool = False
    """Whether matching tells the arguments already."""
    is_choosy: bool = False
    """Whether the rule may be passed over although it matches."""


class Shortcut:
    """What is known of a router's requests without asking it. Its rules are taken as they are now.

    :arg middleware: what is around all that the router finds.
    """

    def __init__(self, router: ApplicationRouter, middleware: tuple[Middleware, ...]) -> None:
        steps = [step(rule, router.application, middleware) for rule in router.rules]
        inner = [step.inner for step in steps if step.inner is not None]
        self._table = RuleTable(router.rules, [(step.match, step) for step in steps])
        self.texts: frozenset[str] = self._table.texts.union(*[short.texts for short in inner])
        """Paths that the author has written out."""

    def find(self, request: HTTPServerRequest) -> Found | Unknown | None:
        """The handler of the first rule for ``request``; None if there is none.

        Raises :exc:`HTTPInputError` for a path that is no bytes, which no connection gives.
        """
        path = request.path
        passed_over = False
        for match, step in self._table.candidates(path):
            if match is not None:
                matched = match(path)
                if matched is not None:
                    if not step.is_choosy or step.rule.takes(request):
                        return found_by(step, matched)
                    passed_over = True
            elif step.inner is None:
                return UNKNOWN
            elif step.rule.matcher.match(request) is not None:
                found = step.inner.find(request)
                if found is not None:
                    return found
        # What such a request gets the routers tell, who remember what they have passed over.
        return UNKNOWN if passed_over else None

    def simple_rules(self) -> list[tuple[Any, ...]]:
        """See :meth:`Answers.native_ways`."""
        found: list[tuple[Any, ...]] = []
        for match, step in self._table.items:
            if match is None or step.is_typed:
                break
            matcher: Any = step.rule.matcher
            if patterns.texts(matcher.regex):
                continue
            groups = patterns.groups(matcher.regex)
            if groups is None or step.is_choosy:
                break
            rule = step.rule
            found.append((*groups, rule.target, rule.target_kwargs, step.around))
        return found

    def ways(self, path: str) -> Iterator[Way]:
        """All that :meth:`find` may find for ``path``, in its order. Raises as that does."""
        for match, step in self._table.candidates(path):
            if match is not None:
                matched = match(path)
                if matched is not None:
                    is_known = step.rule.version is None
                    yield None, step.rule.methods, found_by(step, matched) if is_known else UNKNOWN
                continue
            matcher = step.rule.matcher
            if step.inner is None or isinstance(matcher, DefaultHostMatches):
                yield None, None, UNKNOWN
            elif isinstance(matcher, HostMatches):
                for host, methods, found in step.inner.ways(path):
                    # Of hosts within hosts nothing is known.
                    known = found if host is None else UNKNOWN
                    yield matcher.host_pattern.match, methods, known
            elif not isinstance(matcher, PathMatches) or matcher.regex.match(path):
                yield from step.inner.ways(path)


def found_by(step: Step, matched: Any) -> Found:
    """The handler of a rule for paths that has matched."""
    rule = step.rule
    matcher: Any = rule.matcher
    if step.is_typed:
        return rule.target, rule.target_kwargs, (), matched, step.around
    return rule.target, rule.target_kwargs, *matcher.arguments_of(matched), step.around


def straight(router: ApplicationRouter, middleware: tuple[Middleware, ...]) -> Shortcut:
    """The shortcut of the router, or of the one to which it sends all requests, as an application's first one does."""
    if len(router.rules) == 1 and isinstance(router.rules[0].matcher, AnyMatches):
        inner = step(router.rules[0], router.application, middleware).inner
        if inner is not None:
            return inner
    return Shortcut(router, middleware)


def step(rule: Rule, application: MakesDelegates, middleware: tuple[Middleware, ...]) -> Step:
    """What of a rule is known: whether it looks at nothing but what can be looked at here, and where it leads."""
    matcher, target = rule.matcher, rule.target
    middleware += rule.middleware
    if is_handler_class(target):
        around, is_choosy = composed(middleware), rule.is_choosy
        if isinstance(matcher, TypedPath) and is_made_here(matcher, TypedPath):
            return Step(rule, matcher.values, None, around, True, is_choosy)
        if isinstance(matcher, PathMatches) and is_made_here(matcher, PathMatches):
            return Step(rule, matcher.regex.match, None, around, False, is_choosy)
    if (
        is_made_here(matcher, AnyMatches, HostMatches, DefaultHostMatches, PathMatches)
        and isinstance(target, ApplicationRouter)
        and target.application is application
        and not is_overridden(target)
        and not rule.is_choosy
    ):
        return Step(rule, None, Shortcut(target, middleware), None)
    return Step(rule, None, None, None)


class Answers:
    """The top of the short way: what an application asks for each request.

    :arg router: None if nothing may be known.
    :arg middleware: the application's.
    """

    def __init__(
        self, router: ApplicationRouter | None, middleware: tuple[Middleware, ...] = ()
    ) -> None:
        self.made_at = changes.count
        """Good as long as there are no more changes of rules than these."""
        self.by_path: dict[str, Found] = {}
        """What has been found for paths that the author has written out, and that lead there for all hosts."""
        self._by_host: dict[str, list[tuple[Match | None, tuple[str, ...] | None, Found]]] = {}
        """The ways of the other paths that he has written out. Nothing is kept of hosts: clients make them up."""
        self._shortcut = (
            None if router is None or is_overridden(router) else straight(router, middleware)
        )
        texts = () if self._shortcut is None else self._shortcut.texts
        self._not_asked = {text for text in texts if text.isascii()}  # others might be no bytes
        """Paths that he has written out, of which nothing is kept yet."""

    def find(self, request: HTTPServerRequest) -> Found | Unknown | None:
        """The handler for ``request``; None if no rule is for it."""
        shortcut = self._shortcut
        if shortcut is None:
            return UNKNOWN
        path = request.path
        ways = self._by_host.get(path)
        if ways is None:
            found = shortcut.find(request)
            if path in self._not_asked:
                self._keep(path, shortcut)
            return found
        is_choosy = False
        for host, methods, handler in ways:
            if host is None or host(request.host_name):
                if methods is None or request.method in methods:
                    return handler
                is_choosy = True
        return UNKNOWN if is_choosy else None

    def native_ways(self) -> tuple[list[str], list[tuple[Any, ...]]]:
        """What can be told of paths by comparing bytes: for the native dispatcher.

        The texts, of which :attr:`by_path` has or will have what can be kept; and the rules whose patterns are simple
        (:func:`~.routing.patterns.groups`), each as its groups, the text behind them, and what is found. These are
        tried in turn, for paths that are no text: rules that are texts may stand between. At the first rule that is
        anything else the list ends.
        """
        shortcut = self._shortcut
        return ([], []) if shortcut is None else ([*shortcut.texts], shortcut.simple_rules())

    def _keep(self, path: str, shortcut: Shortcut) -> None:
        """Keep what is found for ``path``, if that is known for all hosts."""
        self._not_asked.discard(path)
        ways: list[tuple[Match | None, tuple[str, ...] | None, Found]] = []
        for host, methods, found in shortcut.ways(path):
            if not found:
                return
            ways.append((host, methods, found))
            if host is None and methods is None:
                break
        if ways and ways[0][:2] == (None, None):
            self.by_path[path] = ways[0][2]
        else:
            self._by_host[path] = ways


def is_overridden(router: Router) -> bool:
    """Whether it does anything else than an application's routers are made for."""
    if not isinstance(router, ApplicationRouter):
        return True
    return overrides(router, ApplicationRouter, "find_handler", "get_target_delegate")


def is_handler_class(target: object) -> bool:
    """Whether this is a handler, to a rule."""
    return isinstance(target, type) and issubclass(target, RequestHandler)
