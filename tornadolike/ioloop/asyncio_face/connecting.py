"""Connections made: create_connection, create_unix_connection, connect_accepted_socket."""

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Any, TypeVar

from ..core import Core
from ..dialing import connect_to_one, connect_unix
from ..resolving import interleave as interleaved
from ..resolving import resolve
from ..transports.opening import (
    SSL,
    check_server_ssl,
    check_ssl_arguments,
    check_stream_socket,
    open_stream,
)

P = TypeVar("P", bound=asyncio.BaseProtocol)


class Connecting(Core):
    """Connections made: create_connection, create_unix_connection, connect_accepted_socket."""

    async def create_connection(
        self,
        protocol_factory: Callable[[], P],
        host: str | bytes | None = None,
        port: int | str | bytes | None = None,
        *,
        ssl: SSL = None,
        family: int = 0,
        proto: int = 0,
        flags: int = 0,
        sock: socket.socket | None = None,
        local_addr: tuple[Any, ...] | None = None,
        server_hostname: str | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
        happy_eyeballs_delay: float | None = None,
        interleave: int | None = None,
        all_errors: bool = False,
    ) -> tuple[asyncio.Transport, P]:
        """Connect to ``host`` and ``port`` over TCP; return the transport and the protocol.

        :arg ssl: an :class:`ssl.SSLContext`, or True for the default one, for TLS.
        :arg family, proto, flags: of :func:`socket.getaddrinfo`.
        :arg sock: a connected stream socket instead of host and port. It is the transport's from then on.
        :arg local_addr: host and port to connect from.
        :arg server_hostname: whose certificate TLS expects; by default ``host``, ``""`` for anybody's.
        :arg ssl_handshake_timeout, ssl_shutdown_timeout: in seconds; None for the defaults.
        :arg happy_eyeballs_delay: seconds after which the next address is tried at the same time
            (:rfc:`8305` recommends 0.25). None: one after another.
        :arg interleave: take turns between IPv6 and IPv4, after this many of the kind that comes first;
            0 for the resolver's order. By default 1 with ``happy_eyeballs_delay``, else 0.
        :arg all_errors: raise an :exc:`ExceptionGroup` of what failed at each address.

        Raises :exc:`OSError` if no address could be connected to.
        """
        check_ssl_arguments(ssl, ssl_handshake_timeout, ssl_shutdown_timeout, server_hostname)
        if ssl and server_hostname is None:
            if not host:
                raise ValueError("You must set server_hostname when using ssl without a host")
            server_hostname = host.decode("ascii") if isinstance(host, bytes) else host
        if host is None and port is None:
            if sock is None:
                raise ValueError("host and port was not specified and no sock specified")
            check_stream_socket(sock)
        elif sock is not None:
            raise ValueError("host/port and sock can not be specified at the same time")
        else:
            hints = {"family": family, "proto": proto, "flags": flags}
            infos = await resolve(self, (host, port), **hints)
            local = None if local_addr is None else await resolve(self, local_addr, **hints)
            if interleave is None:
                interleave = 0 if happy_eyeballs_delay is None else 1
            if interleave:
                infos = interleaved(infos, interleave)
            sock = await connect_to_one(
                self, infos, local, happy_eyeballs_delay, all_errors=all_errors
            )
        return await open_connection(
            self,
            protocol_factory,
            sock,
            ssl=ssl,
            server_hostname=server_hostname,
            ssl_handshake_timeout=ssl_handshake_timeout,
            ssl_shutdown_timeout=ssl_shutdown_timeout,
        )

    async def create_unix_connection(
        self,
        protocol_factory: Callable[[], P],
        path: Any = None,
        *,
        ssl: SSL = None,
        sock: socket.socket | None = None,
        server_hostname: str | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
    ) -> tuple[asyncio.Transport, P]:
        """Connect to the Unix socket at ``path``, or take ``sock``, which is connected to one.

        ``ssl`` needs a ``server_hostname``. The arguments are :meth:`create_connection`'s.
        """
        check_ssl_arguments(ssl, ssl_handshake_timeout, ssl_shutdown_timeout, server_hostname)
        if ssl and server_hostname is None:
            raise ValueError("you have to pass server_hostname when using ssl")
        if path is not None:
            if sock is not None:
                raise ValueError("path and sock can not be specified at the same time")
            sock = await connect_unix(self, os.fspath(path))
        elif sock is None:
            raise ValueError("no path and sock were specified")
        else:
            check_stream_socket(sock, socket.AF_UNIX)
        return await open_connection(
            self,
            protocol_factory,
            sock,
            ssl=ssl,
            server_hostname=server_hostname,
            ssl_handshake_timeout=ssl_handshake_timeout,
            ssl_shutdown_timeout=ssl_shutdown_timeout,
        )

    async def connect_accepted_socket(
        self,
        protocol_factory: Callable[[], P],
        sock: socket.socket,
        *,
        ssl: SSL = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
    ) -> tuple[asyncio.Transport, P]:
        """Serve ``sock``, a connection that somebody else has accepted.

        ``ssl`` is a server's context; the arguments are :meth:`create_connection`'s.
        """
        check_stream_socket(sock)
        check_server_ssl(ssl, ssl_handshake_timeout, ssl_shutdown_timeout)
        return await open_connection(
            self,
            protocol_factory,
            sock,
            server_side=True,
            ssl=ssl,
            ssl_handshake_timeout=ssl_handshake_timeout,
            ssl_shutdown_timeout=ssl_shutdown_timeout,
        )


async def open_connection(
    loop: Core, protocol_factory: Callable[[], P], sock: socket.socket, **options: Any
) -> tuple[asyncio.Transport, P]:
    """Give the connected ``sock`` a new protocol; it is closed if this fails."""
    try:
        protocol = protocol_factory()
    except BaseException:
        sock.close()
        raise
    return await open_stream(loop, sock, protocol, **options), protocol
