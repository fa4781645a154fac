"""What has come over kept connections before anybody asked for it."""

import asyncio
import contextlib
import socket

import pytest

from tests.curl_httpclient.helpers import OK, body_of, engine, hop
from tests.running import on_every_loop
from tests.tcpclient.helpers import serving
from tornadolike.curl_httpclient.keeping import Kept
from tornadolike.httpclient.engine import Way


class Deadly:
    """Answers once over each connection; the next request ends it, but over the last ones."""

    def __init__(self, deadly):
        self.deadly = deadly
        self.connections = 0
        self.requests = []
        self.together = asyncio.Event()

    def running(self):
        return serving(handle=self._handle)

    async def _handle(self, reader, writer):
        self.connections += 1
        number = self.connections
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                if request.startswith(b"POST"):
                    request += await reader.readexactly(3)
                    self.requests.append(request)
                    if number <= self.deadly:
                        return
                else:
                    if number == self.deadly:
                        self.together.set()
                    await self.together.wait()
                writer.write(OK)


OTHER = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\nsomebody else's"


@contextlib.contextmanager
def connection():
    """Both ends, and the name of the first."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        one = socket.create_connection(server.getsockname())
        two, name = server.accept()
        with one, two:
            yield one, two, name


def test_silence_and_words():
    kept = Kept()
    with connection() as (one, two, name):
        assert not kept.has_spoken(name)
        two.send(b"x")
        assert not kept.has_spoken(name)  # nobody has told of it
        kept.add(name, [two.fileno(), one.fileno()])
        one.recv(1)
        assert not kept.has_spoken(name)
        two.send(b"x")
        one.recv(1, socket.MSG_PEEK)
        assert kept.has_spoken(name)
        kept.forget(name)
        kept.forget(name)
        assert not kept.has_spoken(name)


def test_the_end():
    kept = Kept()
    with connection() as (one, two, name):
        kept.add(name, [one.fileno()])
        two.close()
        one.recv(1)
        assert kept.has_spoken(name)


def test_sockets_are_left_as_they_are(tmp_path):
    """Others may be tried on the way, or closed, or be no sockets at all."""
    kept = Kept()
    with (
        connection() as (one, _, name),
        open(tmp_path / "file", "wb") as file,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        closed = socket.socket()
        closed.close()
        kept.add(name, [1_000_000, file.fileno(), unix.fileno(), one.fileno()])
        assert one.getsockname() == name
        assert unix.getsockname() == ""
        file.write(b"x")


def test_it_does_not_grow():
    """A socket has one name, and a name one socket."""
    kept = Kept()
    with connection() as (one, two, name):
        fd = one.fileno()
        kept.add(name, [fd])
        kept.add(name, [fd])
        kept.add(two.getsockname(), [two.fileno()])
        assert len(kept._sockets) == len(kept._names) == 2
        kept._names[fd] = ("gone", 1)
        kept._sockets = {("gone", 1): fd}
        kept.add(name, [fd])
        assert kept._sockets == {name: fd}


class Talker:
    """Answers, and says more over its first connection when it is told to."""

    def __init__(self):
        self.writers = []
        self.heads = []

    def running(self, **options):
        return serving(handle=self._handle, **options)

    async def _handle(self, reader, writer):
        self.writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(OK)

    async def say(self, data):
        self.writers[0].write(data)
        await self.writers[0].drain()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("said", [OTHER, b"\r\n", b"x"])
@on_every_loop
async def test_it_is_no_answer(method, said):
    """Nothing has been sent, so it does not matter whether the request may be repeated."""
    server = Talker()
    async with server.running() as where, engine() as client:
        assert await body_of(await client.send(hop(where))) == b"ok"
        assert await body_of(await client.send(hop(where))) == b"ok"
        assert len(server.writers) == 1
        await server.say(said)
        sent = hop(where, method)
        assert await body_of(await client.send(sent)) == b"ok"
        assert len(server.writers) == 2
        assert not sent.times.reused
        assert await body_of(await client.send(hop(where))) == b"ok"
        assert len(server.writers) == 2
    assert len(server.heads) == 4


@pytest.mark.parametrize("produced", [False, True])
@on_every_loop
async def test_one_that_has_ended_is_followed_by_a_new_one(produced):
    """Those that are kept beside it are likely to have ended, too."""

    async def produce(write):
        await write(b"abc")

    server = Deadly(4)
    async with server.running() as where, engine() as client:
        for answer in await asyncio.gather(*[client.send(hop(where)) for _ in range(4)]):
            assert await body_of(answer) == b"ok"
        body = {"producer": produce} if produced else {"body": b"abc"}
        sent = hop(where, "POST", repeatable=True, headers={"Content-Length": "3"}, **body)
        assert await body_of(await client.send(sent)) == b"ok"
        assert server.connections == 5
        assert [request[-3:] for request in server.requests] == [b"abc", b"abc"]


@on_every_loop
async def test_it_is_none_over_tls(certs):
    server = Talker()
    options = {"way": Way(ssl_options={"ca_certs": certs.ca})}
    async with (
        server.running(ssl=certs.server_context()) as (_, port),
        engine(http_version="1.1") as client,
    ):
        url = f"https://localhost:{port}/"
        for _ in range(3):
            assert await body_of(await client.send(hop(url, **options))) == b"ok"
        assert len(server.writers) == 1
        await server.say(OTHER)
        assert await body_of(await client.send(hop(url, **options))) == b"ok"
        assert len(server.writers) == 2
