"""Compression on real connections: what turns it on, and what a client sees of it."""

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.sync.client import connect

from tests.websocket.helpers import TEXT, frame
from tests.websocket.peer import Peer
from tornadolike.web import Application
from tornadolike.websocket import PreparedMessage, WebSocketHandler

EXTENSIONS = "sec-websocket-extensions"
PMD = "permessage-deflate"


class Echo(WebSocketHandler):
    def on_message(self, message):
        self.write_message(message, binary=isinstance(message, bytes))


class Compressed(Echo):
    def get_compression_options(self):
        return {"threshold": 0, "max_window_bits": 15}


class Mistaken(Echo):
    def get_compression_options(self):
        return {"level": 3}


class Small(Echo):
    """Tells everybody, between two messages of its own, something too short to be compressed."""

    async def on_message(self, message):
        super().on_message(message)
        self.write_message(PreparedMessage("short"))
        super().on_message(message)


class Mixed(WebSocketHandler):
    """Answers by what is its own and what is everybody's, in turn."""

    everybody = PreparedMessage("for everybody " * 20)

    def on_message(self, message):
        self.write_message(message)
        self.write_message(self.everybody)
        self.write_message(message)


RULES = [
    ("/plain", Echo),
    ("/own", Compressed),
    ("/mistaken", Mistaken),
    ("/mixed", Mixed),
    ("/small", Small),
]


@pytest.fixture
def server(serve):
    return serve(Application(RULES))


@pytest.fixture
def set_up(serve):
    return serve(Application(RULES, websocket_compression_options={}))


def test_off_by_default(server):
    with Peer(server, "/plain", Sec_WebSocket_Extensions=PMD) as peer:
        assert EXTENSIONS not in peer.headers
        peer.send(frame(TEXT, b"x", reserved=0x40))
        assert peer.close_code() == 1002


def test_by_the_handler_and_by_a_setting(server, set_up):
    with Peer(server, "/own", Sec_WebSocket_Extensions=PMD) as peer:
        assert peer.headers[EXTENSIONS] == PMD
    with Peer(set_up, "/plain", Sec_WebSocket_Extensions=f"foo, {PMD}") as peer:
        assert peer.headers[EXTENSIONS] == f"{PMD}; server_max_window_bits=12"
    with Peer(set_up, "/plain") as peer:
        assert EXTENSIONS not in peer.headers
    with Peer(set_up, "/plain", Sec_WebSocket_Extensions="") as peer:
        assert peer.status == 101
        assert EXTENSIONS not in peer.headers


def test_declined(set_up):
    with Peer(set_up, "/plain", Sec_WebSocket_Extensions=f"{PMD}; foo") as peer:
        assert peer.status == 101
        assert EXTENSIONS not in peer.headers
        peer.send(frame(TEXT, b"hello"))
        assert peer.text() == "hello"


def test_malformed(set_up):
    with Peer(set_up, "/plain", Sec_WebSocket_Extensions=f"{PMD}; ; a") as peer:
        assert peer.status == 400
        assert b'"Sec-WebSocket-Extensions" is malformed at character 19' in peer.buffer


def test_options_that_there_are_not(server, expect_log):
    with (
        expect_log("tornadolike.application", "Uncaught exception GET /mistaken"),
        expect_log("tornadolike.access", "500 GET /mistaken"),
        Peer(server, "/mistaken") as peer,
    ):
        assert peer.status == 500


def test_a_short_message_to_everybody_costs_no_history(set_up):
    message = b"a message of some length, which is not much alike in itself; but it comes twice"
    with Peer(set_up, "/small", Sec_WebSocket_Extensions=PMD) as peer:
        peer.send(frame(TEXT, message))
        sizes = []
        for _ in range(3):
            first, size = peer.exactly(2)
            sizes.append(size if first & 0x40 else f"{size} plain")
            peer.exactly(size)
    assert sizes[1] == "5 plain"
    assert sizes[0] > 10 * sizes[2]


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("bits", [9, 15])
def test_with_websockets(set_up, bits, alone):
    offer = ClientPerMessageDeflateFactory(
        server_no_context_takeover=alone,
        client_no_context_takeover=alone,
        server_max_window_bits=bits,
        client_max_window_bits=bits,
    )
    url = set_up.url.replace("http", "ws")
    with connect(f"{url}/plain", extensions=[offer], compression=None) as client:
        assert f"server_max_window_bits={min(bits, 12)}" in client.response.headers[EXTENSIONS]
        for message in ("hello " * 100, "", b"\0" * 100000, "\N{SNOWMAN}" * 5000, "hello " * 100):
            client.send(message)
            assert client.recv() == message
        pieces = ["hello " * 50, "", "x", "hello " * 50]
        client.send(iter(pieces))
        assert client.recv() == "".join(pieces)
    with connect(f"{url}/mixed", extensions=[offer], compression=None) as client:
        for number in range(3):
            mine = f"mine {number} " * 30
            client.send(mine)
            everybody = Mixed.everybody.payload.decode()
            assert [client.recv() for _ in range(3)] == [mine, everybody, mine]


def test_a_bomb(serve):
    server = serve(
        Application(RULES, websocket_compression_options={}, websocket_max_message_size=2**20)
    )
    with connect(server.url.replace("http", "ws") + "/plain") as client:
        client.send(bytes(2**20 + 1))
        with pytest.raises(ConnectionClosed) as caught:
            client.recv()
        assert caught.value.rcvd.code == 1009
