"""A connection in disorder: requests cut anywhere, answers at any time, a peer that reads when it likes.

Each seed plays one connection. What the peer gets in the end is parsed by h11 and must be what the
application said, in order; and whatever happened, nothing may be left.
"""

import asyncio
import random
import socket
from typing import Any

import h11
import pytest

from tests.peers import reset
from tornadolike.httpserver import HTTPServer
from tornadolike.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
    ResponseStartLine,
)
from tornadolike.ioloop import IOLoop

pytestmark = pytest.mark.once

OK = ResponseStartLine("HTTP/1.1", 200, "OK")
HINTS = ResponseStartLine("HTTP/1.1", 103, "Early Hints")
SEEDS = 150

ENDS = ("raise", "break", "close")
"""What ends the connection; the rest leaves it open."""


class Answer:
    """What becomes of one request."""

    def __init__(self, kind: str, number: int, size: int) -> None:
        self.kind = kind
        self.body = b"%d " % number + b"x" * size
        self.told_closed = 0
        self.steps = self.say()
        self.connection: Any = None
        self.finished = False

    def say(self) -> Any:
        """A generator that answers a step at a time."""
        connection = self.connection
        body = self.body
        if self.kind in ("stream", "length", "hints"):
            if self.kind == "hints":
                connection.write_headers(HINTS, HTTPHeaders({"Link": "x"}))
                yield
            headers = HTTPHeaders()
            if self.kind == "length":
                headers["Content-Length"] = str(len(body))
            connection.write_headers(OK, headers)
            yield
            for start in range(0, len(body), max(1, len(body) // 3)):
                connection.write(body[start : start + max(1, len(body) // 3)])
                yield
            connection.finish(
                HTTPHeaders({"Sum": str(len(body))}) if self.kind == "hints" else None
            )
        elif self.kind == "break":
            connection.write_headers(OK, HTTPHeaders({"Content-Length": str(len(body) + 1)}))
            yield
            connection.write(body)
            yield
            connection.close()
            return
        elif self.kind == "raise":
            raise ZeroDivisionError
        else:
            headers = HTTPHeaders({"Connection": "close"}) if self.kind == "close" else None
            connection.respond(200, "OK", "text/plain", headers, b"", body)
        self.finished = True

    def go_on(self) -> bool:
        """Take a step; whether there are more."""
        for _ in self.steps:
            return True
        return False


class Site(HTTPServerConnectionDelegate):
    """Takes requests in a conversation that waits now and then; answers at once, or step by step later."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.answers: list[Answer] = []
        self.under_way: list[Answer] = []
        self.closed = 0

    def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
        return Listener(self, request_conn)

    def on_close(self, server_conn: object) -> None:
        self.closed += 1

    def take(self, listener: "Listener") -> None:
        """A request is whole: decide what becomes of it, and perhaps begin at once."""
        rng = self.rng
        assert listener.number == len(self.answers), "requests come in order"
        kind = rng.choice(
            ["now"] * 8 + ["stream", "length", "hints"] * 2 + ["break", "close", "raise"]
        )
        size = rng.choice([0, 10, 1000, 5000, 300_000]) + listener.body
        answer = listener.answer = Answer(kind, listener.number, size)
        answer.connection = listener.connection
        listener.connection.set_close_callback(listener.on_connection_close)
        self.answers.append(answer)
        if (kind != "raise" and rng.random() < 0.5) or answer.go_on():
            self.under_way.append(answer)


class CallableSite(Site):
    """Takes in one call what arrives whole."""

    def __call__(self, request: HTTPServerRequest) -> None:
        listener = Listener(self, request.connection)
        listener.number = int(request.path[1:])
        listener.body = len(request.body)
        self.take(listener)


class Listener(HTTPMessageDelegate):
    def __init__(self, site: Site, connection: Any) -> None:
        self.site = site
        self.connection = connection
        self.body = 0
        self.answer: Answer | None = None

    def wait(self) -> Any:
        return asyncio.sleep(0) if self.site.rng.random() < 0.3 else None

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Any:
        self.number = int(start_line.path[1:])
        return self.wait()

    def data_received(self, chunk: bytes) -> Any:
        self.body += len(chunk)
        return self.wait()

    def finish(self) -> None:
        self.site.take(self)

    def on_connection_close(self) -> None:
        if self.answer is not None:
            self.answer.told_closed += 2 if self.answer.finished else 1


def requests(rng: random.Random, count: int) -> bytes:
    data = bytearray()
    for number in range(count):
        size = rng.choice([0, 0, 0, 1, 50, 100_000])
        lines = [f"POST /{number} HTTP/1.1", "Host: x"]
        if rng.random() < 0.2:
            lines.append("Expect: 100-continue")
        body = b"b" * size
        if size and rng.random() < 0.5:
            lines.append("Transfer-Encoding: chunked")
            cut = rng.randrange(size)
            pieces = [piece for piece in (body[:cut], body[cut:]) if piece]
            body = b"".join([b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces])
            body += rng.choice([b"0\r\n\r\n", b"0;last\r\nSum: %d\r\n\r\n" % size])
        else:
            lines.append(f"Content-Length: {size}")
        data += "\r\n".join([*lines, "", ""]).encode() + body
    return bytes(data)


def parse(received: bytes, ended: bool) -> list[bytes | None]:
    """The bodies of the answers; None for an error page or an answer that is broken off."""
    found: list[bytes | None] = []
    client = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
    client.receive_data(received)
    if ended:
        client.receive_data(b"")
    while True:
        begun = False
        client.send(h11.Request(method="POST", target="/", headers=[("Host", "x")]))
        client.send(h11.EndOfMessage())
        body: bytes | None = b""
        try:
            while True:
                event = client.next_event()
                if event is h11.NEED_DATA or type(event) is h11.ConnectionClosed:
                    return found
                if type(event) is h11.Response:
                    begun = True
                    if event.status_code != 200:
                        body = None
                elif type(event) is h11.Data and body is not None:
                    body += event.data
                elif type(event) is h11.EndOfMessage:
                    break
        except h11.RemoteProtocolError:
            return [*found, None] if begun else found
        found.append(body)
        if client.their_state is not h11.DONE:
            return found
        client.start_next_cycle()


class Play:
    """One connection from beginning to end."""

    def __init__(self, loop: IOLoop, seed: int) -> None:
        self.loop = loop
        self.rng = random.Random(seed)
        self.site = self.rng.choice([Site, CallableSite])(self.rng)
        self.server = HTTPServer(self.site, max_pipelined_size=self.rng.choice([100, 5000, 65536]))
        ours, self.peer = socket.socketpair()
        for sock in (ours, self.peer):
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.rng.choice([4096, 200_000]))
        self.server.handle_socket(ours, "")
        self.count = self.rng.randrange(1, 8)
        self.to_send = requests(self.rng, self.count)
        self.received = bytearray()
        self.ended = False

    def send(self, size: int) -> None:
        try:
            self.to_send = self.to_send[self.peer.send(self.to_send[:size]) :]
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            pass

    def read(self, size: int) -> None:
        try:
            data = self.peer.recv(size)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        self.received += data
        self.ended = self.ended or not data

    def answer(self) -> None:
        answer = self.rng.choice(self.site.under_way)
        if not answer.go_on():
            self.site.under_way.remove(answer)

    async def turns(self, count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(0)

    async def run(self) -> None:
        rng = self.rng
        crashes = rng.random() < 0.2
        half_closes = rng.random() < 0.3
        steps = rng.randrange(5, 60)
        drains_at = rng.randrange(steps) if rng.random() < 0.2 else -1
        for number in range(steps):
            if number == drains_at:
                draining = self.loop.create_task(self.server.drain())
            step = rng.randrange(4)
            if step == 0:
                self.send(rng.choice([1, 20, 500, 100_000]))
            elif step == 1:
                self.read(rng.choice([1, 5000, 100_000]))
            elif step == 2 and self.site.under_way:
                self.answer()
            await self.turns(rng.randrange(3))
        if crashes:
            reset(self.peer)
        else:
            await self.finish(half_closes)
        while self.site.under_way:
            self.answer()
            await self.turns(1)
        await self.turns(5)
        if not crashes:
            self.check(drains_at >= 0)
            self.peer.close()
        await self.turns(5)
        serving: Any = self.server._serving
        serving.deadlines._timer and serving.deadlines._timer.cancel()
        for connection in serving.connections:  # whose reading is paused: it has to look
            connection.deadline_passed()
        await self.turns(3)
        assert not serving.connections
        if drains_at >= 0:
            await draining
        assert self.site.closed == 1
        # Once at the most, and not after the answer.
        assert all(answer.told_closed <= 1 for answer in self.site.answers)

    async def finish(self, half_closes: bool) -> None:
        """Send the rest, read the rest, have everything answered."""
        idle = 0
        while idle < 20:
            before = (len(self.to_send), len(self.received), len(self.site.under_way))
            self.send(1 << 20)
            if not self.to_send and half_closes:
                half_closes = False
                try:
                    self.peer.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
            await self.turns(2)
            if self.site.under_way:
                self.answer()
            await self.turns(2)
            self.read(1 << 20)
            after = (len(self.to_send), len(self.received), len(self.site.under_way))
            idle = idle + 1 if before == after else 0

    def check(self, drained: bool) -> None:
        answers = self.site.answers
        expected: list[bytes | None] = []
        for answer in answers:
            if answer.kind in ("raise", "break"):
                expected.append(None)
            else:
                expected.append(answer.body)
            if answer.kind in ENDS:
                assert answer is answers[-1], "nothing is served after the last"
        assert parse(bytes(self.received), self.ended) == expected
        if not drained and not (answers and answers[-1].kind in ENDS):
            assert len(answers) == self.count


@pytest.mark.parametrize("part", range(3))
def test_disorder(io_loop: IOLoop, part: int, expect_log: Any) -> None:
    with expect_log("tornadolike.application", "Uncaught exception while serving"):
        for seed in range(part * SEEDS, (part + 1) * SEEDS):
            try:
                io_loop.run_sync(Play(io_loop, seed).run, timeout=20)
            except BaseException as error:
                error.add_note(f"seed {seed}")
                raise
