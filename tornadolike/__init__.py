"""tornadolike: a full-stack asynchronous web framework on its own event loop."""

from .ioloop import run

__all__ = ["run"]

__version__ = "0.1.0.dev0"
