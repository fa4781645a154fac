"""What stream.socket is over TLS."""

import socket
import ssl

import pytest

from tornadolike.iostream.tls_socket import FROM_SESSION, PAST_TLS, TLSSocket, unwrapped


@pytest.fixture
def plain():
    with socket.socket() as sock:
        yield sock


def test_what_an_ssl_socket_can_be_asked(plain, certs):
    """Everything that the module's own sockets know has its place: with TLS, past it, or in the plain socket."""
    sock = TLSSocket(plain, certs.client_context(), False, "localhost")
    known = {name for name in dir(ssl.SSLSocket) if not name.startswith("_")}
    about_itself = {"do_handshake", "unwrap"}  # the stream does these
    for name in known - FROM_SESSION - PAST_TLS - about_itself:
        assert hasattr(sock, name), name


def test_a_server_before_its_handshake(plain, certs):
    context = certs.server_context()
    sock = TLSSocket(plain, context, True, None)
    assert sock.context is context
    assert sock.server_side
    assert sock.server_hostname is None
    assert sock.cipher() is None
    assert sock.pending() == 0
    assert sock.fileno() == plain.fileno()


def test_a_client_that_does_not_know_whom_it_will_call(plain, certs):
    sock = TLSSocket(plain, certs.client_context(), False, None)
    assert sock.version() is None
    assert sock.server_hostname is None


def test_unwrapped(certs):
    here, there = socket.socketpair()
    with there:
        wrapped = certs.server_context().wrap_socket(
            here, server_side=True, do_handshake_on_connect=False
        )
        with unwrapped(wrapped) as plain:
            assert type(plain) is socket.socket
            there.send(b"plain")
            assert plain.recv(100) == b"plain"
        assert wrapped.fileno() == -1
