"""Which rule answers a request: the rules are asked as the routers ask them, and nothing is answered."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from typing import Any

from ...httputil import HTTPServerRequest
from ...web.mounts import Mounted
from .entries import EVERY_METHOD, WEBSOCKET, Entry


@dataclass(frozen=True)
class Answer:
    """What becomes of a request."""

    entry: Entry | None
    """What answers; None: nobody but an error page."""
    arguments: tuple[Any, ...]
    """What the path has for the handler's method, by position."""
    keywords: dict[str, Any]
    """The same by name."""
    status: int | None
    """Of the error page."""
    allowed: tuple[str, ...]
    """The methods that there are, if the error is the method."""
    is_redirected: bool = False
    """Whether it goes to the same path with a slash at its end."""


def answer_to(request: HTTPServerRequest, entries: Iterable[Entry]) -> Answer:
    """What answers, as far as rules decide it: the handler may still say no."""
    passed_over: HTTPServerRequest = request
    for entry in entries:
        asked = copy(request)
        found = _matched(entry, asked)
        if asked._passed_over is not None:
            asked._passed_over = _both(passed_over._passed_over, asked._passed_over)
            passed_over = asked
        if found is None:
            continue
        if found.get("is_redirected"):
            return Answer(entry, (), {}, None, (), is_redirected=True)
        if entry.target is None:
            settings = entry.application.settings if entry.application is not None else {}
            if passed_over._passed_over is None and settings.get("default_handler_class"):
                return Answer(entry, (), {}, None, ())
            break
        arguments = tuple(found.get("path_args") or ()), dict(found.get("path_kwargs") or {})
        if _lacks(entry, request.method):
            return Answer(entry, *arguments, 405, entry.methods)
        return Answer(entry, *arguments, None, ())
    over = passed_over._passed_over
    if over is None:
        return Answer(None, (), {}, 404, ())
    return Answer(None, (), {}, over.status_code, over.methods)


def _matched(entry: Entry, request: HTTPServerRequest) -> dict[str, Any] | None:
    """What the rules have to say of the request; None if one of them does not match."""
    found: dict[str, Any] = {}
    settings = entry.application.settings if entry.application is not None else {}
    automatic_head = bool(settings.get("automatic_head"))
    for rule in entry.rules:
        matched = rule.matcher.match(request)
        if matched is None:
            return None
        if rule.is_choosy and not rule.takes(request, automatic_head=automatic_head):
            rule.pass_over(request, automatic_head=automatic_head)
            return None
        found |= matched
        if isinstance(rule.target, Mounted):
            if rule.target.is_slash_missing(request):
                return {"is_redirected": True}
            rule.target.enter(request)
    return found


def _both(one: Any, other: Any) -> Any:
    if one is None or one is other:
        return other
    methods = tuple(dict.fromkeys((*one.methods, *other.methods)))
    return type(other)(methods, one.versions + other.versions, one.middleware)


def _lacks(entry: Entry, method: str | None) -> bool:
    methods = entry.methods
    if methods in (EVERY_METHOD, WEBSOCKET) or method in methods:
        return False
    settings = entry.application.settings if entry.application is not None else {}
    is_automatic = (method == "HEAD" and settings.get("automatic_head") and "GET" in methods) or (
        method == "OPTIONS" and settings.get("automatic_options")
    )
    return not is_automatic
