"""From a connected socket to a transport whose protocol has been told: plain, or with TLS above.

Whoever makes connections for asyncio's interface, as a client or as a server, makes them here. The
protocol is always called in one and the same context of its connection.
"""

import asyncio
import contextvars
import socket
import ssl as ssl_module
from typing import Any

from ..core import Core
from .stream import SocketTransport
from .tls import TLSProtocol, make_client_context
from .wire import ConnectionKeeper

SSL = ssl_module.SSLContext | bool | None


async def open_stream(
    loop: Core,
    sock: socket.socket,
    protocol: asyncio.BaseProtocol,
    *,
    ssl: SSL = None,
    server_hostname: str | None = None,
    server_side: bool = False,
    server: ConnectionKeeper | None = None,
    ssl_handshake_timeout: float | None = None,
    ssl_shutdown_timeout: float | None = None,
) -> asyncio.Transport:
    """Give ``protocol`` the connected ``sock`` and return the transport it was told of.

    Without ``ssl`` this does not wait; with it, it waits until the handshake is done. The socket belongs
    to the transport from now on, and is closed also if this raises or is cancelled.
    """
    if not ssl:
        return open_plain(loop, sock, protocol, server=server)
    with closing_on_error(sock):
        waiter: asyncio.Future[None] = loop.create_future()
        tls = TLSProtocol(
            loop,
            protocol,
            make_client_context(ssl, check_hostname=bool(server_hostname)),
            waiter,
            server_side=server_side,
            server_hostname=server_hostname,
            ssl_handshake_timeout=ssl_handshake_timeout,
            ssl_shutdown_timeout=ssl_shutdown_timeout,
        )
    transport = open_plain(loop, sock, tls, server=server)
    try:
        await waiter
    except BaseException:
        transport.abort()
        raise
    return tls.transport


def open_plain(
    loop: Core,
    sock: socket.socket,
    protocol: asyncio.BaseProtocol,
    *,
    server: ConnectionKeeper | None = None,
    context: contextvars.Context | None = None,
    peername: Any = None,
) -> SocketTransport:
    """Give ``protocol`` the connected ``sock``, now, in ``context`` (by default a copy of the caller's).

    ``peername`` saves a system call where it is known. Names are kept: they outlive the connection. The
    socket is closed if this raises.
    """
    with closing_on_error(sock):
        sock.setblocking(False)
        return SocketTransport(
            loop,
            sock,
            protocol,
            server=server,
            context=contextvars.copy_context() if context is None else context,
            extra={
                "sockname": _name(sock.getsockname),
                "peername": _name(sock.getpeername) if peername is None else peername,
            },
        )


def _name(ask: Any) -> Any:
    try:
        return ask()
    except OSError:
        return None  # the peer is gone again


class closing_on_error:
    """Closes a socket if the block raises. (A class: cheaper than a generator for each connection.)"""

    __slots__ = ("_sock",)

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def __enter__(self) -> socket.socket:
        return self._sock

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is not None:
            self._sock.close()


def accepted_tls(
    loop: Core,
    protocol: asyncio.BaseProtocol,
    context: ssl_module.SSLContext,
    *,
    ssl_handshake_timeout: float | None,
    ssl_shutdown_timeout: float | None,
) -> asyncio.BaseProtocol:
    """What to give to the transport of an accepted connection that speaks TLS to ``protocol``."""
    return TLSProtocol(
        loop,
        protocol,
        context,
        None,  # nobody waits: a peer that fails at the handshake is not even told of
        server_side=True,
        ssl_handshake_timeout=ssl_handshake_timeout,
        ssl_shutdown_timeout=ssl_shutdown_timeout,
    )


def application_side(transport: asyncio.Transport) -> asyncio.Transport:
    """The transport that the application was told of, which has ``transport`` at its bottom."""
    protocol = transport.get_protocol()
    while isinstance(protocol, TLSProtocol):
        transport = protocol.transport
        protocol = transport.get_protocol()
    return transport


def check_ssl_arguments(
    ssl: object,
    handshake_timeout: float | None,
    shutdown_timeout: float | None,
    server_hostname: str | None = None,
) -> None:
    """Raise :exc:`ValueError` for what has no meaning on a connection without TLS, or none at all."""
    if server_hostname is not None and not ssl:
        raise ValueError("server_hostname is only meaningful with ssl")
    for name, value in (
        ("ssl_handshake_timeout", handshake_timeout),
        ("ssl_shutdown_timeout", shutdown_timeout),
    ):
        if value is not None:
            if not ssl:
                raise ValueError(f"{name} is only meaningful with ssl")
            if value <= 0:
                raise ValueError(f"{name} should be a positive number, got {value}")


def check_server_ssl(
    ssl: object, handshake_timeout: float | None, shutdown_timeout: float | None
) -> None:
    """:func:`check_ssl_arguments` of a server. Raises :exc:`TypeError` for ``ssl=True``."""
    if isinstance(ssl, bool):
        raise TypeError("ssl argument must be an SSLContext with the server's certificate, or None")
    check_ssl_arguments(ssl, handshake_timeout, shutdown_timeout)


def check_stream_socket(sock: socket.socket, family: int | None = None) -> None:
    """Raise :exc:`ValueError` for a socket that is no stream, :exc:`TypeError` for one of :mod:`ssl`."""
    if isinstance(sock, ssl_module.SSLSocket):
        raise TypeError("a plain socket is needed, not an SSLSocket; give ssl=context for TLS")
    if sock.type != socket.SOCK_STREAM or family not in (None, sock.family):
        kind = "A UNIX Domain Stream Socket" if family == socket.AF_UNIX else "A Stream Socket"
        raise ValueError(f"{kind} was expected, got {sock!r}")
