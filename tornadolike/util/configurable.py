"""Classes whose implementation is chosen while the program runs, by its name too."""

import importlib
from collections.abc import Callable
from typing import Any


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
