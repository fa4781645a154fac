"""What ``ssl_options`` mean, and sockets that are wrapped with them."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import PATIENCE
from tests.tls_certs import SUBJECT, Certificates
from tornadolike import netutil, tls
from tornadolike.tls import ssl_options_to_context, ssl_wrap_socket


def test_netutil_has_them_too() -> None:
    assert netutil.ssl_options_to_context is ssl_options_to_context
    assert netutil.ssl_wrap_socket is ssl_wrap_socket


def test_a_context_is_itself(certs: Certificates) -> None:
    context = certs.client_context()
    assert ssl_options_to_context(context) is context


def test_a_client_verifies() -> None:
    context = ssl_options_to_context({}, server_side=False)
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_client_trusts_whom_the_system_trusts(certs: Certificates, monkeypatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certs.ca)
    context = ssl_options_to_context({"cert_reqs": ssl.CERT_REQUIRED}, server_side=False)
    assert len(context.get_ca_certs()) == 1


def test_a_client_that_names_an_authority_trusts_no_other(certs: Certificates, monkeypatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certs.client)
    context = ssl_options_to_context({"ca_certs": certs.ca}, server_side=False)
    assert len(context.get_ca_certs()) == 1
    assert context.verify_mode == ssl.CERT_REQUIRED


def test_a_client_that_does_not_want_to_verify() -> None:
    context = ssl_options_to_context({"cert_reqs": ssl.CERT_NONE}, server_side=False)
    assert context.verify_mode == ssl.CERT_NONE
    assert not context.check_hostname


def test_a_server_asks_nobody(certs: Certificates) -> None:
    context = ssl_options_to_context({"certfile": certs.server}, server_side=True)
    assert context.verify_mode == ssl.CERT_NONE
    assert context.protocol == ssl.PROTOCOL_TLS_SERVER
    assert context.options & ssl.OP_NO_COMPRESSION


def test_a_server_trusts_nobody_of_its_own_accord(certs: Certificates, monkeypatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certs.ca)
    assert not ssl_options_to_context({}, server_side=True).get_ca_certs()


def test_ciphers_and_version() -> None:
    options = {"ciphers": "ECDHE-RSA-AES256-GCM-SHA384", "ssl_version": ssl.PROTOCOL_TLS_CLIENT}
    context = ssl_options_to_context(options, server_side=False)
    names = {cipher["name"] for cipher in context.get_ciphers()}
    assert {name for name in names if not name.startswith("TLS_")} == {options["ciphers"]}
    assert context.protocol == ssl.PROTOCOL_TLS_CLIENT


@pytest.mark.parametrize(
    "version", [ssl.PROTOCOL_TLS, ssl.PROTOCOL_TLSv1_2, ssl.PROTOCOL_TLS_CLIENT]
)
@pytest.mark.parametrize("options", [{}, {"cert_reqs": ssl.CERT_REQUIRED}])
@pytest.mark.filterwarnings("ignore:ssl.PROTOCOL:DeprecationWarning")
def test_a_client_verifies_whatever_version_it_asks_for(version: int, options: dict) -> None:
    """Of their own accord the contexts of the older constants would not."""
    context = ssl_options_to_context({"ssl_version": version, **options}, server_side=False)
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("server_side", [False, True])
def test_nobody_negotiates_anew(server_side: bool) -> None:
    context = ssl_options_to_context({}, server_side=server_side)
    assert context.options & ssl.OP_NO_RENEGOTIATION


def test_who_does_not_say_which_side_gets_the_old_kind_and_is_warned(certs: Certificates) -> None:
    """As with Tornado: the context does for both ends, and verifies nothing."""
    with pytest.warns(DeprecationWarning, match="PROTOCOL_TLS"):
        context = ssl_options_to_context({"certfile": certs.server})
    assert context.protocol == ssl.PROTOCOL_TLS
    assert context.verify_mode == ssl.CERT_NONE


def test_what_may_be_a_server_trusts_nobody_of_its_own_accord(
    certs: Certificates, monkeypatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certs.ca)
    with pytest.warns(DeprecationWarning, match="PROTOCOL_TLS"):
        context = ssl_options_to_context({"cert_reqs": ssl.CERT_REQUIRED})
    assert not context.get_ca_certs()


def test_options_that_are_none() -> None:
    with pytest.raises(
        ValueError, match=r"knows nothing of alpn, cert_file\. It may have ca_certs"
    ):
        ssl_options_to_context({"cert_file": "x", "alpn": "y"}, server_side=True)
    with pytest.raises(TypeError, match="should be a dictionary or an ssl"):
        ssl_options_to_context("server.pem", server_side=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("cert_reqs", [ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED])
def test_a_server_that_asks_needs_to_know_an_authority(cert_reqs: ssl.VerifyMode) -> None:
    with pytest.raises(ValueError, match="add ca_certs"):
        ssl_options_to_context({"cert_reqs": cert_reqs}, server_side=True)


Wrap = Callable[[ssl.SSLSocket], object]


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.create_connection(listening.getsockname(), PATIENCE)
        server, _ = listening.accept()
    server.settimeout(PATIENCE)
    with client, server:
        yield server, client


def talk(pair: tuple[socket.socket, socket.socket], server_options: dict, client: Wrap) -> list:
    """A server that answers one byte with the client's certificate, and a client."""
    seen = []

    def serve() -> None:
        with tls.ssl_wrap_socket(pair[0], server_options, server_side=True) as wrapped:
            seen.append(wrapped.getpeercert())
            wrapped.sendall(wrapped.recv(1))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client(pair[1])
    finally:
        thread.join(PATIENCE)
    return seen


def test_wrapped_sockets_verify_each_other(pair, certs: Certificates) -> None:
    server = {"certfile": certs.server, "cert_reqs": ssl.CERT_REQUIRED, "ca_certs": certs.ca}
    options = {"certfile": certs.client, "ca_certs": certs.ca}

    def client(sock: socket.socket) -> None:
        with ssl_wrap_socket(sock, options, "localhost", server_side=False) as wrapped:
            assert sock.fileno() == -1
            wrapped.sendall(b"x")
            assert wrapped.recv(1) == b"x"

    (certificate,) = talk(pair, server, client)
    assert certificate["subject"] == ((("commonName", SUBJECT),),)


def test_the_handshake_can_wait(pair, certs: Certificates) -> None:
    def client(sock: socket.socket) -> None:
        wrapped = ssl_wrap_socket(
            sock,
            {"ca_certs": certs.ca},
            server_hostname="localhost",
            server_side=False,
            do_handshake_on_connect=False,
        )
        with wrapped:
            assert wrapped.version() is None
            wrapped.do_handshake()
            wrapped.sendall(b"x")
            assert wrapped.recv(1) == b"x"

    talk(pair, {"certfile": certs.server}, client)


def test_a_client_needs_a_name_to_check(pair, certs: Certificates) -> None:
    with pytest.raises(ValueError, match="check_hostname requires server_hostname"):
        ssl_wrap_socket(pair[1], {"ca_certs": certs.ca}, server_side=False)


def test_a_wrapped_socket_is_a_client_that_verifies_if_nothing_is_said(
    pair, certs: Certificates
) -> None:
    with pytest.raises(ValueError, match="check_hostname requires server_hostname"):
        ssl_wrap_socket(pair[1], {"ca_certs": certs.ca})
