"""Small things that every floor uses."""

import builtins
import importlib
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar, overload

from . import _native

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


class Configurable:
    """A class that, called, makes an object of the implementation that was chosen for it.

    .. code-block:: python

        class Resolver(Configurable):
            @classmethod
            def configurable_base(cls):
                return Resolver

            @classmethod
            def configurable_default(cls):
                return ThreadedResolver

        Resolver.configure("my.package.CachingResolver", size=100)
        resolver = Resolver()  # a CachingResolver, initialized with size=100

    Implementations are subclasses, and do in ``initialize`` what others do in ``__init__``. An
    implementation that is called itself is made as it is, whatever is configured.
    """

    _configured: "tuple[type[Configurable], dict[str, Any]] | None" = None
    """The choice for this base and the arguments that go with it; None if nothing was chosen."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        base = cls.configurable_base()
        chosen: type[Configurable] = cls
        if cls is base:
            chosen = cls.configured_class()
            kwargs = {**cls._configured_arguments(), **kwargs}
            if chosen.configurable_base() is not base:
                return chosen(*args, **kwargs)  # which is a base itself, and has its own choice
        instance = super().__new__(chosen)
        instance.initialize(*args, **kwargs)
        return instance

    def _initialize(self) -> None:
        """The constructor's work; gets its arguments and those of :meth:`configure`."""

    initialize: Callable[..., None] = _initialize  # with what arguments, each implementation says

    @classmethod
    def configurable_base(cls) -> "type[Configurable]":
        """The class at the top: the one that :meth:`configure` is about. To be overridden."""
        raise NotImplementedError

    @classmethod
    def configurable_default(cls) -> "type[Configurable]":
        """The implementation as long as none was chosen. To be overridden."""
        raise NotImplementedError

    @classmethod
    def configure(cls, impl: "type[Configurable] | str | None", **kwargs: Any) -> None:
        """Choose the implementation (a subclass, or its dotted name; None: the default).

        ``kwargs`` are given to its ``initialize`` each time that one is made without others of these
        names. Raises :exc:`ValueError` for a class that is no subclass.
        """
        if isinstance(impl, str):
            impl = import_object(impl)
        if impl is None:
            impl = cls.configurable_default()
        elif not (isinstance(impl, type) and issubclass(impl, cls)):
            raise ValueError(f"{impl!r} is not a subclass of {cls.__name__}")
        cls.configurable_base()._configured = impl, kwargs

    @classmethod
    def configured_class(cls) -> "type[Configurable]":
        """The implementation that is made now."""
        # Not one of a base above: a base below another has a choice of its own.
        configured = vars(cls.configurable_base()).get("_configured")
        return configured[0] if configured else cls.configurable_default()

    @classmethod
    def _configured_arguments(cls) -> dict[str, Any]:
        configured = vars(cls.configurable_base()).get("_configured")
        return configured[1] if configured else {}


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
