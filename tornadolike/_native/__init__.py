"""The native core: compiled twins of what runs for every request, every message and every turn of the loop.

The Python code of the other rooms is complete, and it is the reference. What is here takes its place in two ways:

.. code-block:: python

    @twin("headers")                # the compiled class or function of this name in _native/headers, if it runs
    class HTTPHeaders: ...

    class RequestHandler(front("handler", "HotHandler"), Running): ...    # stands before it, and falls back on it

All of it runs, or nothing: :data:`RUNNING` says which, and :data:`REASON` why nothing does. ``TORNADOLIKE_PURE=1``
switches it off; ``TORNADOLIKE_NATIVE=1`` makes it an error that it does not run, for those who rely on it.

This room imports nothing else of the package: the rooms above hand in what it needs of them.

Who owns what in there, what may happen in the middle of it, and a list of its rooms: ``__init__.pxd``, an essay to be
read before anything is changed.
"""

import os
import sys
import sysconfig
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any, Final, TypeVar

from .built import changed

T = TypeVar("T")

MODULES: Final = (
    "counters",
    "watching",
    "scanner",
    "fields",
    "headers",
    "readers",
    "frames",
    "messages",
    "conversation",
    "flights",
    "escaping",
    "responses",
    "exchange",
    "outgoing",
    "heads",
    "query",
    "request",
    "digest",
    "jsontext",
    "facts",
    "plans",
    "state",
    "handler",
    "handles",
    "queues",
    "reactor",
    "driver",
    "accesslog",
    "ways",
    "dispatch",
    "lane",
    "laneface",
)
"""The compiled modules."""

PURE_VARIABLE: Final = "TORNADOLIKE_PURE"
NATIVE_VARIABLE: Final = "TORNADOLIKE_NATIVE"


def is_set(variable: str) -> bool:
    """Whether a variable of the environment says yes."""
    return os.environ.get(variable, "") not in ("", "0")


def unfit() -> str:
    """Why this interpreter cannot run it; empty if it can."""
    if sys.implementation.name != "cpython":
        return f"it is for CPython, and this is {sys.implementation.name}"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        # Two threads would be in one object at once: nothing but that lock keeps them apart.
        return "it needs the global interpreter lock, and this is a free-threaded build"
    return ""


def _load() -> tuple[dict[str, ModuleType], str]:
    """The compiled modules, and if there are none, why."""
    if is_set(PURE_VARIABLE):
        return {}, f"{PURE_VARIABLE} is set"
    if reason := unfit():
        return {}, reason
    if names := changed(os.path.dirname(__file__)):
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        return {}, f"it was not built from these sources: {names[0]}{more} changed"
    try:
        return {name: import_module(f"{__name__}.{name}") for name in MODULES}, ""
    except ImportError as error:
        return {}, f"it was not built for this interpreter ({error})"


_modules, REASON = _load()
RUNNING: Final = bool(_modules)
if is_set(NATIVE_VARIABLE) and not is_set(PURE_VARIABLE) and not RUNNING:
    raise ImportError(f"{NATIVE_VARIABLE} is set, and the native core does not run: {REASON}")


def described() -> str:
    """Which of the two runs, for logs and people."""
    return "native" if RUNNING else f"pure Python ({REASON})"


def counts_objects() -> bool:
    """Whether this is a build for debugging, in which :mod:`.counters` count."""
    return RUNNING and bool(_modules["counters"].counting)


references: Final[dict[str, Any]] = {}
"""The Python classes and functions that have a twin, by ``module.name``, for tests that compare the two."""


def twin(module: str) -> Callable[[T], T]:
    """A decorator: what has the same name in a compiled module takes the place of a class or function, if it runs."""

    def choose(reference: T) -> T:
        name: str = reference.__name__  # type: ignore[attr-defined]
        references[f"{module}.{name}"] = reference
        return getattr(_modules[module], name) if RUNNING else reference

    return choose


def front(module: str, name: str) -> Any:
    """A compiled class to stand before the reference among the bases of a class; an empty one if nothing runs."""
    return getattr(_modules[module], name) if RUNNING else _Nothing


def own_slots(base: type, *names: str) -> tuple[str, ...]:
    """For ``__slots__`` of a class behind a :func:`front`: of ``names`` those that the front does not keep itself."""
    return tuple(name for name in names if not hasattr(base, name))


def install(module: str, *of_the_reference: object) -> None:
    """Hand a compiled module what it needs of the reference, if it runs."""
    if RUNNING:
        _modules[module].install(*of_the_reference)


class _Nothing:
    __slots__ = ()
