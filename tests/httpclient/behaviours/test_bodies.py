"""Bodies, both ways: in pieces, with back-pressure, decoded, and given up in the middle."""

import asyncio
import gzip
import threading
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import PATIENCE
from tests.httpclient.behaviours.engines import Engine, outcome
from tests.httpclient.behaviours.nginx import LARGE, Nginx
from tests.httpclient.behaviours.scripted import Peer, Scripted, answering, ok, saying
from tests.httpclient.behaviours.test_answers import endless

Play = Callable[..., Scripted]

TEXT = b"0123456789" * 5000


# Down


def test_who_is_slow_is_not_flooded(engine: Engine, play: Play) -> None:
    """A callback that is awaited holds up the server: it can send no more than buffers take."""
    sent = [0]
    held = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n")
        peer.sock.settimeout(0.3)
        piece = bytes(65536)
        try:
            while sent[0] < 400_000_000:
                peer.sock.sendall(piece)
                sent[0] += len(piece)
        except TimeoutError:
            held.set()
            peer.sock.settimeout(PATIENCE)
            peer.wait_closed()
        except OSError:
            pass

    server = play(script)

    async def main(client: Any) -> None:
        async def take(piece: bytes) -> None:
            await asyncio.get_running_loop().run_in_executor(None, held.wait, PATIENCE)
            future.cancel()

        future = client.fetch(server.url, streaming_callback=take)
        with pytest.raises(asyncio.CancelledError):
            await future

    engine.run(main)
    assert held.is_set()
    assert sent[0] < 40_000_000


def test_a_callback_that_fails(engine: Engine, play: Play) -> None:
    """It ends the fetch, with its own exception; and the connection, of an answer that goes on for ever."""
    server = play(endless(b"HTTP/1.1 200 OK\r\n\r\n", b"hello"))

    def fail(piece: bytes) -> None:
        raise LookupError("of the callback")

    async def main(client: Any) -> None:
        with pytest.raises(LookupError, match="of the callback"):
            await client.fetch(server.url, streaming_callback=fail)

    engine.run(main)


CODINGS = {
    "gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "x-gzip": gzip.compress(TEXT),
}


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("framing", ["length", "chunks", "end"])
def test_decoded(engine: Engine, play: Play, coding: str, framing: str) -> None:
    data, name = CODINGS[coding], coding.encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: " + name + b"\r\n"
    answers = {
        "length": head + b"Content-Length: %d\r\n\r\n" % len(data) + data,
        "chunks": head
        + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(data)
        + data
        + b"\r\n0\r\n\r\n",
        "end": head + b"\r\n" + data,
    }
    server = play(saying(answers[framing], ends=framing == "end"))
    assert engine.outcome(server.url) == f"200 with {len(TEXT)} bytes"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"this was never compressed", "HTTPProtocolError"),
        (CODINGS["gzip"][:-50], ("HTTPProtocolError", "HTTPStreamClosedError")),
        (CODINGS["gzip"][:-5] + b"abcde", "HTTPProtocolError"),
        (gzip.compress(bytes(50_000_000)), "HTTPProtocolError"),
        (b"", "200"),
    ],
    ids=["none", "half", "another sum", "bomb", "nothing"],
)
def test_what_cannot_be_decoded(engine: Engine, play: Play, data: bytes, expected: Any) -> None:
    server = play(answering(ok(data, b"Content-Encoding: gzip")))
    found = engine.outcome(server.url, max_body_size=1_000_000)
    assert found in expected if isinstance(expected, tuple) else found == expected


def test_a_bomb_in_pieces(engine: Engine, play: Play) -> None:
    """Who takes it piece by piece is not handed pieces of any size."""
    server = play(answering(ok(gzip.compress(bytes(20_000_000)), b"Content-Encoding: gzip")))
    sizes: list[int] = []

    async def main(client: Any) -> str:
        return await outcome(
            client, server.url, streaming_callback=lambda piece: sizes.append(len(piece))
        )

    assert engine.run(main) == "200"
    assert sum(sizes) == 20_000_000
    assert max(sizes) <= 1_000_000


# Up


def test_produced(engine: Engine, nginx: Nginx) -> None:
    async def produce(write: Any) -> None:
        for start in range(0, len(LARGE), 50_000):
            await write(LARGE[start : start + 50_000])

    async def main(client: Any) -> None:
        url = f"{nginx.url}/upload/produced"
        for fields in ({}, {"Content-Length": str(len(LARGE))}):
            found = await outcome(client, url, method="PUT", body_producer=produce, headers=fields)
            assert found in ("201", "204")
            assert (await client.fetch(url)).body == LARGE

    engine.run(main)


def test_a_server_that_does_not_read(engine: Engine, play: Play) -> None:
    """The producer is held up: what it writes goes no further than buffers take."""
    written = [0]

    async def produce(write: Any) -> None:
        for _ in range(6000):
            await write(bytes(65536))
            written[0] += 65536

    server = play(lambda peer: (peer.until(b"\r\n\r\n"), stop.wait(PATIENCE)))
    stop = threading.Event()

    async def main(client: Any) -> None:
        future = client.fetch(server.url, method="POST", body_producer=produce)
        before = -1
        while not written[0] or before != written[0]:
            before = written[0]
            await asyncio.sleep(0.2)
        future.cancel()
        await asyncio.wait([future])
        stop.set()

    engine.run(main)
    assert written[0] < 40_000_000


def test_a_producer_that_fails(engine: Engine, play: Play) -> None:
    server = play(lambda peer: (peer.until(b"first"), peer.wait_closed()))

    async def produce(write: Any) -> None:
        await write(b"first")
        raise LookupError("of the producer")

    async def main(client: Any) -> None:
        with pytest.raises(LookupError, match="of the producer"):
            await client.fetch(server.url, method="POST", body_producer=produce)

    engine.run(main)


@pytest.mark.parametrize("length", [3, 7])
def test_a_producer_that_miscounts(engine: Engine, play: Play, length: int) -> None:
    """Nobody is to take the next request for the rest of a body, or the rest of a body for a request."""
    server = play(answering(ok()))

    async def produce(write: Any) -> None:
        await write(b"hello")

    async def main(client: Any) -> None:
        with pytest.raises(Exception, match=r"(?i)length|bytes") as raised:
            await client.fetch(
                server.url,
                method="POST",
                body_producer=produce,
                headers={"Content-Length": str(length)},
            )
        assert not isinstance(raised.value, asyncio.TimeoutError)
        assert await outcome(client, server.url) == "200 hello"

    engine.run(main)
    assert len(server.peers) == 2


def test_an_answer_before_the_body_has_gone(engine: Engine, play: Play) -> None:
    """It is the answer, and the producer is stopped."""
    ended: list[str] = []

    async def produce(write: Any) -> None:
        try:
            while True:
                await write(bytes(65536))
        except BaseException as error:
            ended.append(type(error).__name__)
            raise

    def script(peer: Peer) -> None:
        peer.until(b"\r\n\r\n")
        peer.until(b"\0")  # the producer has begun: one that has not need not be stopped
        peer.send(ok(b"too large", line=b"HTTP/1.1 413 Large"))
        peer.wait_closed()

    server = play(script)
    found = engine.outcome(server.url, method="POST", body_producer=produce)
    assert found == "HTTPError 413"
    assert len(ended) == 1


def test_a_server_that_goes_in_the_middle(engine: Engine, play: Play) -> None:
    """What it said before may be lost with what it did not read."""

    def script(peer: Peer) -> None:
        peer.until(b"\r\n\r\n")
        peer.send(ok(b"too large", line=b"HTTP/1.1 413 Large"))

    async def produce(write: Any) -> None:
        while True:
            await write(bytes(65536))

    for body in ({"body": bytes(30_000_000)}, {"body_producer": produce}):
        found = engine.outcome(play(script).url, method="POST", **body)
        assert found in ("HTTPError 413", "HTTPStreamClosedError")


def test_given_up_while_a_body_is_made(engine: Engine, play: Play) -> None:
    """Who makes it is told, and no task is left."""
    server = play(lambda peer: (peer.until(b"first"), peer.wait_closed()))
    ended: list[str] = []

    async def produce(write: Any) -> None:
        await write(b"first")
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    begun = threading.Event()

    async def main(client: Any) -> None:
        future = client.fetch(server.url, method="POST", body_producer=produce)
        while not begun.is_set():
            await asyncio.sleep(0.001)
        future.cancel()
        await asyncio.wait([future])

    engine.run(main)
    assert ended == ["cancelled"]


# Expect


def expecting(*answers: bytes, body: bytes = b"hello") -> Callable[[Peer], None]:
    """Says the answers one after another; and reads the body if it has said 100."""

    def script(peer: Peer) -> None:
        peer.request()
        for answer in answers:
            peer.send(answer)
            if b" 100 " in answer:
                peer.heard.append(peer.bytes(len(body)))
        peer.wait_closed()

    return script


GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


def test_expect(engine: Engine, play: Play) -> None:
    server = play(expecting(GO_ON, ok()))
    found = engine.outcome(server.url, method="PUT", body=b"hello", expect_100_continue=True)
    assert found == "200 hello"
    assert b"expect: 100-continue" in server.heard[0].lower()
    assert server.heard[1] == b"hello"


def test_expect_refused(engine: Engine, play: Play) -> None:
    """Then the body is not sent, and another request goes by another connection."""
    rest: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(ok(b"", line=b"HTTP/1.1 413 Large"))
        rest.append(peer.until(b"nothing like this"))

    server = play(script)
    found = engine.outcome(server.url, method="PUT", body=b"hello", expect_100_continue=True)
    assert found == "HTTPError 413"
    server.stop()
    assert rest == [b""]


def test_expect_nothing(engine: Engine, play: Play) -> None:
    """A server that does not know it says nothing: after a while the body is sent."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.heard.append(peer.bytes(5))
        peer.send(ok())
        peer.wait_closed()

    server = play(script)
    found = engine.outcome(server.url, method="PUT", body=b"hello", expect_100_continue=True)
    assert found == "200 hello"
    assert server.heard[1] == b"hello"
