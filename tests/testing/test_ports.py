"""Sockets for the servers of tests."""

import socket

import pytest

from tornadolike.testing import bind_unused_port


def test_it_listens_where_nobody_else_does():
    first, port = bind_unused_port()
    second, other_port = bind_unused_port(address="127.0.0.2")
    with first, second:
        assert port != 0
        assert first.getsockname() == ("127.0.0.1", port)
        assert second.getsockname() == ("127.0.0.2", other_port)
        socket.create_connection(("127.0.0.1", port)).close()


def test_a_port_may_be_shared():
    first, port = bind_unused_port(reuse_port=True)
    with first, socket.socket() as second:
        second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        second.bind(("127.0.0.1", port))


def test_an_address_of_somebody_else():
    with pytest.raises(OSError, match="assign"):
        bind_unused_port(address="192.0.2.1")
