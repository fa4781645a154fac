"""Connections awaited: create_server, create_unix_server."""

import asyncio
import errno
import itertools
import os
import socket
import ssl as ssl_module
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from ..core import Core
from ..resolving import AddressInfo, resolve
from ..transports.opening import check_server_ssl, check_stream_socket
from ..transports.server import ProtocolFactory, Server
from ..unix_files import remove_stale_socket


class Serving(Core):
    """Connections awaited: create_server, create_unix_server."""

    async def create_server(  # type: ignore[override]
        self,
        protocol_factory: ProtocolFactory,
        host: str | bytes | Sequence[str | bytes | None] | None = None,
        port: int | str | None = None,
        *,
        family: int = socket.AF_UNSPEC,
        flags: int = socket.AI_PASSIVE,
        sock: socket.socket | None = None,
        backlog: int = 100,
        ssl: ssl_module.SSLContext | None = None,
        reuse_address: bool | None = None,
        reuse_port: bool | None = None,
        keep_alive: bool | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
        start_serving: bool = True,
    ) -> Server:
        """Listen on TCP and give each connection a protocol of ``protocol_factory``.

        :arg host: a name or an address, or several; None or ``""`` for all interfaces. A name is
            listened on at each of its addresses.
        :arg port: 0 or None for a free one (for each address another).
        :arg sock: a bound stream socket instead of host and port. It is the server's from then on.
        :arg backlog: how many connections the kernel keeps waiting.
        :arg reuse_address: bind also while old connections of the port time out; by default true on
            POSIX.
        :arg reuse_port: let several processes listen on the port. :exc:`ValueError` where the system
            has no such thing.
        :arg keep_alive: have the kernel probe connections that are silent.
        :arg start_serving: False: only bind; :meth:`~asyncio.Server.start_serving` begins.

        Raises :exc:`OSError` if it cannot bind. Addresses of a kind that the host does not have are
        passed over, unless that leaves none.
        """
        check_server_ssl(ssl, ssl_handshake_timeout, ssl_shutdown_timeout)
        if sock is not None:
            if host is not None or port is not None:
                raise ValueError("host/port and sock can not be specified at the same time")
            check_stream_socket(sock)
            sockets = [sock]
        elif host is None and port is None:
            raise ValueError("Neither host/port nor sock were specified")
        else:
            if reuse_address is None:
                reuse_address = os.name == "posix" and sys.platform != "cygwin"
            options = {
                "SO_REUSEADDR": reuse_address,
                "SO_REUSEPORT": reuse_port,
                "SO_KEEPALIVE": keep_alive,
            }
            found = await asyncio.gather(
                *(
                    resolve(self, (each, port or 0), family=family, flags=flags)
                    for each in _hosts(host)
                )
            )
            # Each address once, in the order given.
            sockets = bind_all(dict.fromkeys(itertools.chain.from_iterable(found)), options)
        return make_server(
            self,
            sockets,
            protocol_factory,
            start_serving,
            backlog=backlog,
            tls=ssl,
            ssl_handshake_timeout=ssl_handshake_timeout,
            ssl_shutdown_timeout=ssl_shutdown_timeout,
        )

    async def create_unix_server(  # type: ignore[override]
        self,
        protocol_factory: ProtocolFactory,
        path: Any = None,
        *,
        sock: socket.socket | None = None,
        backlog: int = 100,
        ssl: ssl_module.SSLContext | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
        start_serving: bool = True,
        cleanup_socket: bool = sys.version_info >= (3, 13),
    ) -> Server:
        """Listen on a Unix socket and give each connection a protocol of ``protocol_factory``.

        :arg path: of the socket's file; a socket that is there already is replaced. A name that begins
            with a zero byte has no file (Linux).
        :arg sock: a bound Unix stream socket instead of a path.
        :arg cleanup_socket: remove the file when the server is closed; by default true since
            Python 3.13, as with asyncio.

        The other arguments are :meth:`create_server`'s.
        """
        check_server_ssl(ssl, ssl_handshake_timeout, ssl_shutdown_timeout)
        if path is not None:
            if sock is not None:
                raise ValueError("path and sock can not be specified at the same time")
            sock = bind_unix(os.fspath(path))
        else:
            if sock is None:
                raise ValueError("path was not specified, and no sock specified")
            check_stream_socket(sock, socket.AF_UNIX)
        return make_server(
            self,
            [sock],
            protocol_factory,
            start_serving,
            backlog=backlog,
            tls=ssl,
            ssl_handshake_timeout=ssl_handshake_timeout,
            ssl_shutdown_timeout=ssl_shutdown_timeout,
            unlink=cleanup_socket,
        )


def make_server(
    loop: Core,
    sockets: list[socket.socket],
    protocol_factory: ProtocolFactory,
    start_serving: bool,
    **options: Any,
) -> Server:
    """A server of the bound ``sockets``, which are closed if it cannot be made."""
    for sock in sockets:
        sock.setblocking(False)
    server = Server(loop, sockets, protocol_factory, **options)
    if start_serving:
        try:
            server.start()
        except BaseException:
            server.close()
            raise
    return server


def _hosts(host: Any) -> list[Any]:
    if host == "":
        return [None]
    if isinstance(host, (str, bytes)) or not isinstance(host, Iterable):
        return [host]
    return list(host)


def bind_all(infos: Iterable[AddressInfo], options: dict[str, bool | None]) -> list[socket.socket]:
    """A socket bound to each address, with those of the socket options that are true switched on."""
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, kind, proto, _, address in infos:
            try:
                sock = socket.socket(family, kind, proto)
            except OSError as error:
                missing = error  # the system knows no such family
                continue
            sockets.append(sock)
            for name, value in options.items():
                if value:
                    _switch_on(sock, name)
            if family == socket.AF_INET6:
                # IPv4 has a socket of its own.
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                sock.bind(address)
            except OSError as error:
                told = OSError(error.errno, f"cannot listen on {address!r}: {error.strerror}")
                if error.errno != errno.EADDRNOTAVAIL:
                    raise told from None
                missing = told  # the family has no interface
                sockets.pop().close()
        if not sockets:
            raise missing or OSError("cannot listen: no address was given")
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def _switch_on(sock: socket.socket, name: str) -> None:
    try:
        option = getattr(socket, name)
        sock.setsockopt(socket.SOL_SOCKET, option, 1)
    except (AttributeError, OSError) as error:
        raise ValueError(f"this system does not support {name}") from error


def bind_unix(path: str | bytes) -> socket.socket:
    """A Unix socket bound to ``path``, in whose place a socket may have been."""
    remove_stale_socket(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(path)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            reason = "Address is already in use (by a file that is no socket?)"
        else:
            reason = error.strerror or str(error)
        raise OSError(error.errno, f"cannot listen on {path!r}: {reason}") from None
    except BaseException:
        sock.close()
        raise
    return sock
