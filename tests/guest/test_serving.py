"""The server under loops of another kind: handlers, files, streams, WebSockets, and how it ends."""

import asyncio
import contextlib
import gc
import http.client
import socket
import threading
import time
import warnings

import pytest

from demos.chat.app import make_app
from demos.chat.hub import Hub
from tests.apps.chat_tabs import PollTab, SocketTab, tabs
from tests.http1connection.helpers import connect_slowly, shrink
from tests.wire.client import get, read_all
from tornadolike.httpserver import HTTPServer
from tornadolike.ioloop import GuestLoop, IOLoop, PeriodicCallback
from tornadolike.iostream import StreamClosedError
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application, RequestHandler

PATIENCE = 10.0


class Where(RequestHandler):
    """Says on which loop it runs, one way or another."""

    def get(self):
        assert isinstance(IOLoop.current(), GuestLoop)
        assert IOLoop.current().asyncio_loop is asyncio.get_running_loop()
        self.write("here")


class Steps(RequestHandler):
    """A coroutine that is a real task from its first step on."""

    async def get(self, kind):
        task = asyncio.current_task()
        assert task is not None
        async with asyncio.timeout(PATIENCE):
            if kind == "waits":
                await asyncio.sleep(0)
            elif kind == "works":
                await IOLoop.current().run_in_executor(None, time.sleep, 0)
            elif kind == "expires":
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0):
                        await IOLoop.current().create_future()
        assert asyncio.current_task() is task
        self.write(kind)


class Echo(RequestHandler):
    async def post(self):
        await asyncio.sleep(0)
        self.write(self.request.body)


def answers(server, requests):
    """The bodies of the answers to requests that are sent at once."""
    with server.connect() as sock:
        sock.sendall(requests)
        sock.shutdown(socket.SHUT_WR)
        received = read_all(sock)
    heads = received.split(b"HTTP/1.1 200 OK\r\n")
    assert heads[0] == b""
    return [answer.partition(b"\r\n\r\n")[2].decode() for answer in heads[1:]]


def test_handlers_of_all_kinds_are_answered_in_order(serve):
    server = serve(Application([("/", Where), ("/steps/(.*)", Steps)]))
    kinds = ["never", "waits", "works", "expires"]
    requests = b"".join(get("/") + get(f"/steps/{kind}") for kind in kinds * 5)
    expected = [body for kind in kinds * 5 for body in ("here", kind)]
    assert answers(server, requests) == expected


def test_a_connection_is_kept(serve):
    server = serve(Application([("/", Echo)]))
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    with contextlib.closing(client):
        for size in (0, 1, 100_000):
            client.request("POST", "/", b"x" * size)
            assert client.getresponse().read() == b"x" * size
            ours = client.sock.getsockname()
        assert client.sock.getsockname() == ours
        client.request("POST", "/", iter([b"in ", b"chunks"]), encode_chunked=True)
        assert client.getresponse().read() == b"in chunks"


def test_files(serve, tmp_path):
    content = bytes(range(256)) * 20_000
    (tmp_path / "file.bin").write_bytes(content)
    server = serve(Application([], static_path=str(tmp_path)))
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    with contextlib.closing(client):
        client.request("GET", "/static/file.bin")
        answer = client.getresponse()
        assert answer.read() == content
        client.request("GET", "/static/file.bin", headers={"Range": "bytes=1000000-1000009"})
        assert client.getresponse().read() == content[1_000_000:1_000_010]
        client.request("GET", "/static/file.bin", headers={"If-None-Match": answer.headers["Etag"]})
        assert client.getresponse().status == 304


def test_who_writes_more_than_the_peer_reads_is_slowed(serve):
    flushed = []

    class Big(RequestHandler):
        async def get(self):
            shrink(self.request.connection)
            for _ in range(100):
                self.write(b"x" * 100_000)
                await self.flush()
                flushed.append(1)

    server = serve(Application([("/", Big)]))
    with connect_slowly(server) as sock:
        sock.sendall(get("/", "Connection: close"))
        server.call(asyncio.sleep, 0.2)
        assert 0 < len(flushed) < 30
        assert len(read_all(sock)) > 10_000_000
    assert len(flushed) == 100


class Taken(RequestHandler):
    """Makes a stream of its connection, shouts back until the server stops."""

    async def get(self):
        connection = self.request.connection
        stream = self.detach()
        connection.set_drain_callback(stream.close)
        with contextlib.suppress(StreamClosedError):
            while True:
                await stream.write((await stream.read_until(b"\n")).upper())


class Forgotten(RequestHandler):
    """Makes a stream of its connection that nobody has."""

    def get(self):
        self.detach().write(b"bye")


def test_connections_become_streams(serve):
    server = serve(Application([("/", Taken), ("/forgotten", Forgotten)]))
    with server.connect() as sock, server.connect() as other:
        other.sendall(get("/forgotten"))
        assert read_all(other) == b"bye"
        sock.sendall(get("/") + b"hello\n")
        assert sock.recv(100) == b"HELLO\n"
        server.call(server.server.drain)
        assert read_all(sock) == b""


def test_the_chat(serve):
    """Two by WebSocket, one by polling, and a clock that ticks."""
    hub = Hub()
    server = serve(make_app(hub))
    ticks = []

    async def tick():
        ticks.append(await hub.tick())

    clock = PeriodicCallback(tick, 20)
    server.call(clock.start)
    with tabs(
        SocketTab(server.port, "Ann"), SocketTab(server.port, "Bob"), PollTab(server.port, "Eve")
    ) as everybody:
        ann, bob, eve = everybody
        for tab in everybody:
            tab.join("room")
        for speaker in ann, bob, eve:
            speaker.say(f"I am {speaker.name}")
            assert [tab.hears() for tab in everybody] == [f"I am {speaker.name}"] * 3
        before = len(ticks)
        while len(ticks) < before + 2:
            server.call(asyncio.sleep, 0.01)
        server.call(hub.close)
        with pytest.raises(EOFError):
            ann.wait("never")
    server.call(clock.stop)


def test_draining(serve):
    gate = []

    class Slow(RequestHandler):
        async def get(self):
            gate.append(asyncio.Event())
            await gate[0].wait()
            self.write("the last")

    server = serve(Application([("/", Slow), ("/here", Where)]))
    with server.connect() as idle, server.connect() as busy:
        idle.sendall(get("/here"))
        assert idle.recv(65536)
        busy.sendall(get("/"))
        while not gate:
            server.call(asyncio.sleep, 0.001)
        draining = []
        server.call(lambda: draining.append(asyncio.ensure_future(server.server.drain())))
        assert idle.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            server.connect()
        server.call(gate[0].set)
        assert read_all(busy).endswith(b"the last")
        busy.close()  # or the server would linger
        server.call(lambda: draining[0])


def test_draining_that_takes_too_long(serve, expect_log):
    class Never(RequestHandler):
        async def get(self):
            await asyncio.get_running_loop().create_future()

    server = serve(Application([("/", Never)]))
    with server.connect() as sock:
        sock.sendall(get("/"))
        while not server.server._serving or not server.server._serving.connections:
            server.call(asyncio.sleep, 0.001)
        with (
            expect_log("tornadolike.general", "Cutting 1 connections"),
            expect_log("tornadolike.access", "499 GET /"),
        ):
            server.call(server.server.drain, 0.05)
            assert sock.recv(1) == b""
            server.stop()


# More than one loop


async def serve_and_ask(times=3):
    """A server and its client in one loop, as a test of somebody's would have them."""
    server = HTTPServer(Application([("/", Where), ("/steps/(.*)", Steps)]))
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    port = sockets[0].getsockname()[1]
    for _ in range(times):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/steps/waits") + get("/", "Connection: close"))
        answer = await reader.read()
        assert answer.count(b"200 OK") == 2
        writer.close()
        await writer.wait_closed()
    await server.drain()
    return IOLoop.current()


def test_one_loop_after_another(run):
    guests = [run(serve_and_ask()) for _ in range(3)]
    assert len(set(map(id, guests))) == 3
    assert all(guest.is_closed() for guest in guests)


def test_loops_in_two_threads(run):
    guests = []
    threads = [
        threading.Thread(target=lambda: guests.append(run(serve_and_ask(20)))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(set(map(id, guests))) == 2


def test_our_own_loop_beside_it(run):
    """In another thread, and before and after in the same."""

    async def main():
        own = await asyncio.to_thread(lambda: IOLoop(make_current=False))
        thread = threading.Thread(target=own.start)
        thread.start()
        await serve_and_ask()
        own.add_callback(own.stop)
        await asyncio.to_thread(thread.join)
        own.close()

    run(main())


def test_a_loop_that_is_closed_under_a_server(new_foreign_loop):
    """What is left can still be closed, and what nobody closes goes with the loop."""
    loop = new_foreign_loop()

    async def main():
        server = HTTPServer(Application([("/", Where)]))
        sockets = bind_sockets(0, "127.0.0.1")
        server.add_sockets(sockets)
        reader, writer = await asyncio.open_connection(*sockets[0].getsockname())
        writer.write(get("/"))
        await reader.readuntil(b"here")
        client = writer.get_extra_info("socket").dup()
        writer.close()
        await writer.wait_closed()
        return server, client

    server, client = loop.run_until_complete(main())
    loop.close()
    server.stop()
    del server, loop
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # of the connection that was left open
        gc.collect()
    client.settimeout(PATIENCE)
    assert client.recv(1) == b""
    client.close()
