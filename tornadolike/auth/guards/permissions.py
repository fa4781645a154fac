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
from typing import Any, Final, Literal, TypeVar

from ...web import HTTPError, authenticated

Method = TypeVar("Method", bound=Callable[..., Any])
Kind = Literal["role", "permission"]

_TOO_LATE: Final = frozenset(
    {"on_close", "on_connection_close", "on_finish", "on_message", "on_ping", "on_pong", "open"}
)
"""Methods behind the head of the response: nobody can be refused any more."""
_ASKED: Final = frozenset(
    {"get_current_user", "get_login_url", "get_permissions", "get_roles", "write_error"}
)
"""Methods that the answer itself depends on."""


def requires_role(*roles: str) -> Callable[[Method], Method]:
    """Have a method answer only users who have all of these roles.

    It stands above a method, which may be a coroutine; above ``prepare()``, for all methods, and for a WebSocket; or
    above a function that is a handler, below its ``@app.get()``.

    Nobody (:attr:`~.RequestHandler.current_user` is false) is treated as by :func:`.authenticated`. Users without the
    roles get a 403. A user of whom it cannot be told is an error of the program: :exc:`TypeError`, and a 500.

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
        _check_method(method)

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

        return authenticated(wrapper)  # type: ignore[return-value]

    return decorate


def _check_method(method: object) -> None:
    """Raise :exc:`TypeError` for what nobody can be kept from by this."""
    if isinstance(method, type):
        raise TypeError(
            f"it is a method that can be decorated, not the class {method.__name__}: for all of its methods decorate "
            "its prepare()"
        )
    if not callable(method) or isinstance(method, (staticmethod, classmethod)):
        raise TypeError(f"it is a method of a handler that can be decorated, not {method!r}")
    name = getattr(method, "__name__", "")
    owner = getattr(method, "__qualname__", "").rpartition(".")[0]
    if not owner or owner.endswith("<locals>"):
        return  # a function may be called as it likes
    if name in _TOO_LATE:
        raise TypeError(
            f"when {name}() is called nobody can be refused any more: decorate prepare()"
        )
    if name in _ASKED:
        raise TypeError(f"{name}() is called to answer everybody: decorate prepare(), or get()")


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
    """The same if it can be looked into. In a text, parts of others would be found."""
    if held is None:
        return ()
    if isinstance(held, (str, bytes)) or not isinstance(held, Collection):
        raise TypeError(f"the {kind}s of a user are a set or a list of str, not {held!r}")
    return held
