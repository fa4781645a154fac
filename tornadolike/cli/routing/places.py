"""Where in the source something is."""

import inspect
import os
from typing import Any


def place_of(thing: Any) -> tuple[str, int] | None:
    """The file and the line where a class or a function begins; None for what has no source.

    Of a class that was made of a function it is the function's.
    """
    for function in vars(thing).values() if isinstance(thing, type) else ():
        inner = inspect.unwrap(function) if hasattr(function, "__wrapped__") else function
        if inner is not function and getattr(inner, "__qualname__", None) == thing.__qualname__:
            thing = inner
            break
    thing = inspect.unwrap(thing) if callable(thing) else thing
    try:
        file = inspect.getsourcefile(thing)
        _, line = inspect.findsource(thing)
    except (TypeError, OSError):
        return None
    return (file, line + 1) if file else None


def shown_place(place: tuple[str, int] | None) -> str:
    """A place as a terminal can be clicked at: from the current folder, if it is in there."""
    if place is None:
        return ""
    file, line = place
    relative = os.path.relpath(file)
    return f"{file if relative.startswith(os.pardir) else relative}:{line}"
