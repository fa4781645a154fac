"""A connection made in one way is not for who goes another: each shows who it is, and looks whom it meets."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.httpclient.behaviours.engines import Engine, outcome
from tests.httpclient.behaviours.scripted import Peer, Scripted, answering, ok
from tests.httpclient.behaviours.ways import tunnelling
from tests.tls_certs import Certificates

Play = Callable[..., Scripted]


def outcomes(engine: Engine, url: str, ways: list[dict[str, Any]]) -> list[str]:
    """What fetches of one client come to, one after another."""

    async def main(client: Any) -> list[str]:
        return [await outcome(client, url, **way) for way in ways]

    found: list[str] = engine.run(main)
    return found


def test_who_does_not_verify_opens_no_way_for_who_does(
    engine: Engine, play: Play, certs: Certificates
) -> None:
    """Neither by the connection nor by the session of TLS."""
    server = play(answering(ok()), context=certs.server_context(certs.self_signed))
    anyone: dict[str, Any] = {"validate_cert": False}
    found = outcomes(engine, server.url, [anyone, {"ca_certs": certs.ca}, anyone, {}])
    assert found == ["200 hello", "HTTPCertificateError", "200 hello", "HTTPCertificateError"]


@pytest.mark.parametrize("closes", [False, True], ids=["kept", "resumed"])
def test_our_certificate_is_shown_only_by_who_has_it(
    engine: Engine, play: Play, certs: Certificates, closes: bool
) -> None:
    def script(peer: Peer) -> None:
        while peer.request():
            shown = peer.sock.getpeercert()  # type: ignore[attr-defined]
            peer.send(ok(b"known" if shown else b"stranger"))
            if closes:
                return

    context = certs.server_context(ask_client=True)
    context.verify_mode = context.verify_mode.CERT_OPTIONAL
    server = play(script, context=context)
    known = {"ca_certs": certs.ca, "client_cert": certs.client}
    stranger = {"ca_certs": certs.ca}
    found = outcomes(engine, server.url, [known, stranger, known, stranger])
    assert found == ["200 known", "200 stranger"] * 2


def test_a_tunnel_is_for_who_was_let_in(engine: Engine, play: Play, certs: Certificates) -> None:
    """Whoever says another name, or none, to the proxy does not go by the tunnel of the first."""
    proxy = play(tunnelling())
    server = play(answering(ok()), context=certs.server_context())
    users = ["Ann:one@", "Bob:two@", "Ann:other@", ""]
    ways = [{"ca_certs": certs.ca, "proxy": proxy.url.replace("//", f"//{user}")} for user in users]
    assert outcomes(engine, server.url, ways) == ["200 hello"] * 4
    assert len({request for request in proxy.heard if b"roxy-Authorization" in request}) == 3
    assert len(proxy.heard) == 4


def test_headers_go_through_the_tunnel_only(
    engine: Engine, play: Play, certs: Certificates
) -> None:
    proxy = play(tunnelling())
    server = play(answering(ok()), context=certs.server_context())
    secrets = {"headers": {"Cookie": "a=s3cret", "X-Key": "s3cret"}, "auth": ("u", "s3cret")}
    way = {"ca_certs": certs.ca, "proxy": proxy.url}
    assert engine.outcome(server.url, **way, **secrets) == "200 hello"
    assert set(proxy.heard[0].lower().split(b"\r\n")) <= {
        b"connect 127.0.0.1:%d http/1.1" % server.port,
        b"host: 127.0.0.1:%d" % server.port,
        b"proxy-connection: keep-alive",
        b"",
    }
