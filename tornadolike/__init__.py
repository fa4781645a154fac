"""tornadolike: a full-stack asynchronous web framework on its own event loop."""

__version__ = "0.1.0.dev0"  # first, so that every room may import it

from .ioloop import run

__all__ = ["run"]
