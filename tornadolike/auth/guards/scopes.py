"""What a token is good for: scopes (RFC 6749 section 3.3)."""

import functools
import re
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any, Final, TypeVar

from ...web import RequestHandler
from ..arguments import checked_texts
from .authenticate import refusal
from .credentials import credentials_of
from .decorated import check_method
from .headers import Refused

Method = TypeVar("Method", bound=Callable[..., Awaitable[None] | None])

_SCOPE: Final = re.compile(r"[!#-\[\]-~]+")


def checked_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """A tuple of these. Raises :exc:`TypeError` and :exc:`ValueError` for what is no scope."""
    if isinstance(scopes, str):
        raise TypeError(f"scopes is a list: [{scopes!r}], not a str")
    found = checked_texts("scopes", scopes)
    for scope in found:
        if not _SCOPE.fullmatch(scope):
            raise ValueError(f"a scope is ASCII text without spaces and quotes, not {scope!r}")
    return found


def check_scopes(had: Collection[str], wanted: Iterable[str]) -> None:
    """Raise :exc:`Refused` unless all that are wanted are there."""
    if not all(scope in had for scope in wanted):
        scope = " ".join(wanted)
        raise Refused(403, f"This takes the scope {scope}.", "insufficient_scope", scope)


def requires_scope(*scopes: str) -> Callable[[Method], Method]:
    """Have a method answer only those whose token has all of these scopes.

    .. code-block:: python

        @requires_scope("posts.write")
        def post(self): ...

    Others get a 403 that names them (``insufficient_scope``), and those of whom nothing is known a 401. It is for
    methods, :meth:`~.RequestHandler.prepare` and function handlers, inside of a guard such as
    :class:`.BearerAuthentication`, without which it raises :exc:`RuntimeError`.

    Raises :exc:`TypeError` and :exc:`ValueError` for what is no scope, a function that has a path already, a class, and
    a method behind the head of the response, such as ``on_message``.
    """
    wanted = checked_scopes(scopes)
    if not wanted:
        raise TypeError('requires_scope() names a scope: @requires_scope("posts.write")')

    def decorate(method: Method) -> Method:
        if not callable(method) or hasattr(method, "_has_path"):
            raise TypeError(
                "@requires_scope(...) stands right above a method or function: below @app.get() and the like"
            )
        check_method(method)

        @functools.wraps(method)
        def wrapper(self: RequestHandler, *args: Any, **kwargs: Any) -> Awaitable[None] | None:
            credentials = credentials_of(self)
            if credentials is None:
                raise refusal(self, None)
            try:
                check_scopes(credentials.scopes, wanted)
            except Refused as refused:
                raise refusal(self, refused) from refused
            return method(self, *args, **kwargs)

        return wrapper  # type: ignore[return-value] # of the same shape, which wraps() cannot say

    return decorate
