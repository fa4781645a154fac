"""``openssl s_client`` and Python's own sockets against a server with our certificates."""

import os
import socket

import pytest

from tests.conftest import PATIENCE
from tests.interop.peers import ALLOW_CLIENT_RENEGOTIATION
from tests.tls.conftest import BOTH_VERSIONS, TOLD, Site, s_client
from tornadolike.tls import ServerCertificates

VERSIONS = pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])


def told(said: str) -> tuple[str, ...]:
    """What the server has told the client."""
    found = TOLD.search(said)
    assert found, said
    return found.groups()


@VERSIONS
def test_names_protocols_and_clients(site: Site, listen, version):
    certificates = ServerCertificates(
        site.issue("a", "a.test"), site.issue("b", "b.test"), ca_certs=site.ca
    )
    certfile, keyfile = site.issue("client")
    said = s_client(
        listen(certificates.context).port,
        *(version, "-servername", "b.test", "-verify_hostname", "b.test"),
        *("-CAfile", site.ca, "-verify_return_error", "-alpn", "h2,http/1.1"),
        *("-cert", certfile, "-key", keyfile),
    )
    assert told(said) == (f"TLSv1.{version[-1]}", "new", "http/1.1", "client")
    assert "subject=CN = b" in said
    assert "Verify return code: 0 (ok)" in said
    assert "Secure Renegotiation IS supported" in said or version == "-tls1_3"
    assert "Compression: NONE" in said


@VERSIONS
def test_sessions_are_resumed_with_their_client(site: Site, listen, version, tmp_path):
    """Also by another name, and after new certificates have come."""
    certificates = ServerCertificates(
        site.issue("a", "a.test"), site.issue("b", "b.test"), ca_certs=site.ca
    )
    port = listen(certificates.context).port
    certfile, keyfile = site.issue("client")
    session = str(tmp_path / "session.pem")

    def connect(name: str, *more: str) -> tuple[str, ...]:
        return told(s_client(port, version, "-servername", name, "-sess_out", session, *more))

    assert connect("b.test", "-cert", certfile, "-key", keyfile)[1::2] == ("new", "client")
    assert connect("b.test", "-sess_in", session)[1::2] == ("resumed", "client")
    site.issue("b", "b.test")
    certificates.reload()
    assert connect("b.test", "-sess_in", session)[1::2] == ("resumed", "client")
    assert connect("a.test", "-sess_in", session)[1::2] == ("resumed", "client")


def test_openssl_reconnects(site: Site, listen):
    certificates = ServerCertificates(site.issue("a", "a.test"), site.issue("b", "b.test"))
    server = listen(certificates.context)
    said = s_client(server.port, "-tls1_2", "-servername", "b.test", "-reconnect", at_once=True)
    assert said.count("Reused, TLSv1.2") == 5


@pytest.mark.timeout(20)  # the client has nothing to say if it gets them
def test_a_client_cannot_have_new_keys_again_and_again(site: Site, listen):
    context = ServerCertificates(site.issue("a", "a.test")).context
    context.options |= ALLOW_CLIENT_RENEGOTIATION  # else OpenSSL 3 refuses it by itself
    server = listen(context)
    said = s_client(server.port, "-tls1_2", command="R")
    # Once it has asked it takes nothing but an answer, and says which of our records was none.
    assert "no renegotiation" in said or "unexpected record" in said


def test_a_name_that_is_refused(site: Site, listen):
    certificates = ServerCertificates(site.issue("a", "a.test"), refuse_unknown_names=True)
    port = listen(certificates.context).port
    assert "unrecognized name" in s_client(port, "-servername", "b.test")
    assert told(s_client(port, "-servername", "a.test."))
    assert told(s_client(port, "-noservername"))


@VERSIONS
def test_connections_go_on_when_certificates_change(site: Site, listen, version):
    certificates = ServerCertificates(site.issue("a", "a.test"))
    port = listen(certificates.context).port
    with (
        socket.create_connection(("127.0.0.1", port), PATIENCE) as plain,
        site.client().wrap_socket(plain, server_hostname="a.test") as wrapped,
    ):
        before = wrapped.getpeercert(binary_form=True)
        assert told(wrapped.recv(100).decode())
        site.issue("a", "a.test")
        certificates.reload()
        for _ in range(3):
            wrapped.sendall(b"and on")
            assert wrapped.recv(100) == b"and on"
        assert wrapped.getpeercert(binary_form=True) == before


# Servers of several processes


@pytest.fixture
def workers(site: Site):
    """Two processes that were forked after the certificates were loaded, each with its own socket."""
    certificates = ServerCertificates(
        site.issue("a", "a.test"), site.issue("b", "b.test"), ca_certs=site.ca
    )
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    children = []
    for listening in sockets:
        child = os.fork()
        if not child:
            try:
                serve_blocking(certificates, listening)
            finally:
                os._exit(0)
        children.append(child)
    yield [listening.getsockname()[1] for listening in sockets]
    for listening, child in zip(sockets, children, strict=True):
        with socket.create_connection(listening.getsockname(), PATIENCE) as last:
            last.sendall(b"stop")
        os.waitpid(child, 0)
        listening.close()


def serve_blocking(certificates: ServerCertificates, listening: socket.socket) -> None:
    while True:
        plain, _ = listening.accept()
        plain.settimeout(PATIENCE)
        if plain.recv(4, socket.MSG_PEEK) == b"stop":
            return
        with certificates.context.wrap_socket(plain, server_side=True) as wrapped:
            subject = wrapped.getpeercert()["subject"]
            state = "resumed" if wrapped.session_reused else "new"
            wrapped.sendall(f"{state} {subject[0][0][1]}".encode())
            certificates.reload()
            wrapped.recv(1)


@BOTH_VERSIONS
def test_workers_resume_each_others_sessions(site: Site, workers, version):
    client = site.client(*site.issue("client"), maximum_version=version)
    session = None
    answers = []
    for port in workers * 2:
        with (
            socket.create_connection(("127.0.0.1", port), PATIENCE) as plain,
            client.wrap_socket(plain, server_hostname="b.test", session=session) as wrapped,
        ):
            answers.append(wrapped.recv(100).decode())
            session = wrapped.session
    assert answers == ["new client"] + ["resumed client"] * 3
