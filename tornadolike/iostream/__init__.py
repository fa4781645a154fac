"""Bytes over sockets: the transport that every connection stands on.

The pull-style streams (``IOStream`` with ``read_until`` and its kin) and TLS are built on it.
"""

from .errors import StreamClosedError
from .transport import SocketTransport

__all__ = ["SocketTransport", "StreamClosedError"]
