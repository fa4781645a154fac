"""TLS on any transport: :class:`TLSProtocol` below, :class:`SSLTransport` above.

From the bottom up: :mod:`.failures` (what went wrong, in words), :mod:`.hello` (what a client says first),
:mod:`.machine` (bytes in, bytes out, no sockets), :mod:`.phase` (the life of a transport, as a table),
:mod:`.writing`, :mod:`.reading`, :mod:`.pulling`, :mod:`.transport`, :mod:`.protocol`.
"""

import functools
import os
import ssl as _ssl
from collections.abc import Callable

from .protocol import TLSProtocol
from .transport import SSLTransport

__all__ = ["SSLTransport", "TLSProtocol", "make_client_context"]


def make_client_context(
    ssl: _ssl.SSLContext | bool, *, check_hostname: bool = True
) -> _ssl.SSLContext:
    """The context that a client's ``ssl`` argument means: itself, or the safe default for ``True``.

    The default trusts the authorities that the system trusts. It is made once, because reading those takes
    longer than a handshake: one that is added later is known after a restart.

    :arg check_hostname: False for a caller who has no name to check (``server_hostname=""``).
    """
    if isinstance(ssl, _ssl.SSLContext):
        return ssl
    paths = _ssl.get_default_verify_paths()
    where = [os.environ.get(name) for name in (paths.openssl_cafile_env, paths.openssl_capath_env)]
    # A program may have put others in the place of these, to trust whom it wants.
    makers = _ssl.create_default_context, _ssl.SSLContext
    return _default_context(check_hostname, makers, *where)


@functools.lru_cache(maxsize=8)
def _default_context(
    check_hostname: bool, makers: tuple[Callable[[], _ssl.SSLContext], object], *where: str | None
) -> _ssl.SSLContext:
    """The default, for each of the places where the environment has said that authorities are found."""
    context = makers[0]()
    if not check_hostname:
        context.check_hostname = False
    return context
