"""What protocols speak to: the places where descriptors are read and written.

:mod:`.stream` (connected stream sockets; on :mod:`.writing` and :mod:`.wire`), :mod:`.memory` (the same
without a socket), :mod:`.tls` (on top of any of them), :mod:`.pulling` (for protocols that take bytes when
they want them), :mod:`.traced` (for who asks what becomes of connections), :mod:`.opening` (from a connected
socket to a transport of either kind), :mod:`.server` (listening sockets and their connections), and the
others as asyncio has them.
"""

from .stream import SocketTransport

__all__ = ["SocketTransport"]
