"""What a decorator that refuses somebody may stand above: methods that are called while that can still be said."""

from typing import Final

_TOO_LATE: Final = frozenset(
    {"on_close", "on_connection_close", "on_finish", "on_message", "on_ping", "on_pong", "open"}
)
"""Methods behind the head of the response: nobody can be refused any more."""
_ASKED: Final = frozenset(
    {"get_current_user", "get_login_url", "get_permissions", "get_roles", "write_error"}
)
"""Methods that the answer itself depends on."""


def check_method(method: object) -> None:
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
