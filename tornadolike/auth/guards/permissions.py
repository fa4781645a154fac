"""Roles and permissions: what only some of the users may do.

.. code-block:: python

    class Articles(RequestHandler):
        @requires_role("editor")
        async def post(self): ...

        @requires_permission("articles.delete", "articles.read")
        async def delete(self): ...

Where a user's roles are from: :meth:`get_roles` of the handler if it has one, which may be a coroutine; else the
attribute ``roles`` of :attr:`~.RequestHandler.current_user`, or its key if that is a dict. It is the same with
``get_permissions``. What is there is a set or a list of texts. A dict without the key, and None, is none at all.
"""

import functools
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Literal, TypeVar

from ...web import HTTPError, authenticated
from .authenticate import is_guarded, refusal
from .decorated import check_method

Method = TypeVar("Method", bound=Callable[..., Any])
Kind = Literal["role", "permission"]


def requires_role(*roles: str) -> Callable[[Method], Method]:
    """Have a method answer only users who have all of these roles.

    It stands above a method, which may be a coroutine; above ``prepare()``, for all methods, and for a WebSocket; or
    above a function that is a handler, below its ``@app.get()``.

    Nobody (:attr:`~.RequestHandler.current_user` is false) is treated as by :func:`.authenticated`, or gets the 401 of
    the guard around the handler (:class:`.Authenticate`), if there is one. Users without the roles get a 403. A user of
    whom it cannot be told is an error of the program: :exc:`TypeError`, and a 500.

    Raises :exc:`TypeError` and :exc:`ValueError` for what cannot work: no role, what is no text, a class, a function
    that has its path already, a method like ``on_message`` that is called when the response is gone.
    """
    return _requires("role", roles, all)


def requires_any_role(*roles: str) -> Callable[[Method], Method]:
    """As :func:`requires_role`, but one of them is enough."""
    return _requires("role", roles, any)


def requires_permission(*permissions: str) -> Callable[[Method], Method]:
    """As :func:`requires_role`: the user has all of these permissions."""
    return _requires("permission", permissions, all)


def requires_any_permission(*permissions: str) -> Callable[[Method], Method]:
    """As :func:`requires_permission`, but one of them is enough."""
    return _requires("permission", permissions, any)


def _requires(
    kind: Kind, names: tuple[str, ...], enough: Callable[[list[bool]], bool]
) -> Callable[[Method], Method]:
    if not names:
        raise ValueError(f"which {kind}? Without one everybody would be let in")
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f'a {kind} is a str, not {name!r}: @requires_{kind}("name")')
        if not name:
            raise ValueError(f"a {kind} has a name, not the empty text")
    wanted = f"{kind} {(' and ' if enough is all else ' or ').join(names)}"

    def check(held: Collection[str]) -> None:
        if not enough([name in held for name in names]):
            raise HTTPError(
                403, f"the user has not the {wanted}", detail="You are not allowed to do this."
            )

    def decorate(method: Method) -> Method:
        check_method(method)

        @functools.wraps(method)
        def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
            held = _held(self, kind)
            if isinstance(held, Awaitable):
                return _later(self, held, *args, **kwargs)
            check(_checked(kind, held))
            return method(self, *args, **kwargs)

        async def _later(self: Any, held: Awaitable[Any], *args: Any, **kwargs: Any) -> Any:
            check(_checked(kind, await held))
            result = method(self, *args, **kwargs)
            return await result if isinstance(result, Awaitable) else result

        return _known(wrapper)  # type: ignore[return-value] # the same

    return decorate


def _known(method: Method) -> Method:
    """As :func:`.authenticated`; but programs have no use for a log-in page, so that a guard tells nobody of itself."""
    otherwise = authenticated(method)

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.current_user and is_guarded(self):
            raise refusal(self, None)
        return otherwise(self, *args, **kwargs)

    return wrapper  # type: ignore[return-value] # of the same shape, which wraps() cannot say


def _held(handler: Any, kind: Kind) -> Any:
    """The roles or permissions of the current user, or what has to be awaited for them."""
    ask = getattr(handler, f"get_{kind}s", None)
    if ask is not None:
        return ask()
    user = handler.current_user
    if isinstance(user, Mapping):
        return user.get(f"{kind}s")
    try:
        return getattr(user, f"{kind}s")
    except AttributeError:
        raise TypeError(
            f"the {kind}s of the current user, {type(user).__name__!r}, are not known: it needs an attribute {kind}s, "
            f"or the handler a method get_{kind}s()"
        ) from None


def _checked(kind: Kind, held: Any) -> Collection[str]:
    """The same if it can be looked into. In a text, parts of others would be found; in a dict, also what is False."""
    if held is None:
        return ()
    if isinstance(held, (str, bytes, Mapping)) or not isinstance(held, Collection):
        raise TypeError(f"the {kind}s of a user are a set or a list of str, not {held!r}")
    return held
