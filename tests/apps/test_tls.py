"""Demos over TLS, with certificates that they make themselves."""

import http.client
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tornadolike.tls.development import DevelopmentCertificate

from .chat_tabs import TRANSPORTS, PollTab, SocketTab, new_room, tabs
from .conftest import PATIENCE, Demo, running

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def secure_chat(certificates: DevelopmentCertificate) -> Iterator[Demo]:
    with running("chat", certificates=Path(certificates.certfile).parent) as server:
        yield server


@pytest.fixture
def context(certificates: DevelopmentCertificate) -> ssl.SSLContext:
    """A client's, which trusts nobody but the authority of the certificates.

    A tab with a WebSocket reads in one thread and writes in another, which Python lets into OpenSSL at the same time.
    With TLS 1.3 there come tickets besides, which both of them meet, and at times neither goes on.
    """
    context = ssl.create_default_context(cafile=certificates.ca_certs)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def test_it_makes_certificates_and_uses_them_again(
    demo: Callable[..., Demo], tmp_path: Path
) -> None:
    for _ in range(2):
        server = demo("helloworld", certificates=tmp_path / "new")
        authority = tmp_path / "new" / "ca.pem"
        assert server.said == [
            f"Browsers warn of the certificate until they trust {authority}",
            f"HelloWorld on https://127.0.0.1:{server.port}  (Ctrl-C stops)",
        ]
        made = authority.read_bytes()
        for host in ("127.0.0.1", "localhost"):
            connection = http.client.HTTPSConnection(
                host,
                server.port,
                timeout=PATIENCE,
                context=ssl.create_default_context(cafile=authority),
            )
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"Hello, World!"
            connection.close()
        server.stop()
    assert authority.read_bytes() == made


def test_it_says_what_is_wrong_with_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AssertionError, match=r"file.*File exists"):
        Demo("helloworld", certificates=tmp_path / "file")


@pytest.mark.parametrize("kind", TRANSPORTS.values(), ids=TRANSPORTS)
def test_the_chat(
    secure_chat: Demo, context: ssl.SSLContext, kind: type[PollTab | SocketTab]
) -> None:
    room = new_room()
    port = secure_chat.port
    with tabs(kind(port, "Ann", context=context), SocketTab(port, "Bob", context=context)) as (
        ann,
        bob,
    ):
        ann.join(room)
        bob.join(room)
        ann.say("hello")
        assert bob.hears() == ann.hears() == "hello"
        bob.say("and back")
        assert ann.hears() == bob.hears() == "and back"


def test_a_client_that_does_not_trust_it(secure_chat: Demo) -> None:
    connection = http.client.HTTPSConnection("127.0.0.1", secure_chat.port, timeout=PATIENCE)
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/")
    connection.close()


def test_a_client_that_comes_with_plain_http(secure_chat: Demo) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", secure_chat.port, timeout=PATIENCE)
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert answer.status == 400
    assert b"Use https://" in answer.read()
    connection.close()
