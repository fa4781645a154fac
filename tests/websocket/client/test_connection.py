"""WebSocketClientConnection, with a server of ours and with one that is nothing but frames."""

import asyncio
import contextlib
import contextvars
import gc
import logging
import warnings
import weakref

import pytest

from tests.running import on_every_loop, run_on, turns
from tests.websocket.client.sites import saying, site
from tests.websocket.helpers import PING, TEXT, close, frame
from tornadolike.httpserver import HTTPServer
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application
from tornadolike.websocket import (
    Broadcast,
    PreparedMessage,
    WebSocketClientConnection,
    WebSocketClosedError,
    WebSocketHandler,
    broadcast,
    websocket_connect,
)
from tornadolike.websocket.connection.delivering import AHEAD_LIMIT

MESSAGES = ["", "hello", "\N{SNOWMAN}" * 1000, "x" * 300_000, b"", b"\xff", bytes(300_000)]


@pytest.mark.parametrize("options", [None, {}, {"client_no_context_takeover": True}])
@on_every_loop
async def test_messages(options):
    async with site() as (url, told):
        async with websocket_connect(url, compression_options=options) as connection:
            assert type(connection) is WebSocketClientConnection
            for message in MESSAGES:
                await connection.write_message(message, binary=isinstance(message, bytes))
                assert await connection.read_message() == message
            connection.write_message({"a": "</script>"})
            connection.write_message(PreparedMessage(b"for all", binary=True))
            assert await connection.read_message() == '{"a": "<\\/script>"}'
            assert await connection.read_message() == b"for all"
        assert connection.close_code == 1000
    assert told == ["open", (1000, None)]


def test_messages_on_uvloop(uvloop):
    if uvloop is None:
        pytest.skip("uvloop is not installed")

    async def main():
        async with site() as (url, _), websocket_connect(url) as connection:
            connection.write_message("hello")
            assert await connection.read_message() == "hello"

    run_on(uvloop.new_event_loop, main())


@on_every_loop
async def test_messages_one_after_another():
    async with site() as (url, _):
        connection = await websocket_connect(url)
        for message in ("a", "b", "close", "c"):
            connection.write_message(message)
        assert [message async for message in connection] == ["a", "b"]
        assert (connection.close_code, connection.close_reason) == (4000, "as you wish")
        for _ in range(2):
            assert await connection.read_message() is None
        for say in (connection.write_message, connection.ping):
            with pytest.raises(WebSocketClosedError):
                say("x")
        connection.close()
        await connection.wait_closed()


@on_every_loop
async def test_a_callback_for_messages():
    heard = []
    async with site() as (url, _):
        connection = await websocket_connect(url, on_message_callback=heard.append)
        for message in ("a", b"b", "close"):
            connection.write_message(message, isinstance(message, bytes))
        await connection.wait_closed()
    assert heard == ["a", b"b", None]
    assert connection.close_code == 4000


@on_every_loop
async def test_a_coroutine_for_messages():
    heard = []
    over = asyncio.Event()

    async def listen(message):
        heard.append(("begin", message))
        await turns()
        heard.append(("end", message))
        if message is None:
            over.set()

    async with site() as (url, _):
        connection = await websocket_connect(url, on_message_callback=listen)
        for message in ("a", "b", "close"):
            connection.write_message(message)
        del connection
        gc.collect()
        await over.wait()
    assert heard == [(when, message) for message in ("a", "b", None) for when in ("begin", "end")]


@on_every_loop
async def test_a_callback_that_fails(expect_log):
    def listen(message):
        raise ZeroDivisionError(str(message))

    async with site() as (url, told):
        connection = await websocket_connect(url, on_message_callback=listen)
        connection.write_message("a")
        with expect_log("tornadolike.application", "Uncaught exception", logging.ERROR, count=2):
            await connection.wait_closed()
    assert told == ["open", (1011, None)]


@on_every_loop
async def test_callbacks_ask_too():
    heard = []

    async def listen(message):
        heard.append((message, message and await connection.read_message()))

    async with site() as (url, _):
        connection = await websocket_connect(url, on_message_callback=listen)
        for message in ("a", "b", "c", "d", "close"):
            connection.write_message(message)
        await connection.wait_closed()
        await turns()
    assert heard == [("a", "b"), ("c", "d"), (None, None)]


# With what handlers can do, too


@on_every_loop
async def test_messages_in_pieces():
    async with site() as (url, _):
        async with websocket_connect(url, compression_options={"threshold": 1}) as connection:
            await connection.send_stream(["a", "b" * 1000, "c"])
            async with connection.begin_message(binary=True) as message:
                await message.write(b"d")
                connection.write_message("behind")
                await message.write(b"e")
            heard = [await connection.read_message() for _ in range(3)]
            assert heard == ["a" + "b" * 1000 + "c", b"de", "behind"]
        with pytest.raises(WebSocketClosedError):
            connection.begin_message()


@on_every_loop
async def test_broadcasting():
    async with site() as (url, _):
        one, two, three = [await websocket_connect(url) for _ in range(3)]
        assert one.ws_connection is one.protocol is not None
        three.close()
        assert three.ws_connection is three.protocol is None
        assert broadcast([one, two, three], "hello") == Broadcast(2, 0, 0, 1)
        for connection in (one, two):
            assert await connection.read_message() == "hello"
            connection.close()
        for connection in (one, two, three):
            await connection.wait_closed()


# Pings


@on_every_loop
async def test_pings():
    heard = []
    async with site() as (url, told), websocket_connect(url) as connection:
        connection.on_ping = lambda data: heard.append(("ping", data))
        connection.on_pong = lambda data: heard.append(("pong", data))
        connection.ping("a")
        connection.ping(b"b")
        connection.write_message("ping")
        connection.write_message("x")
        assert await connection.read_message() == "x"
        with pytest.raises(ValueError, match="125"):
            connection.ping("x" * 126)
        connection.write_message("y")
        assert await connection.read_message() == "y"
    assert heard == [("pong", b"a"), ("pong", b"b"), ("ping", b"there?")]
    assert told == ["open", ("ping", b"a"), ("ping", b"b"), ("pong", b"there?"), (1000, None)]


@on_every_loop
async def test_pings_are_answered_while_nobody_asks():
    async with saying(frame(TEXT, b"a", mask=None), frame(PING, b"p", mask=None)) as (server, url):
        connection = await websocket_connect(url, close_timeout=0.01)
        await turns(20)
        connection.close()
        assert await connection.read_message() == "a"
        await connection.wait_closed()
    assert server.rest[:2] == b"\x8a\x81"


@on_every_loop
async def test_a_server_that_is_gone():
    async with saying() as (server, url):
        async with websocket_connect(
            url, ping_interval=0.02, ping_timeout=0.01, close_timeout=0.01
        ) as connection:
            assert await connection.read_message() is None
        assert connection.close_code is None
    assert b"\x88" in server.rest


# The end


@on_every_loop
async def test_how_a_block_ends():
    async with site() as (url, told):
        async with websocket_connect(url):
            pass
        with pytest.raises(ZeroDivisionError):
            async with websocket_connect(url) as connection:
                raise ZeroDivisionError
        await connection.wait_closed()

        async def forever():
            async with await websocket_connect(url) as connection:
                await connection.read_message()

        task = asyncio.create_task(forever())
        while told.count("open") < 3:
            await turns()
        await turns(20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with websocket_connect(url) as connection:
            connection.close(4001, "enough")
    codes = [what for what in told if what != "open"]
    assert codes == [(1000, None), (1011, None), (1001, None), (4001, "enough")]


@on_every_loop
async def test_the_end_of_a_block_waits_for_no_reader():
    """What is left unread at its end, however much, does not keep the Close frame from being found."""
    message = frame(TEXT, bytes(AHEAD_LIMIT // 2), mask=None)
    async with saying(message * 10, close(1000, mask=None)) as (_, url):
        async with asyncio.timeout(4), websocket_connect(url) as connection:
            assert await connection.read_message() is not None
        assert connection.close_code == 1000


@on_every_loop
async def test_a_server_that_does_not_answer_our_close():
    async with saying() as (_, url):
        async with asyncio.timeout(3), websocket_connect(url, close_timeout=0.01) as connection:
            pass
        assert connection.close_code is None


@on_every_loop
async def test_a_block_with_a_callback_loses_nothing():
    heard = []
    hello = frame(TEXT, b"a", mask=None)
    async with saying(hello, hello, close(1000, mask=None)) as (_, url):
        connection = await websocket_connect(url, on_message_callback=heard.append)
        async with connection:
            pass
    assert heard == ["a", "a", None]


@on_every_loop
async def test_the_connection_is_cut():
    async with saying(frame(TEXT, b"a", mask=None), b"\x81") as (server, url):
        server.ends = True
        connection = await websocket_connect(url)
        assert [message async for message in connection] == ["a"]
        await connection.wait_closed()
        assert (connection.close_code, connection.close_reason) == (None, None)


@on_every_loop
async def test_a_server_that_breaks_the_rules():
    async with saying(frame(TEXT, b"masked")) as (server, url):
        connection = await websocket_connect(url, close_timeout=0.01)
        assert await connection.read_message() is None
        await connection.wait_closed()
    assert server.rest[0] == 0x88


@on_every_loop
async def test_a_message_that_is_too_long():
    async with site() as (url, told), websocket_connect(url, max_message_size=1000) as connection:
        connection.write_message("x" * 1001)
        assert await connection.read_message() is None
    assert told == ["open", (1009, "message too big")]


@on_every_loop
async def test_closing_with_what_cannot_be_sent():
    async with site() as (url, _), websocket_connect(url) as connection:
        for code, reason in [(1005, None), (1000, "x" * 124)]:
            with pytest.raises(ValueError, match="clos"):
                connection.close(code, reason)


# Waiting


@on_every_loop
async def test_several_wait_for_messages():
    async with site() as (url, _), websocket_connect(url) as connection:
        waiting = [asyncio.create_task(connection._read()) for _ in range(4)]
        await turns()
        waiting[1].cancel()
        for message in ("a", "b", "c"):
            connection.write_message(message)
        heard = await asyncio.gather(*waiting, return_exceptions=True)
        assert heard[0] == "a"
        assert heard[2:] == ["b", "c"]


@on_every_loop
async def test_what_nobody_reads_is_not_taken():
    """The server's writes wait when the client reads no more: there is a bound to what it takes in."""

    class Flood(WebSocketHandler):
        async def open(self):
            self.settings["sent"] = 0
            for _ in range(100_000):
                await self.write_message(bytes(10_000), binary=True)
                self.settings["sent"] += 1

    application = Application([("/", Flood)])
    server = HTTPServer(application)
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    url = f"ws://127.0.0.1:{sockets[0].getsockname()[1]}/"
    connection = await websocket_connect(url, close_timeout=0.01)
    before = -1
    while before != application.settings.get("sent", 0):
        before = application.settings.get("sent", 0)
        await asyncio.sleep(0.05)
    assert 0 < before < 5000
    assert len(await connection.read_message()) == 10_000
    server.stop()
    connection.close()
    await server.close_all_connections()
    await connection.wait_closed()


@on_every_loop
async def test_the_context_of_callbacks():
    name = contextvars.ContextVar("name", default="nobody")
    heard = []
    async with site() as (url, _):
        name.set("somebody")
        connection = await websocket_connect(
            url, on_message_callback=lambda message: heard.append(name.get())
        )
        name.set("else")
        connection.write_message("close")
        await connection.wait_closed()
    assert heard == ["somebody"]


# What is forgotten


@on_every_loop
async def test_one_that_is_forgotten():
    async with site() as (url, told):
        connections = [await websocket_connect(url)]
        await turns()
        with pytest.warns(ResourceWarning, match=r"unclosed .*WebSocketClientConnection"):
            connections.clear()
        while told != ["open", (1001, None)]:
            await turns()
        connection = await websocket_connect(url)
        with contextlib.closing(connection):
            pass
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            del connection
            gc.collect()


@on_every_loop
async def test_one_that_is_waited_for_is_not_forgotten():
    waits = asyncio.Event()
    async with site() as (url, _):

        async def wait():
            connection = await websocket_connect(url)
            reading = connection.read_message()
            del connection
            waits.set()
            return await reading

        task = asyncio.create_task(wait())
        await waits.wait()
        for _ in range(3):
            await turns()
            gc.collect()
        assert not task.done()
    assert await task is None


@on_every_loop
async def test_nothing_holds_a_connection_that_is_closed():
    async with site() as (url, _):
        async with websocket_connect(url) as connection:
            pass
        await turns()
        gc.collect()
        gc.disable()
        try:
            ghost = weakref.ref(connection)
            del connection
            await turns()
            assert ghost() is None
        finally:
            gc.enable()
