"""The native core: compiled twins of what runs for every request, every message and every turn of the loop.

The Python code of the other rooms is complete, and it is the reference. What is here takes its place in two ways:

.. code-block:: python

    @twin("headers")                # the compiled class or function of this name in _native/headers, if it runs
    class HTTPHeaders: ...

    class RequestHandler(front("handler", "HotHandler"), Running): ...    # stands before the reference, and falls back on it

All of it runs, or nothing: :data:`RUNNING` says which, and :data:`REASON` why nothing does. ``TORNADOLIKE_PURE=1``
switches it off.

This room imports nothing else of the package: the rooms above hand in what it needs of them.
"""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any, Final, TypeVar

T = TypeVar("T")

MODULES: Final = (
    "watching",
    "driver",
    "accesslog",
)
"""The compiled modules."""

PURE_VARIABLE: Final = "TORNADOLIKE_PURE"


def _load() -> tuple[dict[str, ModuleType], str]:
    """The compiled modules, and if there are none, why."""
    if os.environ.get(PURE_VARIABLE, "0") not in ("", "0"):
        return {}, f"{PURE_VARIABLE} is set"
    if sys.implementation.name != "cpython":
        return {}, f"it is for CPython, and this is {sys.implementation.name}"
    try:
        return {name: import_module(f"{__name__}.{name}") for name in MODULES}, ""
    except ImportError as error:
        return {}, f"it was not built for this interpreter ({error})"


_modules, REASON = _load()
RUNNING: Final = bool(_modules)

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


def install(module: str, *of_the_reference: object) -> None:
    """Hand a compiled module what it needs of the reference, if it runs."""
    if RUNNING:
        _modules[module].install(*of_the_reference)


class _Nothing:
    __slots__ = ()
