"""Sockets that listen: making them, and taking connections from them."""

import errno
import os
import socket
import stat
from collections.abc import Callable
from typing import Final

from .ioloop import IOLoop
from .log import gen_log

DEFAULT_BACKLOG: Final = 1024
"""Connections that the kernel keeps waiting for ``accept``."""

ACCEPTS_A_TURN: Final = 128
"""Connections taken in one turn of the loop, so that those who are connected already get theirs."""

ACCEPT_PAUSE: Final = 0.1
"""Seconds without accepting after the process ran out of descriptors or memory."""

_OUT_OF_RESOURCES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
# The connection is gone again, or a network's error shows at accept(2) as Linux does it.
_CONNECTION_GONE = {
    errno.ECONNABORTED,
    errno.EPROTO,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENOPROTOOPT,
    errno.EOPNOTSUPP,
    errno.EPERM,
    errno.ETIMEDOUT,
}


def bind_sockets(
    port: int,
    address: str | None = None,
    family: socket.AddressFamily = socket.AF_UNSPEC,
    backlog: int = DEFAULT_BACKLOG,
    flags: int | None = None,
    reuse_port: bool = False,
) -> list[socket.socket]:
    """Listen on ``port`` of ``address`` and return the sockets (one for each address of the host name).

    :arg port: 0 for a free one, the same for all sockets.
    :arg address: an IP address or a host name; None or ``""`` for all interfaces.
    :arg family: :data:`socket.AF_INET` or :data:`socket.AF_INET6` to listen on that kind only.
    :arg flags: of :func:`socket.getaddrinfo`; by default ``AI_PASSIVE``.
    :arg reuse_port: let several processes listen on the port.

    Raises :exc:`OSError` if the port is taken or the address is not ours.
    """
    if reuse_port and not hasattr(socket, "SO_REUSEPORT"):
        raise ValueError("the platform doesn't support SO_REUSEPORT")
    if not address:
        address = None
    if not socket.has_ipv6 and family == socket.AF_UNSPEC:
        family = socket.AF_INET
    if flags is None:
        flags = socket.AI_PASSIVE
    sockets: list[socket.socket] = []
    bound_port = port
    found = socket.getaddrinfo(address, port, family, socket.SOCK_STREAM, 0, flags)
    try:
        for kind, type_, proto, _, sockaddr in sorted(set(found), key=lambda info: info[0]):
            try:
                sock = socket.socket(kind, type_, proto)
            except OSError as error:
                if error.errno == errno.EAFNOSUPPORT:
                    continue  # the name has an address of a kind that this host has not
                raise
            sockets.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if reuse_port:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if kind == socket.AF_INET6:
                # IPv4 has a socket of its own.
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            host, _port, *rest = sockaddr
            try:
                sock.bind((host, bound_port, *rest))
            except OSError as error:
                if error.errno == errno.EADDRNOTAVAIL and address is None and len(found) > 1:
                    # IPv6 is compiled in but no interface has it.
                    sockets.remove(sock)
                    sock.close()
                    continue
                raise OSError(
                    error.errno, f"cannot listen on {host!s} port {bound_port}: {error.strerror}"
                ) from error
            sock.setblocking(False)
            sock.listen(backlog)
            bound_port = sock.getsockname()[1]
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def bind_unix_socket(file: str, mode: int = 0o600, backlog: int = DEFAULT_BACKLOG) -> socket.socket:
    """Listen on a Unix socket.

    A socket that a dead server left at ``file`` is replaced. Raises :exc:`ValueError` for a file of
    another kind and :exc:`OSError`.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if not file.startswith("\0"):  # not an abstract name
            try:
                before = os.stat(file)
            except FileNotFoundError:
                pass
            else:
                if not stat.S_ISSOCK(before.st_mode):
                    raise ValueError(f"File {file} exists and is not a socket")
                os.unlink(file)
        sock.setblocking(False)
        sock.bind(file)
        if not file.startswith("\0"):
            os.chmod(file, mode)
        sock.listen(backlog)
    except BaseException:
        sock.close()
        raise
    return sock


def add_accept_handler(
    sock: socket.socket, callback: Callable[[socket.socket, object], None]
) -> Callable[[], None]:
    """Call ``callback(connection, address)`` for each connection to the listening ``sock``.

    Connections come non-blocking. Returns a function that ends this (and leaves ``sock`` open). When the
    process has no descriptors left, accepting pauses for :data:`ACCEPT_PAUSE` seconds at a time.
    """
    loop = IOLoop.current()
    assert loop is not None
    fd = sock.fileno()
    removed = False

    def accept(events: int) -> None:
        for _ in range(ACCEPTS_A_TURN):
            if removed:
                return
            try:
                connection, address = sock.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _OUT_OF_RESOURCES:
                    gen_log.warning("Accepting no connections for a moment: %s", error)
                    loop.unwatch(fd)
                    loop.call_later(ACCEPT_PAUSE, watch)
                    return
                if error.errno in _CONNECTION_GONE:
                    continue
                raise
            connection.setblocking(False)
            callback(connection, address)

    def watch() -> None:
        if not removed:
            loop.watch(fd, accept, IOLoop.READ)

    def remove() -> None:
        nonlocal removed
        removed = True
        loop.unwatch(fd)

    watch()
    return remove
