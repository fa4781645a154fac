"""Many peers at once that are slow, rude or gone: bounded, over in time, and others are served meanwhile."""

import contextlib
import functools
import itertools
import resource
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.faults.loaded import MB, PATIENCE, LoadedServer, get, read_answer, read_end
from tests.forked import Forks
from tests.peers import reset
from tests.tls_certs import Certificates
from tests.wire.client import PLAIN_AND_TLS

pytestmark = [pytest.mark.slow, pytest.mark.once]

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"


@pytest.fixture
def start(forks: Forks, wire: str, certs: Certificates) -> Callable[..., LoadedServer]:
    return functools.partial(LoadedServer, forks, certs if wire == "tls" else None)


@contextlib.contextmanager
def crowd(
    server: LoadedServer, size: int, receive_buffer: int = 0, says: bytes = b""
) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        socks = []
        for _ in range(size):
            socks.append(stack.enter_context(server.connect(receive_buffer)))
            socks[-1].sendall(says)
        yield socks


def trickle(socks: list[socket.socket], data: bytes, pause: float) -> list[bytes]:
    """Each sends a byte of ``data`` after each pause, until the server has had enough. What each got."""
    got: list[bytes] = []
    left = list(socks)
    end = time.monotonic() + PATIENCE
    for byte in itertools.cycle(data):
        for sock in left.copy():
            with contextlib.suppress(OSError):
                sock.send(bytes([byte]))
            begun = whatever_is_there(sock)
            if begun is not None:
                got.append(begun + read_end(sock))
                left.remove(sock)
        if not left:
            break
        assert time.monotonic() < end, f"{len(left)} are still there"
        time.sleep(pause)
    return got


def whatever_is_there(sock: socket.socket, size: int = 65536) -> bytes | None:
    """What has come already, which is nothing at the end; None if nothing has."""
    sock.setblocking(False)
    try:
        return sock.recv(size)
    except (BlockingIOError, ssl.SSLWantReadError):
        return None
    except OSError:
        return b""
    finally:
        sock.settimeout(PATIENCE)


@PLAIN_AND_TLS
def test_slowloris(start: Any) -> None:
    """Heads that never end, a byte now and then."""
    with (
        start(header_timeout=0.5, linger_timeout=0.5) as server,
        server.nothing_left(),
        crowd(server, 150, says=b"G") as socks,  # who has said nothing is given no answer either
    ):
        for answer in trickle(socks, b"ET / HTTP/1.1\r\nX: " + b"x" * 60_000, 0.05):
            assert answer.startswith(b"HTTP/1.1 408 ")


@PLAIN_AND_TLS
def test_who_never_begins(start: Any) -> None:
    """Connections that say nothing, with TLS not even hello: they are closed without a word."""
    options = {"header_timeout": 0.5, "ssl_handshake_timeout": 0.5, "linger_timeout": 0.5}
    with start(**options) as server, server.nothing_left():
        silent = [server.connect_only() for _ in range(300)]
        for sock in silent:
            with sock:
                assert read_end(sock) == b""


@PLAIN_AND_TLS
def test_slow_bodies(start: Any) -> None:
    """Bodies that are never whole, each byte well before the one before is forgotten."""
    options = {"min_body_rate": 1000, "rate_grace_time": 0.5, "linger_timeout": 0.5}
    with start(**options) as server, server.nothing_left(), crowd(server, 150) as socks:
        for sock in socks:
            sock.sendall(HEAD)
        for answer in trickle(socks, b"x", 0.05):
            assert answer.startswith(b"HTTP/1.1 408 ")


@PLAIN_AND_TLS
def test_bodies_that_stall(start: Any) -> None:
    options = {"body_stall_timeout": 0.5, "linger_timeout": 0.5}
    with start(**options) as server, server.nothing_left(), crowd(server, 150) as socks:
        for sock in socks:
            sock.sendall(HEAD + b"x" * 10_000)
        for sock in socks:
            assert read_end(sock).startswith(b"HTTP/1.1 408 ")


@PLAIN_AND_TLS
@pytest.mark.parametrize("sips", [False, True])
def test_slow_readers(start: Any, sips: bool) -> None:
    """Who does not read, or only a sip at a time, costs little, and not for ever."""
    rates = {"min_write_rate": 1_000_000, "rate_grace_time": 0.5} if sips else {"min_write_rate": 0}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(start(write_stall_timeout=0.5, **rates))
        stack.enter_context(server.nothing_left(16 * MB))
        socks = stack.enter_context(crowd(server, 40, receive_buffer=8192))
        before = server.stats()["memory"]
        for sock in socks:
            sock.sendall(get("/stream/200000000"))
        end = time.monotonic() + PATIENCE
        largest = 0
        while (stats := server.stats())["connections"] > 1:
            assert time.monotonic() < end, stats
            largest = max(largest, stats["memory"])
            for sock in socks if sips else ():
                whatever_is_there(sock, 4096)
            time.sleep(0.05)
        assert largest - before < len(socks) * 512 * 1024


@PLAIN_AND_TLS
def test_floods_of_requests_without_reading(start: Any) -> None:
    """Who asks and asks, and takes no answer, is not listened to for long."""
    flood = get() * 2000
    with (
        start(write_stall_timeout=0.5) as server,
        server.nothing_left(16 * MB),
        crowd(server, 8, receive_buffer=8192) as socks,
    ):
        before = server.stats()["memory"]
        for sock in socks:
            sock.setblocking(False)
        sent = 0
        end = time.monotonic() + PATIENCE
        while (stats := server.stats())["connections"] > 1:
            assert time.monotonic() < end, stats
            assert stats["memory"] - before < len(socks) * MB
            for sock in socks:
                with contextlib.suppress(OSError, ssl.SSLError):
                    sent += sock.send(flood)
            time.sleep(0.02)
        assert sent < len(socks) * 20 * MB


@PLAIN_AND_TLS
def test_floods_of_errors(start: Any) -> None:
    broken = (
        (b"garbage\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", b"505"),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n", b"417"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x, chunked\r\n\r\n", b"501"),
        (get("/none"), b"404"),
    )
    with start() as server, server.nothing_left():
        for _ in range(30):
            for data, status in broken:
                with server.connect() as sock:
                    sock.sendall(data)
                    assert sock.recv(12) == b"HTTP/1.1 " + status


@PLAIN_AND_TLS
def test_connects_and_closes(start: Any, wire: str) -> None:
    """Five thousand that come and go: silent, in a handshake, in a head, in a body, served."""
    kinds: list[Callable[[LoadedServer], None]] = [
        lambda server: server.connect_only().close(),
        lambda server: reset(server.connect_only()),
        lambda server: say_and_close(server.connect_only(), b"\x16\x03\x01\x02\x00"),
        lambda server: say_and_close(server.connect(), b"GET / HT"),
        lambda server: say_and_close(server.connect(), HEAD + b"x" * 100),
        lambda server: say_and_close(server.connect(), get()),
    ]
    # Handshakes cost both ends a thousand times what a connection does.
    turns = 5000 // len(kinds) if wire == "plain" else 50
    with start() as server, server.nothing_left():
        for _ in range(turns):
            for kind in kinds:
                kind(server)


def say_and_close(sock: socket.socket, data: bytes) -> None:
    with sock:
        sock.sendall(data)


@PLAIN_AND_TLS
def test_resets_in_the_middle(start: Any) -> None:
    """Of a head, of a body, of an answer, of a stream, with more behind it."""
    said = [
        b"GET / HTTP/1.1\r\nHo",
        HEAD + b"x" * 1000,
        get("/slow"),
        get("/slow") * 50,
        get("/stream/100000000"),
        get() * 500,
    ]
    with start() as server, server.nothing_left(16 * MB):
        for number in range(240):
            sock = server.connect()
            sock.sendall(said[number % len(said)])
            if number % 3 == 0:
                with contextlib.suppress(TimeoutError, ssl.SSLError):
                    sock.settimeout(0.005)
                    sock.recv(1000)
            reset(sock)


def test_half_closed_peers(forks: Forks) -> None:
    """Who has said all gets all answers; who has broken off gets none."""
    with LoadedServer(forks, None) as server, server.nothing_left():
        for turn in range(100):
            for data, statuses in (
                (get(), [200]),
                (get("/slow"), [200]),
                (get() * 20, [200] * 20),
                (get("/slow") + get() * 3, [200] * 4),
                (HEAD + b"x" * 100, []),
                (b"GET / HTTP", []),
                (b"", []),
            ):
                if b"slow" in data and turn % 25:
                    continue
                with server.connect() as sock:
                    sock.sendall(data)
                    sock.shutdown(socket.SHUT_WR)
                    received = read_end(sock)
                assert received.count(b"HTTP/1.1 200 ") == len(statuses), (data, received)


@PLAIN_AND_TLS
def test_ten_thousand_who_say_nothing(start: Any, wire: str) -> None:
    """Each was served once and stays: it costs a little memory, and nobody else any time."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted, cost = (10_000, 4096) if wire == "plain" else (500, 80_000)
    count = min(wanted, limit - 500)
    with descriptors(count + 500), start() as server:
        before = server.stats()["memory"]
        with_them = stay_idle(server, count)
        assert (with_them - before) / count < cost
        # What they needed may be kept, but it is enough for the next.
        with server.nothing_left(16 * MB):
            assert stay_idle(server, count) - with_them < 2 * MB


def stay_idle(server: LoadedServer, count: int) -> int:
    """Have so many connections that do nothing, and see that others are served. The memory with all of them."""
    with crowd(server, count) as socks:
        for sock in socks:
            sock.sendall(get())
            assert read_answer(sock).endswith(b"hello")
        stats = server.stats()
        assert stats["connections"] > count
        began = time.monotonic()
        for _ in range(50):
            server.ask()
        assert time.monotonic() - began < 50 * 0.1
        for sock in socks[::100]:  # they are still there
            sock.sendall(get())
            assert read_answer(sock).endswith(b"hello")
    return stats["memory"]


@contextlib.contextmanager
def descriptors(count: int) -> Iterator[None]:
    """This process, and those it starts, may have that many."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(count, before[0]), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
