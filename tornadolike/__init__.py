"""tornadolike: a full-stack asynchronous web framework on its own event loop."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ioloop import run

__version__ = "0.1.0.dev0"

version = __version__
version_info = (0, 1, 0, -100)
"""The version as Tornado tells its own; the last number is negative before a release."""

__all__ = ["run", "version", "version_info"]


def __getattr__(name: str) -> Any:
    """Get :func:`run`, or a module, when it is asked for (``import tornadolike`` is enough for ``tornadolike.web``):
    who wants templates or locales alone need not load the loop."""
    if name == "run":
        from .ioloop import run

        return run
    if not name.startswith("_"):
        module = f"{__name__}.{name}"
        try:
            return import_module(module)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
