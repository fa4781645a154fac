"""Small things that every floor uses."""

import builtins
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar, overload

from .. import _native
from .configurable import Configurable, import_object
from .ending import ends_in_one_line
from .gzipped import GzipDecompressor
from .replacing import ArgReplacer
from .since_tornado import (
    doctests,
    errno_from_exception,
    exec_in,
    raise_exc_info,
    re_unescape,
    timedelta_to_seconds,
)

__all__ = [
    "ArgReplacer",
    "Configurable",
    "GzipDecompressor",
    "ObjectDict",
    "TimeoutError",
    "basestring_type",
    "bytes_type",
    "check_not_negative",
    "check_numbers",
    "check_whole_numbers",
    "checked_text",
    "computed",
    "doctests",
    "ends_in_one_line",
    "errno_from_exception",
    "exec_in",
    "import_object",
    "lazy",
    "name_of",
    "native",
    "overrides",
    "raise_exc_info",
    "re_unescape",
    "timedelta_to_seconds",
    "unicode_type",
]

T = TypeVar("T")

TimeoutError = builtins.TimeoutError
"""What is raised when a deadline has passed: the built-in exception, which is asyncio's as well."""

native: Final = _native.RUNNING
"""Whether the native core runs; if not, all is done in Python. ``python -m tornadolike info`` says why."""

bytes_type = bytes
unicode_type = str
basestring_type = str
"""Tornado's names from the time of Python 2."""


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


class computed(Generic[T]):
    """An attribute that a method computes each time it is read, unless one was assigned."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> "computed[T]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> "T | computed[T]":
        return self if instance is None else self._compute(instance)


class ObjectDict(dict[str, Any]):
    """A dict whose items are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


def overrides(instance: object, base: type, *methods: str) -> bool:
    """Whether any of these methods of ``base`` is another one in ``instance``, by its class or by itself."""
    cls, own = type(instance), getattr(instance, "__dict__", ())
    return any(name in own or getattr(cls, name) is not getattr(base, name) for name in methods)


def name_of(function: object) -> str:
    """What a function, or another object that can be called, is called in logs and exceptions."""
    name: object = getattr(function, "__qualname__", None)
    if isinstance(name, str):
        return name
    inner = getattr(function, "func", None)  # of functools.partial()
    return repr(function) if inner is None else name_of(inner)


def check_numbers(**values: Any) -> None:
    """Raise :exc:`TypeError` for a value that is no number, in the name of its argument."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(f"{name} is a number, not {value!r}")


def check_not_negative(**values: Any) -> None:
    """Raise :exc:`TypeError` for a value that is no number, :exc:`ValueError` for one that is not from 0 on."""
    check_numbers(**values)
    for name, value in values.items():
        if not value >= 0:  # nor "not a number"
            raise ValueError(f"{name} cannot be negative: {value!r}")


def checked_text(what: str, text: str) -> str:
    """The same text. Raises :exc:`TypeError` for no ``str``, :exc:`ValueError` for one that is not UTF-8."""
    if not isinstance(text, str):
        raise TypeError(f"{what} is a str, not {text!r}")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{what} has no lone surrogates: {text!r}") from None
    return text


def check_whole_numbers(**values: Any) -> None:
    """Raise :exc:`TypeError` for a value that is no whole number, in the name of its argument."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name} is a whole number, not {value!r}")
