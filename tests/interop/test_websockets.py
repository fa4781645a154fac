"""Our WebSockets with those of websockets and of aiohttp, each way, with compression and without."""

import asyncio

import pytest

from tests.interop import websocket_peers as peers
from tests.interop.websocket_peers import LIMIT, Compression, End
from tests.running import LOOPS, run_on

PAIRS = {
    "ours-websockets": (peers.client_of_ours, peers.server_of_websockets),
    "ours-aiohttp": (peers.client_of_ours, peers.server_of_aiohttp),
    "websockets-ours": (peers.client_of_websockets, peers.server_of_ours),
    "aiohttp-ours": (peers.client_of_aiohttp, peers.server_of_ours),
}
COMPRESSIONS = {
    "plain": None,
    "compressed": Compression(),
    "large window": Compression(15),
    "small window": Compression(9, alone=True),
}
MESSAGES = [
    *("", "hello", "\N{SNOWMAN}" * 1000, "hello " * 50_000, "x" * 125, "x" * 126),
    *(b"", b"\xff", bytes(range(256)) * 256, bytes(2**20), "hello " * 50_000),
]


@pytest.fixture(params=PAIRS)
def pair(request):
    """A client and a server."""
    return PAIRS[request.param]


@pytest.fixture
def converse(pair):
    """``ends = converse(conversation)`` runs ``await conversation(client)``; how its server saw it end."""

    def run(conversation, compression=None):
        connect, serve = pair
        ends = []

        async def main():
            async with asyncio.timeout(20), serve(compression, ends) as url:
                async with connect(url, compression) as client:
                    await conversation(client)
                while not ends:
                    await asyncio.sleep(0.001)

        run_on(LOOPS["IOLoop"], main())
        (end,) = ends
        return end

    return run


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_conversation(converse, compression):
    """Messages one by one and many at once, pieces, pings both ways, and the end."""

    async def conversation(client):
        assert client.subprotocol == "b"
        assert client.compressed == (compression != "plain")
        for message in MESSAGES:
            await client.send(message)
            assert await client.receive() == message
        for number in range(300):
            await client.send(f"message {number}")
        for number in range(300):
            assert await client.receive() == f"message {number}"
        if hasattr(client, "send_pieces"):
            for pieces in (
                ["\N{SNOWMAN}" * 10, "", "abc", "x" * 70000],
                [b"", b"\xff", bytes(9000)],
            ):
                await client.send_pieces(pieces)
                assert await client.receive() == pieces[0][:0].join(pieces)
        await client.ping(b"")
        await client.ping(b"hello?")
        await client.send("ping")
        assert await client.receive() == "pong"
        await client.close(3333, "b\N{LATIN SMALL LETTER Y WITH DIAERESIS}e")

    end = converse(conversation, COMPRESSIONS[compression])
    assert end == End(3333, "b\N{LATIN SMALL LETTER Y WITH DIAERESIS}e")


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "bye"), (4999, "x" * 123)])
def test_the_server_closes(converse, code, reason):
    async def conversation(client):
        await client.send(f"close {code} {reason}")
        assert await client.receive() == End(code, reason)

    assert converse(conversation).code == code


@pytest.mark.parametrize("compression", [None, Compression()])
def test_a_message_that_is_too_big(converse, compression):
    async def conversation(client):
        await client.send(bytes(LIMIT + 1))
        end = await client.receive()
        assert end.code == 1009

    converse(conversation, compression)
