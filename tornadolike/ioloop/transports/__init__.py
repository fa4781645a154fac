"""What protocols speak to: the places where descriptors are read and written.

:mod:`.stream` (connected stream sockets), and the others as asyncio has them.
"""

from .stream import SocketTransport

__all__ = ["SocketTransport"]
