"""The express lane: that it is used, that it is left when it has to be, and that nobody can tell the difference."""

import asyncio
import contextlib
import gc
import itertools
import logging
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.running import turns
from tests.wire.client import get, ok, undated
from tornadolike import _native
from tornadolike.http1connection import ExpressConnection, ServerConnection
from tornadolike.httpserver import HTTPServer
from tornadolike.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports import SocketTransport

pytestmark = pytest.mark.skipif(
    not _native.RUNNING, reason="there is no lane without the native core"
)

ADDRESS = ("203.0.113.7", 1234)


def say(request: Any, text: str | None = None) -> None:
    text = f"{request.method} {request.uri}" if text is None else text
    request.connection.respond(200, "OK", "text/plain", None, b"", text.encode())


class Site:
    """Answers in the way that the path says, and writes down what it was asked."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.waiting: list[Any] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.closed: list[str] = []

    def __call__(self, request: HTTPServerRequest) -> None:
        self.seen.append(
            (
                request.method,
                request.uri,
                request.path,
                request.query,
                request.version,
                request.body,
                request.remote_ip,
                request.protocol,
                list(request.headers.get_all()),
            )
        )
        name = request.path[1:].partition("/")[0]
        getattr(self, f"do_{name}", say)(request)

    def do_fields(self, request: Any) -> None:
        fields = HTTPHeaders({"Server": "me", "X-One": "\xe9", "Content-Type": "text/plain"})
        fields.add("Set-Cookie", "a=1")
        fields.add("Set-Cookie", "b=2")
        request.connection.respond(201, "Made", "text/html", fields, b"Etag: W\r\n", b"made")

    def do_counted(self, request: Any) -> None:
        fields = HTTPHeaders({"Content-Length": "4"})
        request.connection.respond(200, "OK", "text/html", fields, b"", b"four")

    def do_etag(self, request: Any) -> None:
        request.connection.respond(200, "OK", "text/html", None, b'Etag: "x"\r\n', b"tagged")

    def do_empty(self, request: Any) -> None:
        request.connection.respond(204, "No Content", "text/html", None, b"", b"")

    def do_unchanged(self, request: Any) -> None:
        fields = HTTPHeaders({"Etag": '"x"'})
        request.connection.respond(304, "Not Modified", "text/html", fields, b"", b"")

    def do_large(self, request: Any) -> None:
        request.connection.respond(200, "OK", "text/plain", None, b"X: y\r\n", b"x" * 5000)

    def do_huge(self, request: Any) -> None:
        request.connection.respond(200, "OK", "text/plain", None, b"X: y\r\n", b"x" * 300_000)

    def do_bad(self, request: Any) -> None:
        fields = HTTPHeaders()
        fields._fields["X"] = "a\nb"
        request.connection.respond(200, "OK", "text/plain", fields, b"", b"")

    def do_wrong(self, request: Any) -> None:
        fields = HTTPHeaders({"Content-Length": "3"})
        request.connection.respond(200, "OK", "text/plain", fields, b"", b"four")

    def do_close(self, request: Any) -> None:
        fields = HTTPHeaders({"Connection": "close"})
        request.connection.respond(200, "OK", "text/plain", fields, b"", b"bye")

    def do_cut(self, request: Any) -> None:
        request.connection.close()

    def do_raise(self, request: Any) -> None:
        raise ZeroDivisionError(request.uri)

    def do_pieces(self, request: Any) -> None:
        connection = request.connection
        connection.write_headers(ResponseStartLine("HTTP/1.1", 200, "OK"), HTTPHeaders({"X": "1"}))
        connection.write(b"in ")
        connection.write(b"pieces")
        connection.finish()

    def do_hold(self, request: Any) -> None:
        self.waiting.append(request)
        request.connection.set_close_callback(lambda: self.closed.append(request.uri))

    def do_later(self, request: Any) -> None:
        async def later() -> None:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            say(request)

        task = asyncio.get_running_loop().create_task(later())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def on_close(self, connection: Any) -> None:
        self.closed.append("on_close")


class Peer:
    """One connection to a server, from the client's side."""

    def __init__(self, server: HTTPServer, express: bool = True) -> None:
        ours, self.sock = socket.socketpair()
        ours.setblocking(False)
        self.sock.setblocking(False)
        self.received = b""
        self.ended = False
        if express:
            before = set() if server._serving is None else set(server._serving.connections)
            server.handle_socket(ours, ADDRESS)
            (self.connection,) = server._serving.connections - before
        else:
            serving = server._serving or server._start_serving()
            self.connection = ServerConnection(serving, ADDRESS)
            SocketTransport(serving.loop, ours, self.connection)

    async def send(self, data: bytes) -> None:
        while data:
            try:
                data = data[self.sock.send(data) :]
            except BlockingIOError:
                self.read()
            except (BrokenPipeError, ConnectionResetError):
                return
            await turns(3)

    def read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while not self.ended:
                try:
                    data = self.sock.recv(1 << 20)
                except ConnectionResetError:
                    data = b""
                self.received += data
                self.ended = not data

    async def hear(self) -> bytes:
        """All that comes, until nothing more does."""
        quiet = 0
        while quiet < 4:
            before = len(self.received), self.ended
            await turns(6)
            self.read()
            quiet = quiet + 1 if (len(self.received), self.ended) == before else 0
        return undated(self.received)

    def close(self) -> None:
        self.sock.close()


@contextlib.asynccontextmanager
async def serving(site: Any, **options: Any) -> AsyncIterator[HTTPServer]:
    server = HTTPServer(site, **options)
    try:
        yield server
    finally:
        await server.close_all_connections()
        await turns(3)


def play(play: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine on a loop of its own."""
    loop = IOLoop()
    try:
        loop.run_until_complete(play())
    finally:
        loop.close()
        IOLoop.clear_current()


ORDINARY = [
    get("/a"),
    get("/a?b=c&d"),
    get("/a", method="HEAD"),
    get("/a", "Content-Length: 5", method="POST") + b"hello",
    get("/fields"),
    get("/fields", method="HEAD"),
    get("/counted"),
    get("/counted", method="HEAD"),
    get("/etag"),
    get("/etag", method="HEAD"),
    get("/empty"),
    get("/unchanged"),
    get("/large"),
    get("/large", method="HEAD"),
    get("/huge"),
    get("/later"),
    get("/a", "Cookie: a=b", "X: 1", "X: 2", "Accept: */*"),
]
"""What stays on the lane (but for answers that are too large for the peer's buffer)."""

LAST = [
    get("/a", "Connection: close"),
    get("/a", "Connection: close", method="HEAD"),
    get("/fields", "Connection: close"),
    get("/etag", "Connection: close"),
    get("/empty", "Connection: close"),
    get("/huge", "Connection: close"),
    get("/large", version="1.0"),
    get("/a", version="1.0"),
]
"""Behind what the lane closes."""

UNUSUAL = [
    *LAST,
    get("/later", "Connection: close"),
    get("/raise", "Connection: close"),
    get("/pieces", "Connection: close"),
    get("/pieces", version="1.0"),
    get("/a", "Connection: close", "Content-Length: 2", method="POST") + b"hi",
    get("/a", "Connection: close, keep-alive"),
    get("/bad"),
    get("/wrong"),
    get("/close"),
    get("/cut"),
    get("/raise"),
    get("/pieces"),
    get("/a", version="1.0"),
    get("/a", "Connection: keep-alive", version="1.0"),
    get("/a", "Connection: close"),
    get("/a", "Connection: Upgrade", "Upgrade: x"),
    get("/a", "Expect: 100-continue", "Content-Length: 2", method="POST") + b"hi",
    get("/a", "Transfer-Encoding: chunked", method="POST") + b"2\r\nhi\r\n0\r\n\r\n",
    get("/a", "Content-Length: 3", "Content-Length: 3", method="POST") + b"abc",
    get("/a", "Content-Length: 3", "Content-Length: 4", method="POST") + b"abcd",
    get("/a", "Content-Length: 100", method="POST") + b"x" * 50,
    get("/a", "Content-Length: 0", method="POST"),
    get("/a", "Content-Length: -1", method="POST"),
    get("/a", method="PURGE"),
    get("/a", method="TRACE"),
    b"\r\n" + get("/a"),
    b"\r\n" * 6,
    get("http://y/a"),
    get("*", method="OPTIONS"),
    get("/a").replace(b"Host: x\r\n", b""),
    get("/a", "Host: y"),
    get("/a", "X : 1"),
    get("/a", " folded"),
    get("/a", "no colon"),
    get("/a", "X: a\x01b"),
    get("/a", "X: " + "y" * 70_000),
    get("/" + "a" * 20_000),
    get("/a", *(f"X{i}: 1" for i in range(200))),
    get("/a").replace(b"\r\n", b"\n"),
    get("/a b"),
    get("/a#b"),
    get("/\xe9"),
    b"GET /a HTTP/1.1\r\n\r\n",
    b"GET /a HTTP/2.0\r\nHost: x\r\n\r\n",
    b"GET /part HTTP/1.1\r\nHos",
    b"\x16\x03\x01",
]


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {record.levelname} {record.getMessage()}")


@contextlib.contextmanager
def logged() -> Any:
    kept = Kept()
    loggers = [
        logging.getLogger(name) for name in ("tornadolike.general", "tornadolike.application")
    ]
    before = [(logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.addHandler(kept)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    try:
        yield kept.lines
    finally:
        for logger, (level, propagate) in zip(loggers, before, strict=True):
            logger.removeHandler(kept)
            logger.setLevel(level)
            logger.propagate = propagate


async def converse(pieces: list[bytes], ends: bool, express: bool) -> Any:
    site = Site()
    with logged() as lines:
        async with serving(site) as server:
            peer = Peer(server, express)
            assert (type(peer.connection) is ExpressConnection) is express
            for piece in pieces:
                await peer.send(piece)
            if ends:
                with contextlib.suppress(OSError):
                    peer.sock.shutdown(socket.SHUT_WR)
            heard = await peer.hear()
            ended = peer.ended
            peer.close()
    return heard, ended, site.seen, lines


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[begin:end] for begin, end in itertools.pairwise(edges)]


@pytest.mark.parametrize("data", ORDINARY + UNUSUAL, ids=range(len(ORDINARY + UNUSUAL)))
@pytest.mark.parametrize("ends", [False, True])
def test_each_alone_and_among_others(data: bytes, ends: bool) -> None:
    async def main() -> None:
        for stream in (data, get("/before") + data + get("/behind"), data * 3):
            lane = await converse([stream], ends, True)
            assert lane == await converse([stream], ends, False)

    play(main)


@pytest.mark.parametrize("data", ORDINARY[:4] + UNUSUAL[-4:])
def test_byte_by_byte(data: bytes) -> None:
    async def main() -> None:
        pieces = [bytes([byte]) for byte in data + get("/behind")]
        assert await converse(pieces, False, True) == await converse(pieces, False, False)

    play(main)


# (Where one is as long as what is received at once, an answer may hang on where the kernel has cut it.)
PARTS = [part for part in ORDINARY * 2 + UNUSUAL if len(part) < 16 * 1024]


@settings(max_examples=400)
@given(
    # (By their numbers: some are too large for hypothesis to be shown.)
    st.lists(st.sampled_from(range(len(PARTS))), min_size=1, max_size=8),
    st.lists(st.integers(0, 10_000), max_size=6),
    st.booleans(),
)
def test_cut_at_random(parts: list[int], places: list[int], ends: bool) -> None:
    async def main() -> None:
        pieces = cut(b"".join(PARTS[part] for part in parts), places)
        assert await converse(pieces, ends, True) == await converse(pieces, ends, False)

    play(main)


# That it is used, and left


@pytest.mark.parametrize("data", [one for one in ORDINARY if one != get("/huge")])
def test_what_is_ordinary_stays_on_the_lane(data: bytes) -> None:
    async def main() -> None:
        async with serving(Site()) as server:
            peer = Peer(server)
            await peer.send(data * 5)
            await peer.hear()
            assert peer.connection._on_lane
            peer.close()

    play(main)


def test_a_connection_is_the_same_behind_the_lane() -> None:
    seen: list[Any] = []

    def answer(request: Any) -> None:
        seen.append(request.connection)
        Site().do_pieces(request) if request.path == "/pieces" else say(request)

    async def main() -> None:
        async with serving(answer) as server:
            peer = Peer(server)
            await peer.send(get("/a") + get("/pieces") + get("/b"))
            heard = await peer.hear()
            assert heard.startswith(ok("GET /a"))
            assert heard.endswith(ok("GET /b"))
            assert set(map(id, seen)) == {id(peer.connection)}
            assert not peer.connection._on_lane
            assert isinstance(peer.connection, ServerConnection)
            peer.close()

    play(main)


def test_a_head_in_two_pieces_is_waited_for_on_the_lane() -> None:
    async def main() -> None:
        async with serving(Site()) as server:
            peer = Peer(server)
            for piece in (get("/a")[:10], get("/a")[10:] + get("/b")[:20], get("/b")[20:]):
                await peer.send(piece)
                await turns(3)
            assert await peer.hear() == ok("GET /a") + ok("GET /b")
            assert peer.connection._on_lane
            peer.close()

    play(main)


def test_all_answers_of_a_wake_up_leave_together() -> None:
    async def main() -> None:
        async with serving(Site()) as server:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            for sock in (ours, theirs):
                sock.setblocking(False)
            server.handle_socket(ours, ADDRESS)
            theirs.send(get("/a") * 16)
            await turns(3)
            assert undated(theirs.recv(1 << 20)) == ok("GET /a") * 16
            theirs.close()
            await turns(3)

    play(main)


# Reentrancy


def test_a_handler_finishes_the_response_of_another_connection() -> None:
    site = Site()

    def release(request: Any) -> None:
        while site.waiting:
            say(site.waiting.pop(), "released")
        say(request)

    site.do_release = release  # type: ignore[attr-defined]

    async def main() -> None:
        async with serving(site) as server:
            first, second = Peer(server), Peer(server)
            await first.send(get("/hold") + get("/behind"))
            await turns(2)
            await second.send(get("/a") + get("/release") + get("/b"))
            assert await first.hear() == ok("released") + ok("GET /behind")
            assert await second.hear() == ok("GET /a") + ok("GET /release") + ok("GET /b")
            assert first.connection._on_lane
            assert second.connection._on_lane
            first.close()
            second.close()

    play(main)


def test_the_owner_leaves_the_lane_while_a_head_is_looked_for() -> None:
    """A text that compares runs code: what is in the buffer is taken out in the middle of an answer."""
    site = Site()

    class Odd(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            owner[0]._leave()
            return str.__eq__(self, other)

    owner: list[Any] = []

    def release(request: Any) -> None:
        owner.append(request.connection)
        waiting = site.waiting.pop()
        waiting.connection.respond(200, "OK", Odd("text/plain"), None, b"", b"released")
        say(request)

    site.do_release = release  # type: ignore[attr-defined]

    async def main() -> None:
        async with serving(site) as server:
            first, second = Peer(server), Peer(server)
            await first.send(get("/hold") + get("/behind"))
            await turns(2)
            await second.send(get("/a") * 5 + get("/release") + get("/b"))
            assert await first.hear() == ok("released") + ok("GET /behind")
            assert await second.hear() == ok("GET /a") * 5 + ok("GET /release") + ok("GET /b")
            assert not second.connection._on_lane
            first.close()
            second.close()

    play(main)


@pytest.mark.parametrize("how", ["abort", "close"])
def test_a_handler_ends_its_own_connection_behind_its_answer(how: str) -> None:
    def answer(request: Any) -> None:
        connection = request.connection
        say(request)
        getattr(connection, how)()

    async def main() -> None:
        async with serving(answer) as server:
            peer = Peer(server)
            await peer.send(get("/a") * 3)
            heard = await peer.hear()
            assert peer.ended
            assert heard == (b"" if how == "abort" else ok("GET /a"))
            assert not server._serving.connections
            peer.close()

    play(main)


def test_a_handler_has_another_connection_served_meanwhile() -> None:
    """As one that runs the loop would: the room is in use, and the other leaves the lane."""
    peers: list[Peer] = []

    def answer(request: Any) -> None:
        if request.path == "/nested":
            peers[1].connection(1)  # as the loop calls it
        say(request)

    async def main() -> None:
        async with serving(answer) as server:
            peers.extend([Peer(server), Peer(server)])
            peers[1].sock.send(get("/other"))
            peers[0].sock.send(get("/nested?" + "x" * 100) + get("/b"))
            first = await peers[0].hear()
            assert first == ok("GET /nested?" + "x" * 100) + ok("GET /b")
            assert await peers[1].hear() == ok("GET /other")
            for peer in peers:
                peer.close()

    play(main)


def test_a_request_that_is_kept_stays_what_it_was() -> None:
    kept: list[Any] = []

    def answer(request: Any) -> None:
        kept.append(request)
        say(request, "x")

    async def main() -> None:
        async with serving(answer) as server:
            peer = Peer(server)
            for number in range(50):
                await peer.send(get(f"/{number}?q={number}", f"N: {number}") * 3)
            await peer.hear()
            assert [request.uri for request in kept[::3]] == [f"/{n}?q={n}" for n in range(50)]
            assert [request.headers["N"] for request in kept[::3]] == [str(n) for n in range(50)]
            peer.close()

    play(main)


def test_an_interrupt_loses_nothing() -> None:
    stopped: list[Any] = []

    def answer(request: Any) -> None:
        if request.path == "/stop":
            stopped.append(request)
            raise KeyboardInterrupt
        say(request)

    loop = IOLoop()
    server = HTTPServer(answer)

    async def begin() -> Peer:
        return Peer(server)

    peer = loop.run_until_complete(begin())
    peer.sock.send(get("/a") + get("/stop") + get("/b"))
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(asyncio.sleep(1))

    async def go_on() -> None:
        say(stopped.pop())
        assert await peer.hear() == ok("GET /a") + ok("GET /stop") + ok("GET /b")
        await server.close_all_connections()
        peer.close()
        other = Peer(server)
        await other.send(get("/b"))
        assert await other.hear() == ok("GET /b")
        other.close()
        await turns(3)

    loop.run_until_complete(go_on())
    loop.close()
    IOLoop.clear_current()


# The end


def test_a_client_that_leaves_while_its_request_is_answered() -> None:
    site = Site()

    async def main() -> None:
        async with serving(site) as server:
            peer = Peer(server)
            await peer.send(get("/hold"))
            await turns(2)
            assert peer.connection._on_lane
            assert peer.connection.phase == "HANDLING"
            assert not peer.connection.closed
            peer.close()
            await turns(10)
            assert site.closed == ["/hold"]

    play(main)


def test_what_comes_while_a_request_is_answered_is_bounded() -> None:
    site = Site()

    async def main() -> None:
        async with serving(site, max_pipelined_size=1000) as server:
            peer = Peer(server)
            await peer.send(get("/hold"))
            await peer.send(get("/a") * 100)
            await turns(3)
            assert not peer.connection.transport.is_reading()
            say(site.waiting.pop(), "done")
            assert await peer.hear() == ok("done") + ok("GET /a") * 100
            peer.close()

    play(main)


def test_a_peer_that_does_not_read_gets_no_more_answers() -> None:
    site = Site()

    async def main() -> None:
        async with serving(site) as server:
            peer = Peer(server)
            for _ in range(20):
                peer.sock.send(get("/huge") + get("/a"))
                await turns(5)
            assert len(site.seen) < 20
            assert (await peer.hear()).endswith(ok("GET /a"))
            assert len(site.seen) == 40
            peer.close()

    play(main)


@pytest.mark.parametrize("data", [b"", get("/a"), get("/a") + b"GET"])
def test_time_outs(data: bytes) -> None:
    async def main() -> None:
        async with serving(Site(), header_timeout=5, idle_connection_timeout=7) as server:
            loop: Any = asyncio.get_running_loop()
            peer = Peer(server)
            if data:
                await peer.send(data)
                await turns(3)
            ahead = 0.0
            clock = loop.time
            loop.time = lambda: clock() + ahead
            deadlines = server._serving.deadlines
            for later in (4.0, 6.0, 8.0):
                ahead = later
                deadlines._timer.cancel()
                deadlines._tick()
                await peer.hear()
                if peer.ended:
                    break
            assert ahead == (8.0 if data == get("/a") else 6.0)
            assert (b"408" in peer.received) == data.endswith(b"GET")
            peer.close()

    play(main)


def test_draining() -> None:
    site = Site()

    async def main() -> None:
        async with serving(site) as server:
            idle, busy = Peer(server), Peer(server)
            await idle.send(get("/a"))
            await busy.send(get("/hold"))
            await turns(3)
            server._serving.loop.time = lambda: time.monotonic() + 10
            draining = asyncio.ensure_future(server.drain())
            await turns(3)
            assert await idle.hear() == ok("GET /a")
            assert idle.ended
            assert not draining.done()
            say(site.waiting.pop(), "last")
            assert b"Connection: close" in await busy.hear()
            assert busy.ended
            for peer in (idle, busy):
                peer.close()
            await draining

    play(main)


def test_an_ended_connection_can_be_asked() -> None:
    site = Site()

    async def main() -> None:
        async with serving(site) as server:
            peer = Peer(server)
            await peer.send(get("/a"))
            peer.close()
            await turns(3)
            connection = peer.connection
            assert connection.phase == "ENDED"
            assert connection.closed
            assert connection.stream.closed()
            assert not connection.responding
            assert connection.transport.get_extra_info("peername") is None
            with pytest.raises(Exception, match="closed"):
                await connection.respond(200, "OK", "text/plain", None, b"", b"")
            connection.close()
            connection.abort()

    play(main)


def test_other_kinds_of_sockets_are_asked_themselves() -> None:
    class Counting(socket.socket):
        received = 0

        def recv(self, *args: Any) -> bytes:
            data = super().recv(*args)
            self.received += len(data)
            return data

    async def main() -> None:
        async with serving(Site()) as server:
            ours, theirs = socket.socketpair()
            counting = Counting(fileno=ours.detach())
            counting.setblocking(False)
            server.handle_socket(counting, ADDRESS)
            theirs.send(get("/a"))
            await turns(3)
            assert counting.received == len(get("/a"))
            theirs.close()
            await turns(3)

    play(main)


# Memory


def test_nothing_is_kept() -> None:
    site = Site()

    async def main() -> None:
        async with serving(site) as server:
            peer = Peer(server)
            counts = []
            for part in (get("/a"), get("/fields"), get("/later"), get("/large")):
                for _ in range(3):
                    for _ in range(150):
                        await peer.send(part * 5)
                        await turns(3)
                        peer.read()
                    await peer.hear()
                    peer.received = b""
                    site.seen.clear()
                    gc.collect()
                    counts.append((sys.getrefcount(peer.connection), sys.getallocatedblocks()))
                assert counts[-1][0] == counts[-2][0] == counts[0][0]
                assert counts[-1][1] - counts[-2][1] < 100
            assert peer.connection._on_lane
            peer.close()

    play(main)


def test_connections_are_freed() -> None:
    async def main() -> None:
        async with serving(Site()) as server:
            for data in (b"", get("/a"), get("/pieces"), get("/cut"), b"GET"):
                peer = Peer(server)
                if data:
                    await peer.send(data)
                await turns(3)
                peer.close()
                await turns(6)
                gc.collect()
                references = sys.getrefcount(peer.connection)
                assert references == 2  # the peer's, and the call's
            assert not server._serving.connections

    play(main)
