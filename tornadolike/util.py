"""Small things that every floor uses."""

import builtins
import importlib
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")

TimeoutError = builtins.TimeoutError
"""What is raised when a deadline has passed: the built-in exception, which is asyncio's as well."""


class lazy(Generic[T]):
    """An attribute that a method computes when it is first read and that can be assigned like any other.

    Unlike :class:`functools.cached_property` it takes no lock and leaves the instance's attributes where
    the interpreter finds them fastest.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> "lazy[T]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> "T | lazy[T]":
        if instance is None:
            return self
        value = self._compute(instance)
        setattr(instance, self._name, value)
        return value


class ObjectDict(dict[str, Any]):
    """A dict whose items are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


def import_object(name: str) -> Any:
    """The module or the object that a dotted name stands for. Raises :exc:`ImportError`.

    >>> import_object("os.path.join") is __import__("os").path.join
    True
    """
    module, dot, attribute = name.rpartition(".")
    if not dot:
        return importlib.import_module(name)
    owner = importlib.import_module(module)
    if hasattr(owner, attribute):
        return getattr(owner, attribute)
    return importlib.import_module(name)
