""":class:`RuleRouter`: the router that has rules."""

import inspect
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from ..httputil import HTTPMessageDelegate, HTTPServerConnectionDelegate, HTTPServerRequest
from ..log import app_log
from .changes import CountedList, changes
from .router import RequestCollector, ReversibleRouter, Router
from .rules import Rule
from .table import RuleTable

RuleLike = Rule | Sequence[Any]
"""A rule, or a tuple or list of a rule's arguments."""


class RuleRouter(Router):
    """Asks the targets of its rules: the first that wants a request whose rule matches it.

    .. code-block:: python

        HTTPServer(RuleRouter([
            (HostMatches(r"api\\.example\\.com"), api),
            ("/wiki/.*", wiki),
            (r"/health", answer_health),
        ]))

    A rule is a :class:`.Rule`, or a tuple or list of its arguments. Its target is

    - another router, such as an :class:`~tornadolike.web.Application`. If it finds nothing (which an Application
      always does), the next rule is asked;
    - another :class:`~tornadolike.httputil.HTTPServerConnectionDelegate`;
    - a function that is called with the whole :class:`~tornadolike.httputil.HTTPServerRequest`, and with what the
      matcher has to say of it as keyword arguments, and answers it through ``request.connection``. It may be any
      object that can be called, such as a ``WSGIContainer``.

    Subclasses may know more targets (:meth:`get_target_delegate`). Raises :exc:`TypeError` for what is no rule, or is
    no target.
    """

    _targets = "a router, a connection delegate or a function"

    automatic_head = False
    """Whether a rule for GET is for HEAD, too."""

    _table: RuleTable[Rule] | None

    def __init__(self, rules: Iterable[RuleLike] | None = None) -> None:
        self.rules = []
        self.add_rules(rules or ())

    @property
    def rules(self) -> list[Rule]:
        """The rules in their order. The list may be changed; the next request knows."""
        return self._rules

    @rules.setter
    def rules(self, rules: Iterable[Rule]) -> None:
        self._rules = rules if isinstance(rules, CountedList) else CountedList(rules)
        self._table = None
        changes.count += 1  # also if these were elsewhere before

    def _table_of_now(self) -> RuleTable[Rule]:
        table = self._table
        if table is None or table.made_at != changes.count:
            table = self._table = RuleTable(self._rules, self._rules)
        return table

    def add_rules(self, rules: Iterable[RuleLike]) -> None:
        """Put rules behind those that there are."""
        if isinstance(rules, (str, bytes)):
            raise TypeError(f"rules are a list of rules, not {rules!r}")
        self.rules += [self._made(rule) for rule in rules]

    def _made(self, rule: RuleLike) -> Rule:
        if not isinstance(rule, Rule):
            if not isinstance(rule, (tuple, list)) or not 2 <= len(rule) <= 4:
                raise TypeError(
                    f"a rule is (pattern or matcher, target[, kwargs[, name]]), or url(...), not {rule!r}"
                )
            rule = Rule(*rule)
        if rule.middleware and not self._leads_to_handlers(rule.target):
            raise TypeError(
                f"middleware stands around handlers, and {rule.target!r} is none: in an Application use "
                f"(pattern, FallbackHandler, {{'fallback': ...}}) with middleware: {rule!r}"
            )
        rule = self.process_rule(rule)
        if type(self).get_target_delegate is type(self)._checked:
            self._check_target(rule)
        return rule

    def process_rule(self, rule: Rule) -> Rule:
        """Called with each rule that is added; gives it, or another in its place. To be overridden."""
        return rule

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate | None:
        for rule in self._table_of_now().candidates(request.path):
            params = rule.matcher.match(request)
            if params is None:
                continue
            if rule.is_choosy and not rule.takes(request, automatic_head=self.automatic_head):
                rule.pass_over(request, automatic_head=self.automatic_head)
                continue
            if rule.target_kwargs:
                params = {**params, "target_kwargs": rule.target_kwargs}
            before = request._passed_over
            delegate = self.get_target_delegate(rule.target, request, **params)
            if delegate is not None:
                if rule.middleware:
                    self.put_around(delegate, rule.middleware)
                return delegate
            if before is None and request._passed_over is not None:
                request._passed_over = request._passed_over.within(rule.middleware)
        return None

    def put_around(self, delegate: HTTPMessageDelegate, middleware: tuple[Any, ...]) -> None:
        """Put the middleware of a rule around what it has found. Here nobody knows handlers."""

    def get_target_delegate(
        self, target: Any, request: HTTPServerRequest, **target_params: Any
    ) -> HTTPMessageDelegate | None:
        """The delegate by which ``target`` answers ``request``; None if it does not.

        To be overridden, for other targets. ``target_params`` are what the rule's matcher has told, and as
        ``target_kwargs`` what the rule has for its target.
        """
        if isinstance(target, Router):
            return target.find_handler(request, **target_params)
        if isinstance(target, HTTPServerConnectionDelegate):
            return target.start_request(request.server_connection, request.connection)
        if callable(target):
            return RequestCollector(partial(target, **target_params), request)
        return None

    def _leads_to_handlers(self, target: Any) -> bool:
        """Whether middleware can be around what ``target`` finds. Here nobody puts it there."""
        return False

    _checked = get_target_delegate
    """The one whose targets :meth:`_check_target` knows. An author's own may know others."""

    def _check_target(self, rule: Rule) -> None:
        target = rule.target
        if isinstance(target, HTTPServerConnectionDelegate):
            return
        if isinstance(target, type) or not callable(target):
            raise TypeError(f"a rule's target is {self._targets}, not {target!r}: {rule!r}")
        check_nobody_waits(target)


def check_nobody_waits(target: Any) -> None:
    """Raise :exc:`TypeError` for a function that would have to be awaited."""
    if inspect.iscoroutinefunction(target) or inspect.iscoroutinefunction(target.__call__):
        raise TypeError(
            f"nobody would wait for {target!r}, a coroutine function: make it a RequestHandler's method"
        )


class ReversibleRuleRouter(ReversibleRouter, RuleRouter):
    """A router that has rules, some of which have names."""

    def __init__(self, rules: Iterable[RuleLike] | None = None) -> None:
        self.named_rules: dict[str, Rule] = {}
        """The rules that were added with a name."""
        super().__init__(rules)

    def process_rule(self, rule: Rule) -> Rule:
        rule = super().process_rule(rule)
        if rule.name:
            if rule.name in self.named_rules:
                app_log.warning("Several rules are named %s; the last one counts", rule.name)
            self.named_rules[rule.name] = rule
        return rule

    def reverse_url(self, name: str, *args: Any, **kwargs: Any) -> str | None:
        """The path of the rule named ``name``, here or in a router that is a target here; None if there is none.

        Raises :exc:`ValueError` for other arguments than its path has, and for a pattern that is too rich to be
        reversed. Only typed paths know them by name.
        """
        named = self.named_rules.get(name)
        if named is not None:
            return named.reverse(*args, **kwargs)
        for rule in self.rules:
            if isinstance(rule.target, ReversibleRouter):
                with suppress(KeyError):  # is how an application says that it has none
                    url = rule.target.reverse_url(name, *args, **kwargs)
                    if url is not None:
                        return url
        return None
