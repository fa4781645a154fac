"""An argument by its name, for decorators."""

from collections.abc import Callable, Sequence
from typing import Any


class ArgReplacer:
    """Finds, or replaces, the argument ``name`` of calls of ``func``, however it is given.

    >>> def fetch(url, callback=None): ...
    >>> ArgReplacer(fetch, "callback").replace(print, ("/", None), {})
    (None, ['/', <built-in function print>], {})
    """

    def __init__(self, func: Callable[..., Any], name: str) -> None:
        # Of this one, only decorators have need, and inspect takes a while to import.
        from inspect import getfullargspec

        self.name = name
        positional = getfullargspec(func).args
        self.arg_pos = positional.index(name) if name in positional else None

    def get_old_value(
        self, args: Sequence[Any], kwargs: dict[str, Any], default: Any = None
    ) -> Any:
        """The argument as it was given, or ``default``."""
        if self._is_positional(args):
            return args[self.arg_pos or 0]
        return kwargs.get(self.name, default)

    def replace(
        self, new_value: Any, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> tuple[Any, Sequence[Any], dict[str, Any]]:
        """The old value (None if there was none), and ``args`` and ``kwargs`` with the new one.

        A value that is not given by its position goes into ``kwargs`` itself.
        """
        if self._is_positional(args):
            replaced = list(args)
            position = self.arg_pos or 0
            old, replaced[position] = replaced[position], new_value
            return old, replaced, kwargs
        old = kwargs.get(self.name)
        kwargs[self.name] = new_value
        return old, args, kwargs

    def _is_positional(self, args: Sequence[Any]) -> bool:
        return self.arg_pos is not None and len(args) > self.arg_pos
