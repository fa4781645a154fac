"""What a client keeps and does from one request to the next: cookies, nonces, retries; and the session style."""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.httpclient.behaviours.engines import Engine, outcome
from tests.httpclient.behaviours.scripted import Peer, Scripted, answering, ok
from tests.running import LOOPS, run_on, turns
from tornadolike.httpclient.retries import Retries

Play = Callable[..., Scripted]


def test_cookies_are_kept_by_choice(engine: Engine, play: Play) -> None:
    server = play(answering(ok(b"hello", b"Set-Cookie: a=b; Path=/", b"Set-Cookie: c=d; Path=/x")))

    async def main(client: Any) -> None:
        for path in ("/", "/", "/x/"):
            assert await outcome(client, server.url + path) == "200 hello"

    engine.run(main)
    assert all(b"ookie" not in request for request in server.heard)
    del server.peers[:]
    engine.run(main, cookies=True)
    sent = [re.findall(rb"Cookie: ([^\r]*)", request) for request in server.heard]
    assert sent == [[], [b"a=b"], [b"c=d; a=b"]]


def test_cookies_are_for_their_host(engine: Engine, play: Play) -> None:
    server = play(answering(ok(b"hello", b"Set-Cookie: a=b")))

    async def main(client: Any) -> None:
        await client.fetch(server.url)
        await client.fetch(server.url.replace("127.0.0.1", "localhost"))

    engine.run(main, cookies=True)
    assert all(b"ookie" not in request for request in server.heard)


def test_cookies_that_are_wrong(engine: Engine, play: Play) -> None:
    """They are left out, and that is all: no warning, which may be an error."""
    server = play(answering(ok(b"hello", b"Set-Cookie: a=b; Max-Age")))
    assert engine.outcome(server.url, client={"cookies": True}) == "200 hello"


def digest(peer: Peer) -> None:
    """Wants Digest with SHA-256, and knows it when it is right."""

    def h(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    asks = b'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256'
    while request := peer.request():
        method, target = request.decode().split(" ")[:2]
        said = dict(re.findall(r'(\w+)="?([^",\r]*)', request.decode().partition("Digest ")[2]))
        if not said:
            peer.send(ok(b"", asks, line=b"HTTP/1.1 401 Who"))
            continue
        key, rest = h("somebody:r:secret"), h(f"{method}:{target}")
        right = h(f"{key}:n:{said['nc']}:{said['cnonce']}:auth:{rest}")
        good = said["response"] == right and said["username"] == "somebody"
        peer.send(ok(said["nc"].encode()) if good else ok(b"", asks, line=b"HTTP/1.1 403 No"))


def test_digest(engine: Engine, play: Play) -> None:
    server = play(digest)
    who = {"auth_username": "somebody", "auth_password": "secret", "auth_mode": "digest"}
    assert engine.outcome(f"{server.url}/a?b=c", **who) == "200 00000001"
    assert engine.outcome(f"{server.url}/", method="POST", body=b"a", **who) == "200 00000001"
    assert engine.outcome(server.url, **{**who, "auth_password": "else"}) == "HTTPError 403"
    assert all(b"secret" not in request for request in server.heard)


def failing(times: int, answer: bytes) -> Callable[[Peer], None]:
    """Fails so many times, then is well."""
    count = [0]

    def script(peer: Peer) -> None:
        while peer.request():
            count[0] += 1
            if count[0] > times:
                peer.send(ok())
            elif answer:
                peer.send(answer)
            else:
                return

    return script


BUSY = ok(b"busy", line=b"HTTP/1.1 503 Busy")
MODES = {"503": BUSY, "nothing": b""}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("times", "expected"), [(2, True), (3, False)])
def test_retries(engine: Engine, play: Play, mode: str, times: int, expected: bool) -> None:
    server = play(failing(times, MODES[mode]))
    found = engine.outcome(server.url, retries=Retries(attempts=3, sleep=at_once))
    failed = {"503": "HTTPError 503", "nothing": "HTTPStreamClosedError"}[mode]
    assert found == ("200 hello" if expected else failed)
    assert len(server.heard) == 3


async def at_once(delay: float) -> None:
    """No time has to pass."""


@pytest.mark.parametrize("mode", MODES)
def test_what_may_not_be_repeated_is_not(engine: Engine, play: Play, mode: str) -> None:
    server = play(failing(1, MODES[mode]))
    found = engine.outcome(
        server.url, method="POST", body=b"a", retries=Retries(attempts=3, sleep=at_once)
    )
    assert found != "200 hello"
    assert len(server.heard) == 1


def test_the_session_style(engine: Engine, play: Play) -> None:
    """Behind the block nothing is open."""
    server = play(answering(ok(b'{"a": 1}', b"Content-Type: application/json")))

    async def main() -> None:
        async with engine.client() as client:
            response = await client.fetch(server.url)
            assert response.json() == {"a": 1}
            assert response.text == '{"a": 1}'
        with pytest.raises(RuntimeError):
            await client.fetch(server.url)

    run_on(LOOPS[engine.loop], main())


LINES = b"".join(b"line %d\n" % number for number in range(5000))


def test_streams(engine: Engine, play: Play) -> None:
    server = play(answering(ok(LINES)))

    async def main(client: Any) -> None:
        async with client.stream("GET", server.url) as response:
            assert response.code == 200
            assert b"".join([piece async for piece in response]) == LINES
        async with client.stream("GET", server.url) as response:
            assert [line async for line in response.lines()] == LINES.decode().splitlines()
        async with client.stream("GET", server.url) as response:
            assert await response.read() == LINES

    engine.run(main)


def test_a_stream_that_is_left(engine: Engine, play: Play) -> None:
    """In the middle, or by an exception: the connection ends, and the place is free."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while peer.send(bytes(65536)):
            pass

    server = play(script)

    async def main(client: Any) -> None:
        for _ in range(3):
            async with client.stream("GET", server.url) as response:
                async for piece in response:
                    assert piece
                    break
            with pytest.raises(LookupError):
                async with client.stream("GET", server.url) as response:
                    raise LookupError

    engine.run(main, max_clients=1)
    assert len(server.peers) == 6


def test_a_stream_that_nobody_left(engine: Engine, play: Play) -> None:
    """A client that is closed ends it."""
    server = play(lambda peer: (peer.request(), peer.send(ok()[:-1]), peer.wait_closed()))

    async def main(client: Any) -> None:
        async with client.stream("GET", server.url) as response:
            pieces = aiter(response)
            assert await anext(pieces) == b"hell"
            waiting = asyncio.ensure_future(anext(pieces))
            await turns()
            client.close()
            with pytest.raises(ConnectionError):
                await waiting

    engine.run(main)


def test_forms_and_json(engine: Engine, play: Play) -> None:
    server = play(answering(ok()))

    async def main(client: Any) -> None:
        await client.fetch(server.url, method="POST", json={"a": [1, "ü"]})
        await client.fetch(server.url, method="POST", form={"a": "b c", "d": "ü"})
        await client.fetch(server.url, params={"a": "b c"})
        await client.fetch(
            server.url, method="POST", form={"a": "b"}, files={"f": ("n.txt", b"content")}
        )

    engine.run(main)
    heads, bodies = zip(*[request.split(b"\r\n\r\n", 1) for request in server.heard], strict=True)
    assert json.loads(bodies[0]) == {"a": [1, "ü"]}
    assert b"Content-Type: application/json" in heads[0]
    assert bodies[1] == b"a=b+c&d=%C3%BC"
    assert heads[2].startswith((b"GET /?a=b+c ", b"GET /?a=b%20c "))
    assert b"Content-Type: multipart/form-data; boundary=" in heads[3]
    assert b'name="f"; filename="n.txt"' in bodies[3]
    assert b"content" in bodies[3]
