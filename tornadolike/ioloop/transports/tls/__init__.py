"""TLS on any transport: :class:`TLSProtocol` below, :class:`SSLTransport` above.

From the bottom up: :mod:`.machine` (bytes in, bytes out, no sockets), :mod:`.phase` (the life of a
transport, as a table), :mod:`.writing`, :mod:`.transport`, :mod:`.protocol`.
"""

import ssl as _ssl

from .protocol import TLSProtocol
from .transport import SSLTransport

__all__ = ["SSLTransport", "TLSProtocol", "make_client_context"]


def make_client_context(
    ssl: _ssl.SSLContext | bool, *, check_hostname: bool = True
) -> _ssl.SSLContext:
    """The context that a client's ``ssl`` argument means: itself, or the safe default for ``True``.

    :arg check_hostname: False for a caller who has no name to check (``server_hostname=""``).
    """
    if isinstance(ssl, _ssl.SSLContext):
        return ssl
    context = _ssl.create_default_context()
    if not check_hostname:
        context.check_hostname = False
    return context
