""":func:`route_of`: what the rule is called by which a handler was found, for logs, figures and traces.

A path is what a client makes up, and there is no end of them; rules are the author's, and few. A handler does not know
its rule. But nearly always one rule leads to its class, and where several do they are asked again.
"""

from collections.abc import Iterator
from typing import Any, Final

from ..httputil import HTTPServerRequest
from ..routing import PathMatches, Rule, RuleRouter, TypedPath, patterns
from ..routing.below import Below
from ..routing.changes import changes

ANY: Final = "*"
"""What a rule is called that does not look at the path."""

Way = tuple[tuple[Rule, ...], str]
"""Rules within rules, all of which have to match, and what the innermost is called."""


def route_of(handler: Any) -> str | None:
    """The pattern of the path for which ``handler`` answers: ``/users/{id}``, say; None if no rule has led to it.

    A typed path as it was written; of a regular expression its text, without the ``$`` at its end. Before what is
    mounted stands the path where it is. As many different ones come as there are rules.
    """
    return _names_for(handler).of(handler)


def has_one_route(handler: Any) -> bool:
    """Whether :func:`route_of` says the same of all handlers of this class and application, as the rules are now."""
    return not handler.request.mounted_at and _names_for(handler).is_settled(type(handler))


def _names_for(handler: Any) -> "RouteNames":
    application = handler.application
    names: RouteNames | None = application._route_names
    if names is None or names.made_at != changes.count:
        names = application._route_names = RouteNames(application)
    return names


class RouteNames:
    """What the rules of an application are called, as they are now.

    :arg application: an :class:`.Application`. What is mounted in it has names of its own.
    """

    def __init__(self, application: Any) -> None:
        self.made_at = changes.count
        ways: dict[Any, list[Way]] = {}
        for way, target in _ways(application.default_router, ()):
            if isinstance(target, type):
                ways.setdefault(target, []).append((way, _name_of(way[-1])))
        # It also answers for paths for which there is no rule.
        default = application.settings.get("default_handler_class")
        self._only = {
            target: names.pop()
            for target, found in ways.items()
            if target is not default and len(names := {name for _, name in found}) == 1
        }
        """Handlers to which all ways are called the same."""
        self._several = {target: ways[target] for target in ways if target not in self._only}

    def of(self, handler: Any) -> str | None:
        """What :func:`route_of` says."""
        name = self._only.get(type(handler))
        if name is None:
            ways = self._several.get(type(handler))
            name = None if ways is None else _matching(ways, handler.request)
            if name is None:
                return None
        before: str = handler.request.mounted_at
        return before + name if before else name

    def is_settled(self, handler_class: type) -> bool:
        """Whether the class tells all, and not the request."""
        return handler_class not in self._several


def _matching(ways: list[Way], request: HTTPServerRequest) -> str | None:
    for way, name in ways:
        if all(rule.matcher.match(request) is not None for rule in way):
            return name
    return None


def _ways(router: RuleRouter, before: tuple[Rule, ...]) -> Iterator[tuple[tuple[Rule, ...], Any]]:
    for rule in router.rules:
        if isinstance(rule.target, RuleRouter):
            yield from _ways(rule.target, (*before, rule))
        else:
            yield (*before, rule), rule.target


def _name_of(rule: Rule) -> str:
    matcher = rule.matcher
    if isinstance(matcher, TypedPath):
        return matcher.path
    if isinstance(matcher, PathMatches):
        texts = patterns.texts(matcher.regex)
        return texts[0] if len(texts) == 1 else matcher.regex.pattern.removesuffix("$")
    return f"{matcher.prefix}/*" if isinstance(matcher, Below) else ANY
