"""How long is waited, for what, and what is left when it took too long: nothing."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.httpclient.behaviours.engines import Engine, outcome
from tests.httpclient.behaviours.scripted import Peer, Scripted, ok, saying
from tests.peers import full_server
from tests.tls_certs import Certificates
from tornadolike.httpclient.failures import HTTPTimeoutError

Play = Callable[..., Scripted]

SOON = 0.05
"""Seconds: what is to take too long never comes at all, so a slow machine changes nothing."""

SILENT = {
    "at once": saying(),
    "in the status line": saying(b"HTTP/1.1 2"),
    "in the head": saying(b"HTTP/1.1 200 OK\r\nA: b\r\n"),
    "behind 100": saying(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "behind the head": saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    "in the body": saying(ok()[:-1]),
    "in a chunk": saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"),
    "before the end": saying(b"HTTP/1.1 200 OK\r\n\r\nhello"),
}


def drip(start: bytes, piece: bytes) -> Callable[[Peer], None]:
    """Never silent, never done."""

    def script(peer: Peer) -> None:
        peer.request()
        here = peer.send(start)
        while here:
            peer.sock.settimeout(0.01)
            try:
                here = bool(peer.sock.recv(1))
            except TimeoutError:
                here = peer.send(piece)
            except OSError:
                here = False

    return script


DRIPPING = {
    "heads": drip(b"", b"HTTP/1.1 103 Hints\r\n\r\n"),
    "a head": drip(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
    "a body": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", b"a"),
    "chunks": drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
}


@pytest.mark.parametrize("where", SILENT)
def test_silence(engine: Engine, play: Play, where: str) -> None:
    server = play(SILENT[where])
    assert engine.outcome(server.url, request_timeout=SOON) == "HTTPTimeoutError"


@pytest.mark.parametrize("what", DRIPPING)
def test_dripping(engine: Engine, play: Play, what: str) -> None:
    server = play(DRIPPING[what])
    assert engine.outcome(server.url, request_timeout=SOON) == "HTTPTimeoutError"


@pytest.mark.parametrize("where", ["at once", "in the status line", "in the head", "behind 100"])
def test_no_first_byte(engine: Engine, play: Play, where: str) -> None:
    """What counts is the head of the answer, not any byte."""
    server = play(SILENT[where])
    assert engine.outcome(server.url, first_byte_timeout=SOON) == "HTTPTimeoutError"


@pytest.mark.parametrize(
    "where", ["behind the head", "in the body", "in a chunk", "before the end"]
)
def test_stalls(engine: Engine, play: Play, where: str) -> None:
    server = play(SILENT[where])
    assert engine.outcome(server.url, stall_timeout=SOON) == "HTTPTimeoutError"


def test_what_drips_does_not_stall(engine: Engine, play: Play) -> None:
    server = play(saying(b"HTTP/1.1 200 OK\r\n", b"Content-Length: 5\r\n\r\n", b"he", b"llo"))
    found = engine.outcome(
        server.url, stall_timeout=30.0, first_byte_timeout=30.0, tls_timeout=30.0
    )
    assert found == "200 hello"


def test_connecting(engine: Engine) -> None:
    with full_server() as listening:
        url = "http://{}:{}/".format(*listening.getsockname())
        assert engine.outcome(url, connect_timeout=SOON) == "HTTPTimeoutError"
        assert engine.outcome(url, request_timeout=SOON) == "HTTPTimeoutError"


@pytest.mark.parametrize("option", ["connect_timeout", "tls_timeout", "request_timeout"])
def test_a_handshake_that_nobody_answers(
    engine: Engine, play: Play, certs: Certificates, option: str
) -> None:
    server = play(lambda peer: peer.wait_closed())
    url = server.url.replace("http:", "https:")
    assert engine.outcome(url, ca_certs=certs.ca, **{option: SOON}) == "HTTPTimeoutError"


def test_waiting_for_a_turn(engine: Engine, play: Play) -> None:
    """The time in the queue is part of the whole, and of what connecting may take."""
    server = play(lambda peer: (peer.request(), peer.wait_closed()))

    async def main(client: Any) -> None:
        first = asyncio.ensure_future(outcome(client, server.url))
        while not server.heard:
            await asyncio.sleep(0.001)
        for option in ("connect_timeout", "request_timeout"):
            with pytest.raises(HTTPTimeoutError, match="in request queue"):
                await client.fetch(server.url, **{option: SOON})
        assert len(server.heard) == 1
        first.cancel()
        await asyncio.wait([first])

    engine.run(main, max_clients=1)


SAYINGS = {
    "at once": "Timeout while waiting for the response",
    "in the body": "Timeout while reading the body",
}


@pytest.mark.parametrize("where", SAYINGS)
def test_what_is_said(engine: Engine, play: Play, where: str) -> None:
    """What was waited for. (On a slow machine that may be the connection, unless one waits longer.)"""
    server = play(SILENT[where])

    async def main(client: Any) -> str:
        message = ""
        for seconds in (SOON, 10 * SOON, 100 * SOON):
            with pytest.raises(TimeoutError) as raised:
                await client.fetch(server.url, request_timeout=seconds)
            assert raised.value.code == 599  # type: ignore[attr-defined]
            message = str(raised.value)
            if SAYINGS[where] in message:
                break
        return message

    assert SAYINGS[where] in engine.run(main)


@pytest.mark.parametrize("where", SILENT)
def test_cancelled(engine: Engine, play: Play, where: str) -> None:
    """The connection ends with the fetch, and the place is free for another."""
    server = play(SILENT[where])
    gone = []

    async def main(client: Any) -> None:
        for _ in range(3):
            future = client.fetch(server.url)
            while len(server.heard) == len(gone):
                await asyncio.sleep(0.001)
            future.cancel()
            with pytest.raises(asyncio.CancelledError):
                await future
            gone.append(future)

    engine.run(main, max_clients=1)
    assert len(server.peers) == 3


def test_cancelled_at_once(engine: Engine, play: Play) -> None:
    server = play(saying(ok()))

    async def main(client: Any) -> str:
        future = client.fetch(server.url)
        future.cancel()
        with pytest.raises(asyncio.CancelledError):
            await future
        return await outcome(client, server.url)

    assert engine.run(main, max_clients=1) == "200 hello"


@pytest.mark.parametrize("ticks", range(1, 12))
def test_cancelled_at_any_turn(engine: Engine, play: Play, ticks: int) -> None:
    """So many turns of the loop later: while it resolves, connects, writes, reads."""

    def script(peer: Peer) -> None:
        while peer.request():
            peer.send(ok())

    server = play(script)

    async def main(client: Any) -> str:
        future = client.fetch(server.url)
        for _ in range(ticks):
            await asyncio.sleep(0)
        future.cancel()
        await asyncio.wait([future])
        return await outcome(client, server.url)

    assert engine.run(main, max_clients=1) == "200 hello"
