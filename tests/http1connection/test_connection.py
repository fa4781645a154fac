"""One request after another: the order of bytes, how many sends they take, floods."""

import asyncio
import socket
from typing import Any

from tests.http1connection.helpers import (
    MOST_BUFFERED,
    Held,
    Sends,
    Watched,
    connect_slowly,
    server_reads,
    shrink,
)
from tests.wire.client import PLAIN_AND_TLS, expect, expect_end, get, head, ok, read_all
from tornadolike.httputil import HTTPServerRequest
from tornadolike.iostream import StreamClosedError

KILOBYTE = 1024

# The order of bytes, and how many sends they take


@PLAIN_AND_TLS
def test_pipelined_requests_leave_in_one_send(watch: Any) -> None:
    server = watch()
    with server.connect() as sock:
        sends = Sends(server.connection)
        sock.sendall(b"".join([get(f"/{number}") for number in range(50)]))
        expected = b"".join([ok(f"GET /{number}") for number in range(50)])
        expect(sock, expected)
    assert len(sends.sizes) == 1


@PLAIN_AND_TLS
def test_very_many_leave_in_few(watch: Any) -> None:
    server = watch()
    with server.connect() as sock:
        connection = server.connection
        sends = Sends(connection)
        # From inside the loop, so that all of it is read by one call.
        requests = b"".join([get(f"/{number}") for number in range(1000)])
        server.call(connection.data_received, requests)
        expect(sock, b"".join([ok(f"GET /{number}") for number in range(1000)]))
    assert len(sends.sizes) == 8


@PLAIN_AND_TLS
def test_answers_of_a_coroutine_leave_with_those_behind_it(watch: Any) -> None:
    held = Held()
    server = watch(held)
    with server.connect() as sock:
        connection = server.connection
        sends = Sends(connection)
        sock.sendall(get("/now/1") + get("/now/2") + get("/3") + get("/now/4") + get("/now/5"))
        expect(sock, ok("GET /now/1") + ok("GET /now/2"))
        server.call(held.answer_next)
        expect(sock, ok("GET /3") + ok("GET /now/4") + ok("GET /now/5"))
        assert len(sends.sizes) == 2
        sock.sendall(get("/6") + get("/7") + get("/now/8"))
        server.until(lambda: held.requests)
        server.call(held.answer_next)
        server.until(lambda: held.requests)
        expect(sock, ok("GET /6"))
        server.call(held.answer_next)
        expect(sock, ok("GET /7") + ok("GET /now/8"))
        assert len(sends.sizes) == 4


@PLAIN_AND_TLS
def test_coroutines_of_one_connection_are_tasks_of_their_own(serve: Any) -> None:
    """The next request is not begun inside the task that has answered the one before."""
    from tornadolike.web import Application, RequestHandler

    tasks = []

    class Handler(RequestHandler):
        async def get(self) -> None:
            tasks.append(asyncio.current_task())
            await asyncio.sleep(0)
            self.finish("x")
            assert asyncio.current_task() is tasks[-1]

    server = serve(Application([("/", Handler)]))
    with server.connect() as sock:
        sock.sendall(get("/") * 5 + get("/", "Connection: close"))
        assert read_all(sock).count(b"\r\n\r\nx") == 6
    assert len(set(tasks)) == 6
    assert None not in tasks


@PLAIN_AND_TLS
def test_a_large_answer_among_small_ones(watch: Any) -> None:
    sizes = [10, 100_000, 20, 5000, 30, 2_000_000, 40]

    def respond(request: HTTPServerRequest) -> None:
        size = sizes[int(request.path[1:])]
        request.connection.respond(200, "OK", "text/plain", None, b"", b"x" * size)

    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(b"".join([get(f"/{number}") for number in range(7)]))
        expect(sock, b"".join([ok("x" * size) for size in sizes]))
        server.until_in("IDLE")


@PLAIN_AND_TLS
def test_a_large_answer_of_a_coroutine_holds_up_those_behind_it(watch: Any) -> None:
    held = Held()
    server = watch(held)
    with connect_slowly(server) as sock:
        sock.sendall(get("/held") + get("/now/1") + get("/now/2"))
        server.until(lambda: held.requests)
        request = held.requests.pop()

        def respond() -> None:
            request.connection.respond(200, "OK", "text/plain", None, b"", b"x" * 8_000_000)

        server.call(respond)
        server.until_in("WRITING")
        assert held.count == 1
        expect(sock, ok("x" * 8_000_000) + ok("GET /now/1") + ok("GET /now/2"))
        server.until_in("IDLE")


@PLAIN_AND_TLS
def test_what_comes_between_an_answer_and_the_next_request(watch: Any) -> None:
    """The next request is taken in a callback of its own; until then much may happen."""
    held = Held()
    server = watch(held)
    with server.connect() as sock:
        connection = server.connection

        def answer_and_more() -> None:
            held.answer_next()
            connection.data_received(get("/now/2"))

        def answer_and_close() -> None:
            held.answer_next()
            connection.close()

        sock.sendall(get("/held") + get("/now/1"))
        server.until(lambda: held.requests)
        server.call(answer_and_more)
        expect(sock, ok("GET /held") + ok("GET /now/1") + ok("GET /now/2"))
        sock.sendall(get("/held") + get("/now/1"))
        server.until(lambda: held.requests)
        server.call(answer_and_close)
        expect_end(sock, ok("GET /held"))
        assert held.count == 4
    server.until_gone()


# Floods


def flood(server: Watched, sock: socket.socket, data: bytes) -> int:
    """Send until the server has stopped reading and the kernel takes no more; how much that was."""
    sock.setblocking(False)
    sent = 0
    while True:
        stopped = not server.call(server_reads, server)
        try:
            sent += sock.send(data[sent % len(data) :])
        except BlockingIOError:
            if stopped:
                break
    sock.settimeout(10)
    return sent


def test_a_flood_of_requests_behind_an_unfinished_one_is_not_read(watch: Any) -> None:
    held = Held()
    server = watch(held)
    with connect_slowly(server, 65536) as sock:
        connection = server.connection
        sent = flood(server, sock, get("/held") * 200)
        assert sent > 2 * 64 * KILOBYTE
        for _ in range(500):
            server.until(lambda: held.requests)
            assert server.call(lambda: connection._reader.buffered) <= MOST_BUFFERED
            server.call(held.answer_next)
        expect(sock, ok("GET /held") * 500)


def test_a_flood_whose_answers_nobody_reads_is_bounded(watch: Any) -> None:
    served = []

    def respond(request: HTTPServerRequest) -> None:
        served.append(request.path)
        request.connection.respond(200, "OK", "text/plain", None, b"", b"x" * 3000)

    server = watch(respond)
    with connect_slowly(server) as sock:
        connection = server.connection
        server.call(shrink, connection)
        sent = flood(server, sock, get("/") * 2000)
        server.until_in("WRITING")
        waiting = server.call(connection.transport.get_write_buffer_size)
        assert waiting < 512 * KILOBYTE
        assert server.call(lambda: connection._reader.buffered) <= MOST_BUFFERED
        count = len(served)
        assert count < 1000
        # Once it reads, everything is answered, in order.
        whole, part = divmod(sent, len(get("/")))
        expect(sock, ok("x" * 3000) * whole)
        assert len(served) == whole
        sock.sendall(get("/")[part:] if part else get("/"))
        expect(sock, ok("x" * 3000))
        server.until_in("IDLE")


@PLAIN_AND_TLS
def test_a_head_that_is_larger_than_what_may_wait(watch: Any) -> None:
    """Paused behind a request, reading goes on when the next head needs more to be whole."""
    held = Held()
    server = watch(held, max_header_size=400_000, max_pipelined_size=1000)
    with server.connect() as sock:
        sock.sendall(get("/1"))
        server.until_in("HANDLING")
        large = get("/now", "X: " + "y" * 200_000)
        sock.sendall(large[:150_000])
        server.until(lambda: not server_reads(server))
        server.call(held.answer_next)
        sock.sendall(large[150_000:])
        expect(sock, ok("GET /1") + ok("GET /now"))


@PLAIN_AND_TLS
def test_a_coroutine_that_never_stops_writing_waits_for_the_peer(watch: Any) -> None:
    """Even in its first step, in which what it writes is held back."""
    written = []

    async def stream(connection: Any) -> None:
        connection.write_headers(*head())
        while True:
            written.append(1)
            await connection.write(b"x" * 1000)

    tasks: list[asyncio.Task[None]] = []

    def start(request: HTTPServerRequest) -> None:
        loop: Any = asyncio.get_running_loop()
        tasks.append(loop.start_task(stream(request.connection)))

    server = watch(start)
    with connect_slowly(server) as sock:
        server.call(shrink, server.connection)
        sock.sendall(get("/"))
        connection = server.connection
        server.until(lambda: connection._drained)
        assert len(written) < 2000
    server.until(lambda: tasks[0].done())
    assert isinstance(tasks[0].exception(), StreamClosedError)


@PLAIN_AND_TLS
def test_who_stops_waiting_for_the_peer_stops_only_himself(watch: Any) -> None:
    outcomes: list[str] = []

    async def impatient(connection: Any, piece: bytes) -> None:
        try:
            await asyncio.wait_for(connection.write(piece), 0.01)
        except TimeoutError:
            outcomes.append("gave up")

    async def patient(connection: Any) -> None:
        await connection.write(b"y")
        outcomes.append("waited")
        connection.finish()

    tasks: list[asyncio.Task[None]] = []

    def start(request: HTTPServerRequest) -> None:
        connection = request.connection
        connection.write_headers(*head(Content_Length=str(4_000_001)), b"x" * 4_000_000)
        loop = asyncio.get_running_loop()
        tasks.append(loop.create_task(impatient(connection, b"")))
        tasks.append(loop.create_task(patient(connection)))

    server = watch(start)
    with connect_slowly(server) as sock:
        server.call(shrink, server.connection)
        sock.sendall(get("/"))
        server.until(lambda: outcomes == ["gave up"])
        body = b"x" * 4_000_000 + b"y"
        expect(sock, b"HTTP/1.1 200 OK\r\nContent-Length: 4000001\r\n\r\n" + body)
        server.until(lambda: outcomes == ["gave up", "waited"])
