"""WebSockets by the hundred: some do not read, some vanish, and at last the server stops."""

import contextlib
import functools
import json
import socket
import struct
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.faults.loaded import MB, PATIENCE, LoadedServer, read_end
from tests.forked import Forks
from tests.peers import reset
from tests.tls_certs import Certificates
from tests.websocket.helpers import CLOSE, PING, TEXT, close, frame
from tests.websocket.peer import Peer, request
from tests.wire.client import PLAIN_AND_TLS

pytestmark = [pytest.mark.slow, pytest.mark.once]

SETTINGS = {"websocket_close_timeout": 0.5}


@pytest.fixture
def start(forks: Forks, wire: str, certs: Certificates) -> Callable[..., LoadedServer]:
    certificates = certs if wire == "tls" else None
    return functools.partial(LoadedServer, forks, certificates, settings=SETTINGS)


@contextlib.contextmanager
def members(server: LoadedServer, count: int, receive_buffer: int = 0) -> Iterator[list[Peer]]:
    """So many more in the room, all of whom are there before the first hears anything."""
    source = SimpleNamespace(connect=functools.partial(server.connect, receive_buffer))
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Peer(source, "/room")) for _ in range(count)]
        for peer in peers:
            assert peer.status == 101
        yield peers


def say(server: LoadedServer, size: int, slow: str = "queue") -> dict[str, int]:
    """Have something said to all. What became of it."""
    told: dict[str, int] = json.loads(server.ask(f"/say/{slow}/{size}").partition(b"\r\n\r\n")[2])
    return told


def hear(peers: list[Peer], size: int) -> None:
    for peer in peers:
        assert peer.text() == "x" * size


def last_words(peer: Peer) -> tuple[int, bytes]:
    """The code and the reason of the Close frame behind all that was said, as far as it has come."""
    data = peer.buffer + read_end(peer.sock)
    at = 0
    while at < len(data):
        length, start = data[at + 1], at + 2
        if length == 126:
            (length,), start = struct.unpack_from("!H", data, start), start + 2
        elif length == 127:
            (length,), start = struct.unpack_from("!Q", data, start), start + 8
        if data[at] == 0x80 | CLOSE:
            code, reason = (
                struct.unpack_from("!H", data, start)[0],
                data[start + 2 : start + length],
            )
            return code, reason
        at = start + length
    return 0, b"it was cut off"


@pytest.mark.parametrize(
    ("wire", "slow"), [("plain", "skip"), ("plain", "close"), ("plain", "queue"), ("tls", "queue")]
)
def test_slow_readers(start: Any, slow: str) -> None:
    """Those who do not read cost a bounded amount of memory, and those who do hear everything."""
    size, rounds = 200_000, 40
    kept = {"skip": 64, "close": 64, "queue": 1024}[slow] * 1024 + size
    with (
        start() as server,
        server.nothing_left(16 * MB),
        members(server, 5) as readers,
        members(server, 15, receive_buffer=8192) as sleepers,
    ):
        before = server.stats()["memory"]
        counts = []
        for _ in range(rounds):
            counts.append(say(server, size, slow))
            hear(readers, size)
        # (What is left of what they were sent together costs as much once more at the worst.)
        assert server.stats()["memory"] - before < len(sleepers) * kept * 2 + 4 * MB
        assert counts[0] == {"sent": 20, "skipped": 0, "closed": 0, "gone": 0}
        assert all(sum(count.values()) <= 20 for count in counts)
        if slow == "skip":
            assert counts[-1] == {"sent": 5, "skipped": 15, "closed": 0, "gone": 0}
            assert not any(count["closed"] for count in counts)
        else:
            assert sum(count["closed"] for count in counts) == 15
            assert counts[-1]["sent"] == 5
            wait_for_members(server, 5)
            for sleeper in sleepers:
                assert last_words(sleeper) in ((1013, b"reads too slowly"), (0, b"it was cut off"))


def wait_for_members(server: LoadedServer, count: int) -> None:
    end = time.monotonic() + PATIENCE
    while (stats := server.stats())["members"] != count:
        assert time.monotonic() < end, stats
        time.sleep(0.02)


def test_a_slow_reader_who_wakes_up_in_time_hears_why(forks: Forks) -> None:
    """Behind all that was kept for it comes the reason."""
    with (
        LoadedServer(forks, None) as server,  # which waits five seconds
        members(server, 1, receive_buffer=8192) as [sleeper],
    ):
        while not say(server, 50_000)["closed"]:
            pass
        while (word := sleeper.read())[0] == TEXT:
            pass
        assert word == (CLOSE, (1013).to_bytes(2, "big") + b"reads too slowly")
        sleeper.send(close(1013))
        assert sleeper.ended()


def vanish(sock: socket.socket) -> None:
    """End without a Close frame."""
    sock.close()


def stop_sending(sock: socket.socket) -> None:
    sock.shutdown(socket.SHUT_WR)
    read_end(sock)
    sock.close()


@PLAIN_AND_TLS
def test_sudden_deaths(start: Any, wire: str) -> None:
    """In a handshake, in a head, in a message, in silence, while all are talked to."""
    begun = request("/room")
    said: list[bytes] = [
        begun[:50],
        begun,
        begun + frame(TEXT, b"hello"),
        begun + frame(TEXT, b"hello") * 500,
        begun + frame(TEXT, b"x" * 100_000)[:50_000],
        begun + frame(TEXT, b"x", fin=False),
        begun + frame(PING, b"x")[:3],
        begun + b"\xff\xff",
        begun + close(1000),
        begun + close(1000)[:-1],
    ]
    ways: list[Callable[[socket.socket], None]] = [reset, vanish]
    if wire == "plain":
        ways.append(stop_sending)
    with start() as server, server.nothing_left(16 * MB), members(server, 3) as readers:
        for turn in range(8 if wire == "plain" else 1):
            for data in said:
                for way in ways:
                    sock = server.connect()
                    sock.sendall(data)
                    way(sock)
            counts = say(server, 1000)
            assert counts["sent"] >= 3, turn
            hear(readers, 1000)
        wait_for_members(server, 3)


@PLAIN_AND_TLS
def test_a_drain(start: Any, wire: str) -> None:
    """All are told; who answers goes at once, who does not, or does not read, is cut off in time."""
    many = 200 if wire == "plain" else 40
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(start())
        polite = stack.enter_context(members(server, many))
        silent = stack.enter_context(members(server, 20))
        sleepers = stack.enter_context(members(server, 5, receive_buffer=8192))
        for _ in range(3):
            say(server, 300_000)
            hear(polite + silent, 300_000)
        began = time.monotonic()
        server.stdin.close()
        for peer in polite:
            assert peer.read() == (CLOSE, (1001).to_bytes(2, "big"))
            peer.send(close(1001))
            assert peer.ended()
        for peer in silent:
            assert peer.close_code() == 1001
        server.process.wait(PATIENCE)
        assert 0.4 < time.monotonic() - began < 4.5, "as long as its close_timeout, and no longer"
        for peer in silent + sleepers:
            read_end(peer.sock)


def test_a_thousand_who_say_nothing(forks: Forks) -> None:
    """Each costs little, and nobody else any time."""
    with LoadedServer(forks, None) as server, server.nothing_left(16 * MB):
        before = server.stats()["memory"]
        with members(server, 1000) as peers:
            assert (server.stats()["memory"] - before) / 1000 < 16 * 1024
            assert say(server, 100) == {"sent": 1000, "skipped": 0, "closed": 0, "gone": 0}
            hear(peers, 100)
