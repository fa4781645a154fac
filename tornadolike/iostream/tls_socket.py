"""What ``stream.socket`` is where TLS is spoken: it answers what an :class:`ssl.SSLSocket` answers."""

import socket
import ssl
from typing import Any, Final

FROM_SESSION: Final = frozenset(
    {
        *("cipher", "compression", "get_channel_binding", "get_unverified_chain", "getpeercert"),
        *("get_verified_chain", "pending", "selected_alpn_protocol", "selected_npn_protocol"),
        *("session", "session_reused", "shared_ciphers", "verify_client_post_handshake", "version"),
    }
)
"""What the TLS session is asked for; all else is the plain socket's."""

PAST_TLS: Final = frozenset(
    {
        *("read", "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into"),
        *("send", "sendall", "sendfile", "sendmsg", "sendto", "write", "makefile"),
    }
)
"""What would read or write the encrypted bytes."""


class TLSSocket:
    """The socket below a stream, with what can be asked about its TLS.

    ``getpeercert()``, ``cipher()``, ``version()``, ``selected_alpn_protocol()``, ``session`` and their
    like are answered by the session: before the handshake with None or :exc:`ValueError`, as by an
    :class:`ssl.SSLSocket`. ``getpeername()``, ``setsockopt()`` and all others are the plain socket's. To
    read and to write there is the stream.
    """

    def __init__(
        self, sock: Any, context: ssl.SSLContext, server_side: bool, server_hostname: str | None
    ) -> None:
        self._sock = sock
        self.context = context
        self.server_side = server_side
        self.server_hostname = server_hostname
        self.ssl_object: ssl.SSLObject | None = None
        """The session, once the handshake is done."""

    def __getattr__(self, name: str) -> Any:
        if name in FROM_SESSION:
            return getattr(self.ssl_object or self._without_session(), name)
        if name in PAST_TLS:
            raise AttributeError(f"{name}() would go past TLS; read and write by the stream")
        return getattr(self._sock, name)

    def _without_session(self) -> ssl.SSLObject:
        """One that nobody has spoken to."""
        name = None if self.server_side else self.server_hostname or "unknown.invalid"
        return self.context.wrap_bio(
            ssl.MemoryBIO(), ssl.MemoryBIO(), self.server_side, server_hostname=name
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} over {self._sock!r}>"


def unwrapped(sock: ssl.SSLSocket) -> socket.socket:
    """The plain socket of ``sock``, which is left without one.

    Raises :exc:`ValueError` if TLS has been spoken on it: what was said cannot be handed on.
    """
    if sock.version() is not None:
        raise ValueError(
            "the TLS handshake of this socket is done; wrap it with do_handshake_on_connect=False, or "
            "give the stream the plain socket and ssl_options"
        )
    return socket.socket(sock.family, sock.type, sock.proto, fileno=sock.detach())
