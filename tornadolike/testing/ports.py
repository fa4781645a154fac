"""Sockets for the servers of tests."""

import socket

from ..netutil import bind_sockets


def bind_unused_port(
    reuse_port: bool = False, address: str = "127.0.0.1"
) -> tuple[socket.socket, int]:
    """A listening socket on a free port of this machine, and the port.

    :arg reuse_port: whether other sockets may listen on the same port.
    :arg address: an IPv4 address, or a name that has one.

    Raises :exc:`OSError` if there is no such address here.
    """
    sock = bind_sockets(0, address, family=socket.AF_INET, reuse_port=reuse_port)[0]
    return sock, sock.getsockname()[1]
