"""Functions as handlers: the :class:`.RequestHandler` subclass that is underneath one.

.. code-block:: python

    @app.get("/users/{user_id:int}")
    async def show_user(handler, user_id):
        return {"name": await db.name_of(user_id)}

The function is called as the method of a class would be, with the handler in the place of ``self``. What it returns is
the response (:func:`respond`).
"""

import functools
import inspect
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator
from typing import Any, Final

from ..handler import RequestHandler

WRITTEN: Final = frozenset({str, bytes, dict})
"""What is written as it is. Subclasses of these are too, a little later."""


async def respond(handler: RequestHandler, result: Any) -> None:
    """Answer with what a function has returned, or with what comes of awaiting that.

    Text, bytes and dicts are written (:meth:`.RequestHandler.write`); an asynchronous iterable, such as a generator,
    and an iterator are streamed (:meth:`.RequestHandler.stream`); None is a response that the function has written
    itself. Raises :exc:`TypeError` for anything else.
    """
    if isinstance(result, Awaitable):
        result = await result
    if result is None:
        return
    if isinstance(result, (str, bytes, dict)):
        handler.write(result)
    elif isinstance(result, (AsyncIterable, Iterator)):
        await handler.stream(result)
    else:
        raise TypeError(
            "a function returns str, bytes, a dict (JSON), a generator (which is streamed) or None (it has written "
            f"itself), not {type(result).__name__}"
        )


def as_method(function: Callable[..., Any]) -> Callable[..., Awaitable[None] | None]:
    """The method of a handler that calls this function and answers with what it returns."""

    @functools.wraps(function)
    def method(self: RequestHandler, *args: Any, **kwargs: Any) -> Awaitable[None] | None:
        result = function(self, *args, **kwargs)
        if result is None:
            return None
        if type(result) in WRITTEN:
            self.write(result)
            return None
        return respond(self, result)

    return method


def handler_class_for(
    function: Callable[..., Any],
    methods: Iterable[str],
    base: type[RequestHandler],
    attributes: dict[str, Any],
) -> type[RequestHandler]:
    """A subclass of ``base``, named as the function, which is all of its ``methods``.

    :arg attributes: class attributes such as ``max_body_size``.

    Raises :exc:`TypeError` for an attribute that no such class has, and :exc:`ValueError` for a method that it never
    answers.
    """
    for method in methods:
        if method not in base.SUPPORTED_METHODS:
            raise ValueError(f"{method!r} is none of {base.__name__}.SUPPORTED_METHODS")
    names = [method.lower() for method in base.SUPPORTED_METHODS]
    for name in attributes:
        if name.startswith("_") or name in names or not hasattr(base, name):
            raise TypeError(
                f"{base.__name__} has no attribute {name!r} for {called(function)}: what stands there beside name, "
                "middleware and the like are class attributes, such as max_body_size"
            )
    members = {
        "__doc__": function.__doc__,
        "__module__": function.__module__,
        "__qualname__": getattr(function, "__qualname__", called(function)),
        **attributes,
        **dict.fromkeys([method.lower() for method in methods], as_method(function)),
    }
    return type(called(function), (base,), members)


def checked_base(base: type[RequestHandler]) -> type[RequestHandler]:
    """A class that handlers can be subclasses of. Raises :exc:`TypeError` for what is none."""
    if not (isinstance(base, type) and issubclass(base, RequestHandler)):
        raise TypeError(f"the base of handlers is a subclass of RequestHandler, not {base!r}")
    return base


def called(function: Callable[..., Any]) -> str:
    """The name of a function, or of what else can be called."""
    name: str = getattr(function, "__name__", type(function).__name__)
    return name


def check_function(function: object, *takes: str) -> None:
    """Raise :exc:`TypeError` for what is no function, or cannot be called with what is ``takes`` by position."""
    if isinstance(function, type):
        raise TypeError(
            f"{function.__name__} is a class: a function is expected, and add(path) takes handlers"
        )
    if not callable(function):
        raise TypeError(f"a function is expected that takes ({', '.join(takes)}), not {function!r}")
    if takes:
        _check_call(function, takes, (), "", is_whole=True)


def check_parameters(
    function: Callable[..., Any], path: str, names: tuple[str, ...], *, is_whole: bool
) -> None:
    """Raise :exc:`TypeError` if ``function`` cannot be called with the handler and the parameters of ``path``.

    :arg is_whole: false if there will be more parameters, in front of this path.
    """
    why = f" for the path {path!r}, which has {', '.join(names) or 'no parameters'}"
    _check_call(function, ("handler",), names, why, is_whole=is_whole)


def _check_call(
    function: Callable[..., Any],
    takes: tuple[str, ...],
    names: tuple[str, ...],
    why: str,
    *,
    is_whole: bool,
) -> None:
    try:
        signature = inspect.signature(function)
    except ValueError:  # of one that is written in C
        return
    bind = signature.bind if is_whole else signature.bind_partial
    try:
        bind(*takes, **dict.fromkeys(names))
    except TypeError as error:
        name = called(function)
        raise TypeError(
            f"{name}{signature} cannot be called{why}: {error}. Write def {name}({', '.join(takes + names)})"
        ) from None
