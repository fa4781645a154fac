"""Where redirects lead to, what goes along, and where they end."""

import ssl
from collections.abc import Callable
from typing import Any

import pytest

from tests.httpclient.behaviours.engines import Engine, outcome
from tests.httpclient.behaviours.scripted import Peer, Scripted, answering, ok
from tests.tls_certs import Certificates
from tornadolike.httpclient.failures import TooManyRedirectsError

Play = Callable[..., Scripted]

SECRETS = {
    "Authorization": "Bearer secret-1",
    "Cookie": "session=secret-2",
    "Proxy-Authorization": "Basic secret-3",
}


def to(location: str | bytes, status: int = 302) -> bytes:
    target = location if isinstance(location, bytes) else location.encode()
    return ok(b"elsewhere", b"Location: " + target, line=b"HTTP/1.1 %d Elsewhere" % status)


def site(pages: dict[str, bytes]) -> Callable[[Peer], None]:
    """Answers by the target of the request."""

    def script(peer: Peer) -> None:
        while request := peer.request():
            peer.send(pages.get(request.split(b" ")[1].decode(), ok()))

    return script


def lines(request: bytes) -> list[str]:
    """The names of the fields of a request, in lower case."""
    return [line.partition(":")[0].lower() for line in request.decode().split("\r\n")[1:] if line]


METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]
TURNS_TO_GET = {(status, "POST") for status in (301, 302)} | {
    (303, method) for method in METHODS if method not in ("GET", "HEAD")
}
"""As the fetch standard has it, and browsers do; all else keeps its method and its body (RFC 9110 section 15.4)."""


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_methods(engine: Engine, play: Play, status: int) -> None:
    server = play(site({"/": to("/there", status)}))

    async def main(client: Any) -> None:
        for method in METHODS:
            body = {"body": b"content"} if method in ("POST", "PUT", "PATCH") else {}
            fields = {"Content-Type": "text/x"} if body else {}
            await client.fetch(server.url, method=method, headers=fields, **body)

    engine.run(main)
    second = server.heard[1::2]
    for method, request in zip(METHODS, second, strict=True):
        to_get = (status, method) in TURNS_TO_GET
        assert request.split(b" ")[0].decode() == ("GET" if to_get else method)
        has_body = not to_get and method in ("POST", "PUT", "PATCH")
        assert request.endswith(b"content") == has_body
        assert ("content-type" in lines(request)) == has_body
        assert ("content-length" in lines(request)) == has_body or method == "DELETE"


@pytest.mark.parametrize("status", [300, 304, 305, 306])
def test_what_is_no_redirect(engine: Engine, play: Play, status: int) -> None:
    body = b"" if status == 304 else b"elsewhere"
    answer = ok(body, b"Location: /there", line=b"HTTP/1.1 %d Odd" % status)
    server = play(site({"/": answer}))
    assert engine.outcome(server.url) == f"HTTPError {status}"
    assert len(server.heard) == 1


def test_no_location(engine: Engine, play: Play) -> None:
    server = play(answering(ok(line=b"HTTP/1.1 302 Where")))
    assert engine.outcome(server.url) == "HTTPError 302"


LOCATIONS = {
    "there": "/a/there",
    "./there": "/a/there",
    "../there": "/there",
    "/there": "/there",
    "?b=c": "/a/b?b=c",
    "there?b=c#d": "/a/there?b=c",
    "there is": "/a/there%20is",
    "/a//b": "/a//b",
}


@pytest.mark.parametrize("location", LOCATIONS)
def test_locations(engine: Engine, play: Play, location: str) -> None:
    server = play(site({"/a/b": to(location)}))
    assert engine.outcome(f"{server.url}/a/b") == "200 hello"
    assert server.heard[1].split(b" ")[1].decode() == LOCATIONS[location]


@pytest.mark.parametrize(
    "location",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "javascript:1",
        "http://a:b:c/",
        "http://[::1",
    ],
)
def test_locations_that_lead_nowhere(engine: Engine, play: Play, location: str) -> None:
    """They are the server's fault, so they are of the tree; and no file is read."""
    server = play(site({"/": to(location)}))
    assert engine.outcome(server.url) in ("HTTPError 302", "HTTPProtocolError")
    assert len(server.heard) == 1


def test_secrets_stay(engine: Engine, play: Play) -> None:
    """Another port is another origin."""
    other = play(answering(ok()))
    server = play(site({"/": to(f"{other.url}/there")}))
    found = engine.outcome(
        server.url, headers={**SECRETS, "X-Mine": "kept"}, method="PUT", body=b"a"
    )
    assert found == "200 hello"
    assert {name.lower() for name in SECRETS} <= set(lines(server.heard[0]))
    assert b"secret" not in other.heard[0]
    assert "x-mine" in lines(other.heard[0])


@pytest.mark.parametrize("mode", ["basic", "digest"])
def test_credentials_stay(engine: Engine, play: Play, mode: str) -> None:
    asks = ok(
        b"",
        b'WWW-Authenticate: Basic realm="a"',
        b'WWW-Authenticate: Digest realm="a", nonce="b", qop="auth", algorithm=SHA-256',
        line=b"HTTP/1.1 401 Who",
    )
    other = play(answering(asks))
    server = play(site({"/": to(f"{other.url}/there")}))
    found = engine.outcome(
        server.url, auth_username="somebody", auth_password="secret", auth_mode=mode
    )
    assert found == "HTTPError 401"
    assert [request for request in other.heard if b"uthorization" in request] == []


def test_secrets_do_not_come_back(engine: Engine, play: Play) -> None:
    """By way of another origin nobody gets them back: it may have chosen the address."""
    server = play(answering(ok()))
    other = play(site({"/": to(f"{server.url}/back")}))
    first = play(site({"/": to(other.url + "/")}))
    engine.outcome(first.url, headers=SECRETS)
    assert b"secret" not in server.heard[0]


def test_secrets_stay_in_tls(engine: Engine, play: Play, certs: Certificates) -> None:
    """From https to http on the same host is another origin."""
    plain = play(answering(ok()))
    server = play(site({"/": to(f"{plain.url}/there")}), context=certs.server_context())
    engine.outcome(server.url, headers=SECRETS, ca_certs=certs.ca)
    assert all(b"secret" not in request for request in plain.heard)


def test_our_certificate_stays(engine: Engine, play: Play, certs: Certificates) -> None:
    shown: list[Any] = []

    def script(peer: Peer) -> None:
        shown.append(peer.sock.getpeercert())  # type: ignore[attr-defined]
        while peer.request():
            peer.send(ok())

    asks = certs.server_context(ask_client=True)
    asks.verify_mode = ssl.CERT_OPTIONAL
    other = play(script, context=asks)
    server = play(site({"/": to(f"{other.url}/there")}), context=certs.server_context())
    found = engine.outcome(server.url, ca_certs=certs.ca, client_cert=certs.client)
    assert found == "200 hello"
    assert not shown[0]
    assert engine.outcome(other.url, ca_certs=certs.ca, client_cert=certs.client) == "200 hello"
    assert shown[1]


def test_the_same_origin_keeps_them(engine: Engine, play: Play) -> None:
    server = play(site({"/": to("/there")}))
    assert engine.outcome(server.url, headers=SECRETS) == "200 hello"
    assert {"authorization", "cookie"} <= set(lines(server.heard[1]))


def test_loops_end(engine: Engine, play: Play) -> None:
    server = play(answering(to("/")))

    async def main(client: Any) -> None:
        with pytest.raises(TooManyRedirectsError) as raised:
            await client.fetch(server.url)
        assert raised.value.code == 302
        assert raised.value.response is not None
        assert len(raised.value.response.history) == 5

    engine.run(main)
    assert len(server.heard) == 6


def test_who_does_not_want_errors_gets_the_last_redirect(engine: Engine, play: Play) -> None:
    server = play(answering(to("/")))
    found = engine.outcome(server.url, raise_error=False, max_redirects=2)
    assert found == "302 elsewhere"
    assert len(server.heard) == 3


def test_a_loop_of_two_servers(engine: Engine, play: Play) -> None:
    target: list[str] = []

    def back(peer: Peer) -> None:
        while peer.request():
            peer.send(to(target[0]))

    second = play(back)
    first = play(site({"/": to(second.url + "/")}))
    target.append(first.url + "/")
    assert engine.outcome(first.url, max_redirects=9) == "TooManyRedirectsError"
    assert len(first.heard) + len(second.heard) == 10


def test_a_fragment_and_a_user_are_not_sent(engine: Engine, play: Play) -> None:
    server = play(answering(ok()))
    with_user = server.url.replace("//", "//somebody:secret@")
    assert engine.outcome(f"{with_user}/a?b#c") == "200 hello"
    assert server.heard[0].startswith(b"GET /a?b HTTP/1.1\r\n")
    assert b"secret" not in server.heard[0]
    assert b"somebody" not in server.heard[0].split(b"uthorization")[0]


def test_the_bodies_of_redirects_are_not_the_callers(engine: Engine, play: Play) -> None:
    server = play(site({"/": to("/there")}))
    pieces: list[bytes] = []

    async def main(client: Any) -> str:
        return await outcome(client, server.url, streaming_callback=pieces.append)

    assert engine.run(main) == "200"
    assert b"".join(pieces) == b"hello"


def test_a_redirect_whose_body_does_not_end(engine: Engine, play: Play) -> None:
    """Nobody waits for it."""

    def script(peer: Peer) -> None:
        request = peer.request()
        if request.startswith(b"GET / "):
            peer.send(b"HTTP/1.1 302 Found\r\nContent-Length: 1000000\r\nLocation: /a\r\n\r\nhello")
            peer.wait_closed()
        elif request:
            peer.send(ok())

    assert engine.outcome(play(script).url) == "200 hello"
