"""The ``websockets`` package as the client."""

import ssl
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.wire.client import PLAIN_AND_TLS
from tornadolike.web import Application
from tornadolike.websocket import WebSocketHandler
from tornadolike.websocket.connection.sending import CLOSE_TIMEOUT

pytestmark = PLAIN_AND_TLS


class Echo(WebSocketHandler):
    def select_subprotocol(self, subprotocols):
        return subprotocols[0] if subprotocols else None

    async def on_message(self, message):
        if message == "close":
            self.close(4000, "as you wish")
        elif message == "ping":
            self.ping(b"are you there?")
        else:
            await self.write_message(message, binary=isinstance(message, bytes))

    def on_pong(self, data):
        self.write_message(data, binary=True)


@pytest.fixture
def client(serve):
    server = serve(Application([("/echo", Echo)], websocket_max_message_size=2**21))
    with connect(**echo_of(server), max_size=None, subprotocols=["a", "b"]) as client:
        yield client


def echo_of(server):
    """Where the echo of ``server`` is.

    This client reads in one thread and writes in another: two at once in one OpenSSL. With TLS 1.3, which
    sends its tickets behind the handshake, that loses what the client says first, now and then.
    """
    where = {"uri": server.url.replace("http", "ws") + "/echo"}
    if server.client_context is None:
        return where
    server.client_context.maximum_version = ssl.TLSVersion.TLSv1_2
    return where | {"ssl": server.client_context}


def test_subprotocol(client):
    assert client.subprotocol == "a"


@pytest.mark.parametrize(
    "message",
    ["", "hello", "\N{SNOWMAN}" * 1000, "x" * 2**20, b"", b"\xff", bytes(range(256)) * 4096],
)
def test_echo(client, message):
    client.send(message)
    assert client.recv() == message


@pytest.mark.parametrize("kind", [str, bytes])
def test_fragments(client, kind):
    pieces = ["\N{SNOWMAN}" * 10, "", "abc", "x" * 70000]
    if kind is bytes:
        pieces = [piece.encode() for piece in pieces]
    client.send(iter(pieces))
    assert client.recv() == pieces[0][:0].join(pieces)


def test_many(client):
    for number in range(2000):
        client.send(str(number))
    assert [client.recv() for _ in range(2000)] == [str(number) for number in range(2000)]


def test_pings_both_ways(client):
    assert client.ping(b"hello?").wait(10)
    client.send("ping")
    assert client.recv() == b"are you there?"


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 4999])
def test_closing(client, code):
    client.close(code, "bye")
    with pytest.raises(ConnectionClosed) as caught:
        client.recv()
    assert caught.value.rcvd.code == code


def test_being_closed(client):
    client.send("close")
    with pytest.raises(ConnectionClosed) as caught:
        client.recv()
    assert caught.value.rcvd.code == 4000
    assert caught.value.rcvd.reason == "as you wish"


def test_a_message_that_is_too_big(client):
    start = time.monotonic()
    client.send(bytes(2**21 + 1))
    with pytest.raises(ConnectionClosed) as caught:
        client.recv()
    assert caught.value.rcvd.code == 1009
    client.close()
    assert time.monotonic() - start < CLOSE_TIMEOUT, "nobody had to wait for a time-out"


def test_refused(serve):
    server = serve(Application([("/echo", Echo)]))
    with pytest.raises(InvalidStatus) as caught:
        connect(**echo_of(server), origin="https://evil.example")
    assert caught.value.response.status_code == 403
