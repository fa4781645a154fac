""":func:`load`: from the name on a command line to an application.

.. code-block:: text

   module             the module's app, application, make_app() or create_app(), or its only Application
   module:name        what has this name there; dots go on into it
   module:name()      what this function gives; the parentheses may be left out
   folder/file.py     the same for a file: a folder with __init__.py is a package, the one above is searched for it
"""

import importlib
import importlib.util
import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any, Final

from .. import ioloop
from ..httputil import HTTPServerConnectionDelegate
from ..wsgi import WSGIContainer
from .failing import Failure, meant

USUAL_NAMES: Final = ("app", "application", "make_app", "create_app")
"""What an application, or the function that makes it, is called where nobody says."""

_NAME: Final = re.compile(
    r"(?P<module>[^:]+?)(:(?P<attribute>[^:()]+)(?P<called>\(\s*\))?)?", re.DOTALL
)
_DOTTED: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_HOW: Final = "write module:attribute, as in main:app"


def load(name: str) -> Any:
    """The application that ``name`` stands for, as an :class:`.HTTPServer` takes it.

    The current folder is searched for modules. A function without arguments is called for the application; if it is
    a coroutine function it has a loop of its own for that, so what belongs to a loop is for the application's
    start-up. In a running loop there is :func:`load_in_loop`. An application of WSGI comes in a
    :class:`.WSGIContainer`, with threads.

    Raises :exc:`.Failure` for a name that stands for no application, or whose module fails.
    """
    found = _made(name)
    if inspect.isawaitable(found):
        with _reported(name):
            found = ioloop.run(_awaited(found))
    return _served(name, found)


async def load_in_loop(name: str) -> Any:
    """:func:`load` in a running loop, which a coroutine function has too."""
    found = _made(name)
    if inspect.isawaitable(found):
        with _reported(name):
            found = await found
    return _served(name, found)


async def _awaited(found: Any) -> Any:
    return await found


def _made(name: str) -> Any:
    """What there is by this name, or what it makes if it is a function."""
    match = _NAME.fullmatch(name.strip())
    if match is None:
        raise Failure(f"{name!r} names no application: {_HOW}")
    module = _imported(_module_of(match["module"]))
    attribute = match["attribute"]
    found = _attribute(module, attribute) if attribute else _usual(module)
    if match["called"] or _is_factory(found):
        if not callable(found):
            raise Failure(f"{name!r}: it is no function, so leave the () out")
        with _reported(name):
            return found()
    return found


# Modules


def _module_of(written: str) -> str:
    """The module's name, with the folder that has it among those that are searched."""
    written = written.removeprefix("./")
    folder = os.getcwd()
    if written.endswith(".py"):
        folder, written = _split(written)
    elif not _DOTTED.fullmatch(written):
        raise Failure(f"{written!r} is no name of a module: {_HOW}")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return written


def _split(path: str) -> tuple[str, str]:
    """The folder to search for a file's module, and the module's name."""
    if not os.path.isfile(path):
        raise Failure(f"there is no file {path}")
    folder, stem = os.path.split(os.path.realpath(path).removesuffix(".py"))
    parts = [] if stem == "__init__" else [stem]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    return folder, ".".join(parts)


def _imported(module: str) -> ModuleType:
    try:
        with _reported(module):
            return importlib.import_module(module)
    except Failure as failure:
        missing = failure.__cause__
        if isinstance(missing, ModuleNotFoundError) and _is_or_has(missing.name, module):
            raise Failure(_not_there(missing.name or module)) from missing
        raise


def _is_or_has(outer: str | None, module: str) -> bool:
    return outer is not None and (module == outer or module.startswith(outer + "."))


def _not_there(module: str) -> str:
    package, _, last = module.rpartition(".")
    if not package:
        place = f"in {os.getcwd()}"
        known = set(_modules_in(os.getcwd()))
    else:
        there = getattr(sys.modules.get(package), "__path__", None)
        if there is None:
            return (
                f"there is no module {module!r}: {package} is a module without others in it; {_HOW}"
            )
        place = f"in the package {package}"
        known = {name for folder in there for name in _modules_in(folder)}
    return (
        f"there is no module {last!r} {place}{meant(last, known) or ': is it in another folder?'}"
    )


def _modules_in(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            stem, extension = os.path.splitext(entry.name)
            if stem.isidentifier() and (extension == ".py" or (entry.is_dir() and not extension)):
                yield stem


# What is in them


def _attribute(module: ModuleType, dotted: str) -> Any:
    found: Any = module
    for name in dotted.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            there = _applications(module)
            hint = meant(name, {*there, *USUAL_NAMES} & set(vars(module)) or vars(module))
            raise Failure(f"{module.__name__} has no {name!r}{hint or _listed(there)}") from None
    return found


def _usual(module: ModuleType) -> Any:
    for name in USUAL_NAMES:
        if hasattr(module, name) and not isinstance(getattr(module, name), ModuleType):
            return getattr(module, name)
    there = _applications(module)
    if len(there) == 1:
        return getattr(module, there[0])
    for name in USUAL_NAMES:
        if hasattr(module, "__path__") and importlib.util.find_spec(f"{module.__name__}.{name}"):
            raise Failure(
                f"{module.__name__} is a package without an application: is it {module.__name__}.{name}?"
            )
    raise Failure(f"{module.__name__} has none of {', '.join(USUAL_NAMES)}{_listed(there)}; {_HOW}")


def _applications(module: ModuleType) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, HTTPServerConnectionDelegate) and not name.startswith("_")
    ]


def _listed(names: list[str]) -> str:
    return (
        f"; there are {', '.join(names)}" if names else ", nor anything else that is an application"
    )


# What is made of it


def _is_factory(found: Any) -> bool:
    if isinstance(found, HTTPServerConnectionDelegate) or not callable(found):
        return False
    return _needed(found) == 0


def _needed(function: Callable[..., Any]) -> int | None:
    """How many arguments have to be given; None for what does not tell, and is for keywords only."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some that are written in C have none
        return None
    needed = [
        one
        for one in parameters
        if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]
    return None if any(one.kind is one.KEYWORD_ONLY for one in needed) else len(needed)


def _served(name: str, found: Any) -> Any:
    if isinstance(found, HTTPServerConnectionDelegate | WSGIContainer):
        return found
    if callable(found) and not inspect.isclass(found):
        needed = _needed(found)
        if needed == 1 and not inspect.iscoroutinefunction(found):
            return found
        if needed == 2:
            return WSGIContainer(found, ThreadPoolExecutor())
        if needed == 3:
            raise Failure(f"{name!r} looks like an application of ASGI, which is not served here")
    what = found.__name__ if inspect.isclass(found) else f"of type {type(found).__name__}"
    raise Failure(
        f"{name!r} is no application: it is {'the class ' if inspect.isclass(found) else ''}{what};"
        " name an Application, or a function without arguments that makes one"
    )


class _reported:
    """What the user's program raises in this context is a :exc:`.Failure` with the user's part of its traceback."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, typ: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, SystemExit):
            raise Failure(
                f"{self._name} ended the program (exit status {error.code!r}) when it was loaded:"
                ' put what is to be run behind `if __name__ == "__main__":`'
            ) from error
        if isinstance(error, Exception):
            last = traceback.TracebackException.from_exception(error).format_exception_only()
            text = " ".join([*last][-1].split())
            raise Failure(f"{self._name} cannot be loaded: {text}", own_lines(error)) from error


def own_lines(error: BaseException) -> str:
    """A traceback without the frames of who has loaded a program: of the import system, and of this module."""
    report = traceback.TracebackException.from_exception(error)
    todo: list[traceback.TracebackException | None] = [report]
    while todo:
        one = todo.pop()
        if one is not None:
            one.stack[:] = [frame for frame in one.stack if not _is_loaders(frame.filename)]
            todo += [one.__cause__, one.__context__]
    return "".join(report.format())


def _is_loaders(filename: str) -> bool:
    return filename.startswith("<frozen importlib") or filename in (
        __file__,
        importlib.__file__,
    )
