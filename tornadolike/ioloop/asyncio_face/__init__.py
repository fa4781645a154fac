"""What asyncio asks of a loop beside running things: sockets, TLS, datagrams, pipes, processes.

Each room has the methods of :class:`asyncio.AbstractEventLoop` on one subject and builds on
:mod:`~tornadolike.ioloop.transports`; :class:`AsyncioFace` has them all.
"""

from .connecting import Connecting
from .datagrams import Datagrams
from .pipes import Pipes
from .processes import Processes
from .sendfile import SendFile
from .serving import Serving
from .sockets import SocketCalls
from .tls import TLS

__all__ = ["AsyncioFace"]


class AsyncioFace(Connecting, Serving, TLS, Datagrams, SocketCalls, SendFile, Pipes, Processes):
    """The whole of :class:`asyncio.AbstractEventLoop` on our reactor."""
