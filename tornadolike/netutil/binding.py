"""Sockets that listen, on TCP and on Unix sockets."""

import errno
import os
import socket
import stat
from typing import Any, Final

DEFAULT_BACKLOG: Final = 1024
"""Connections that the kernel keeps waiting for ``accept``."""

FREE_PORT_ATTEMPTS: Final = 10
"""How many free ports are tried until one is free for all addresses."""


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
    port = int(port)  # programs hand on the text of a configuration
    if not address:
        address = None
    if not socket.has_ipv6 and family == socket.AF_UNSPEC:
        family = socket.AF_INET
    if flags is None:
        flags = socket.AI_PASSIVE
    try:
        found = socket.getaddrinfo(address, port, family, socket.SOCK_STREAM, 0, flags)
    except socket.gaierror as error:
        raise socket.gaierror(
            error.errno, f"cannot listen on {address}: {error.strerror}"
        ) from error
    # IPv4 first; each address once.
    unique: dict[tuple[socket.AddressFamily, Any], None] = {(i[0], i[4]): None for i in found}
    places = sorted(unique, key=lambda place: place[0])
    attempts = FREE_PORT_ATTEMPTS if port == 0 else 1
    while True:
        attempts -= 1
        try:
            return _bind_all(places, port, backlog, reuse_port)
        except OSError as error:
            # As a rule: the port that was free for IPv4 is not for IPv6.
            if not attempts or error.errno != errno.EADDRINUSE:
                raise


def _bind_all(
    places: list[tuple[socket.AddressFamily, Any]], port: int, backlog: int, reuse_port: bool
) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, (host, _, *rest) in places:
            try:
                sock = socket.socket(family, socket.SOCK_STREAM)
            except OSError as error:
                if error.errno != errno.EAFNOSUPPORT:
                    raise
                missing = error  # the name has an address of a kind that this host has not
                continue
            sockets.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if reuse_port:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                # IPv4 has a socket of its own.
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                sock.bind((host, port, *rest))
                sock.setblocking(False)
                sock.listen(backlog)
            except OSError as error:
                told = OSError(
                    error.errno, f"cannot listen on {host} port {port}: {error.strerror}"
                )
                if error.errno == errno.EADDRNOTAVAIL and family == socket.AF_INET6:
                    # IPv6 is compiled in but no interface has it: the other addresses will do.
                    missing = told
                    sockets.pop().close()
                    continue
                raise told from error
            port = sock.getsockname()[1]
        if missing is not None and not sockets:
            raise missing
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def bind_unix_socket(
    file: str | os.PathLike[str], mode: int = 0o600, backlog: int = DEFAULT_BACKLOG
) -> socket.socket:
    """Listen on a Unix socket.

    A socket that a dead server left at ``file`` is replaced. Raises :exc:`ValueError` for a file of
    another kind and :exc:`OSError`, also if a server is listening there.

    :arg file: its path; a name that begins with a zero byte has no file (Linux).
    :arg mode: the permissions of the file: who may write to it may connect. By default the user alone.
    """
    file = os.fspath(file)
    abstract = file.startswith("\0")
    if not abstract:
        _remove_dead_socket(file)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        try:
            sock.bind(file)
        except OSError as error:
            reason = error.strerror or str(error)
            raise OSError(error.errno, f"cannot listen on {file}: {reason}") from error
        if not abstract:
            os.chmod(file, mode)  # nobody can connect before it listens
        sock.listen(backlog)
    except BaseException:
        sock.close()
        raise
    return sock


def _remove_dead_socket(file: str) -> None:
    try:
        mode = os.stat(file).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ValueError(f"File {file} exists and is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        # (A server that is too busy to accept us says EAGAIN, one of another user's EACCES.)
        if probe.connect_ex(file) != errno.ECONNREFUSED:
            raise OSError(errno.EADDRINUSE, f"cannot listen on {file}: a server is listening there")
    os.unlink(file)
