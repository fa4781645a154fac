"""Whom a client believes that it speaks to the one it wanted: nobody without a good certificate, unless told to."""

import dataclasses
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from tests.httpclient.behaviours.engines import Engine
from tests.httpclient.behaviours.nginx import Nginx
from tests.httpclient.behaviours.scripted import Scripted, answering, ok, saying
from tests.tls_certs import SUBJECT, Certificates, only
from tornadolike.httpclient.failures import HTTPCertificateError

GOOD = "200 hello"
BAD = "HTTPCertificateError"

Play = Callable[..., Scripted]

CERTIFICATES = {
    "server": GOOD,
    "expired": BAD,
    "not_yet": BAD,
    "wrong_host": BAD,
    "stranger": BAD,
    "self_signed": BAD,
}


def test_every_certificate_has_its_row() -> None:
    made = {field.name for field in dataclasses.fields(Certificates)}
    assert made - {"ca", "client"} == set(CERTIFICATES)


@pytest.mark.parametrize("name", CERTIFICATES)
def test_certificates(engine: Engine, play: Play, certs: Certificates, name: str) -> None:
    server = play(answering(ok()), context=certs.server_context(getattr(certs, name)))
    assert engine.outcome(server.url, ca_certs=certs.ca) == CERTIFICATES[name]
    assert server.heard == [] or CERTIFICATES[name] == GOOD


@pytest.mark.parametrize("name", CERTIFICATES)
def test_who_does_not_want_to_know(
    engine: Engine, play: Play, certs: Certificates, name: str
) -> None:
    server = play(answering(ok()), context=certs.server_context(getattr(certs, name)))
    assert engine.outcome(server.url, validate_cert=False) == GOOD


def test_an_authority_that_the_system_does_not_trust(
    engine: Engine, play: Play, certs: Certificates
) -> None:
    server = play(answering(ok()), context=certs.server_context())
    assert engine.outcome(server.url) == BAD


def test_a_connection_without_a_look_is_not_for_who_looks(
    engine: Engine, play: Play, certs: Certificates
) -> None:
    """What was kept for ``validate_cert=False`` has been verified by nobody."""
    server = play(answering(ok()), context=certs.server_context(certs.stranger))

    async def main(client: Any) -> None:
        assert (await client.fetch(server.url, validate_cert=False)).code == 200
        with pytest.raises(HTTPCertificateError):
            await client.fetch(server.url, ca_certs=certs.ca)
        assert len(server.heard) == 1
        assert (await client.fetch(server.url, validate_cert=False)).code == 200

    engine.run(main)


def test_the_error_says_what_is_wrong(engine: Engine, play: Play, certs: Certificates) -> None:
    server = play(answering(ok()), context=certs.server_context(certs.expired))

    async def main(client: Any) -> None:
        with pytest.raises(ssl.SSLCertVerificationError, match="expired") as raised:
            await client.fetch(server.url, ca_certs=certs.ca)
        assert isinstance(raised.value, OSError)
        assert isinstance(raised.value, HTTPCertificateError)
        assert raised.value.code == 599

    engine.run(main)


def test_plain_text_where_tls_was_wanted(engine: Engine, play: Play, certs: Certificates) -> None:
    server = play(lambda peer: (peer.bytes(5), peer.send(ok(b"", line=b"HTTP/1.1 400 Bad"))))
    url = server.url.replace("http:", "https:")
    assert engine.outcome(url, ca_certs=certs.ca) == "HTTPTLSError"


def test_tls_where_plain_text_was_wanted(engine: Engine, play: Play, certs: Certificates) -> None:
    server = play(answering(ok()), context=certs.server_context())
    found = engine.outcome(server.url.replace("https:", "http:"))
    # A server may send an alert, which is no HTTP, or just go.
    assert found in ("HTTPProtocolError", "HTTPStreamClosedError")


def test_who_hangs_up_in_the_handshake(engine: Engine, play: Play, certs: Certificates) -> None:
    server = play(lambda peer: peer.bytes(5))
    url = server.url.replace("http:", "https:")
    assert engine.outcome(url, ca_certs=certs.ca) == "HTTPTLSError"


def test_no_common_version(engine: Engine, play: Play, certs: Certificates) -> None:
    server = play(answering(ok()), context=only(certs.server_context(), ssl.TLSVersion.TLSv1_2))
    ours = only(certs.client_context(), ssl.TLSVersion.TLSv1_3)
    if engine.name == "curl":
        pytest.skip("curl takes no context of Python's")
    assert engine.outcome(server.url, ssl_options=ours) == "HTTPTLSError"


def test_our_own_certificate(engine: Engine, nginx: Nginx, certs: Certificates) -> None:
    url = f"{nginx.mutual_url}/who"
    shown = engine.outcome(url, ca_certs=certs.ca, client_cert=certs.client)
    assert shown == f"200 CN={SUBJECT}"
    assert engine.outcome(url, ca_certs=certs.ca) == "HTTPError 400"


def test_a_connection_with_a_certificate_is_not_for_who_has_none(
    engine: Engine, nginx: Nginx, certs: Certificates
) -> None:
    url = f"{nginx.mutual_url}/who"

    async def main(client: Any) -> list[int]:
        codes = []
        for ours in (certs.client, None, certs.client):
            response = await client.fetch(
                url, ca_certs=certs.ca, client_cert=ours, raise_error=False
            )
            codes.append(response.code)
        return codes

    assert engine.run(main) == [200, 400, 200]


def test_an_end_without_goodbye(engine: Engine, play: Play, certs: Certificates) -> None:
    """A body that only the end of the connection ends has to end by TLS's goodbye: else anybody could cut it."""
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    server = play(saying(head, b"hello", ends=True), context=certs.server_context())
    assert engine.outcome(server.url, ca_certs=certs.ca) == "HTTPStreamClosedError"


def test_an_end_without_goodbye_behind_a_whole_body(
    engine: Engine, play: Play, certs: Certificates
) -> None:
    server = play(saying(ok(), ends=True), context=certs.server_context())
    assert engine.outcome(server.url, ca_certs=certs.ca) == GOOD
