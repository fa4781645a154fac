"""tornadolike: a full-stack asynchronous web framework on its own event loop."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ioloop import run

__version__ = "0.1.0.dev0"

__all__ = ["run"]


def __getattr__(name: str) -> Any:
    """Get :func:`run` when it is asked for: who wants templates or locales alone need not load the loop."""
    if name != "run":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .ioloop import run

    return run
