"""The WebSockets of websockets, of aiohttp and of ours, all alike: a server that does what it is told, a client.

A server answers each message with itself, but for these:

``close 4000 why``
    it closes with that code and reason;
``ping``
    it sends a ping, and when the pong is there, ``pong``.

What a server has seen of the ends of its connections is in its list ``ends``.
"""

import asyncio
import contextlib
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)

from tornadolike.httpserver import HTTPServer
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application
from tornadolike.websocket import WebSocketHandler, websocket_connect

LIMIT = 2**21
"""Bytes that a message to any of these servers may have."""

SUBPROTOCOLS = ["b", "c"]
"""What servers speak."""


@dataclass(frozen=True)
class End:
    """How the other side said goodbye; with None as the code it did not."""

    code: int | None
    reason: str = ""


@dataclass(frozen=True)
class Compression:
    """What is offered and accepted of permessage-deflate."""

    bits: int = 12
    alone: bool = False
    """Whether messages are compressed each by itself, both ways."""

    @property
    def of_ours(self):
        return {
            "max_window_bits": self.bits,
            "server_no_context_takeover": self.alone,
            "client_no_context_takeover": self.alone,
            "threshold": 0,
        }

    @property
    def of_websockets(self):
        return {
            "server_no_context_takeover": self.alone,
            "client_no_context_takeover": self.alone,
            "server_max_window_bits": self.bits,
            "client_max_window_bits": self.bits,
        }


def order(message):
    """The code and the reason of an order to close."""
    _, code, reason = message.split(" ", 2)
    return int(code), reason


# Servers


class Told(WebSocketHandler):
    """Does what it is told."""

    def initialize(self, ends):
        self.ends = ends

    def select_subprotocol(self, subprotocols):
        return next((name for name in subprotocols if name in SUBPROTOCOLS), None)

    async def on_message(self, message):
        if message == "ping":
            self.ping(b"there?")
        elif isinstance(message, str) and message.startswith("close "):
            self.close(*order(message))
        else:
            await self.write_message(message, binary=isinstance(message, bytes))

    def on_pong(self, data):
        assert data == b"there?"
        self.write_message("pong")

    def on_close(self):
        self.ends.append(End(self.close_code, self.close_reason or ""))


@contextlib.asynccontextmanager
async def server_of_ours(compression, ends):
    sockets = bind_sockets(0, "127.0.0.1")
    application = Application(
        [("/", Told, {"ends": ends})],
        websocket_max_message_size=LIMIT,
        websocket_compression_options=compression and compression.of_ours,
    )
    server = HTTPServer(application)
    server.add_sockets(sockets)
    try:
        yield f"ws://127.0.0.1:{sockets[0].getsockname()[1]}/"
    finally:
        server.stop()
        await server.close_all_connections()


@contextlib.asynccontextmanager
async def server_of_websockets(compression, ends):
    async def told(connection):
        with contextlib.suppress(ConnectionClosed):
            async for message in connection:
                if message == "ping":
                    await (await connection.ping(b"there?"))
                    await connection.send("pong")
                elif isinstance(message, str) and message.startswith("close "):
                    await connection.close(*order(message))
                else:
                    await connection.send(message)
        await connection.wait_closed()
        end = connection.protocol.close_rcvd
        ends.append(End(end.code, end.reason) if end else End(None))

    extensions = compression and [ServerPerMessageDeflateFactory(**compression.of_websockets)]
    serving = serve(
        *(told, "127.0.0.1", 0),
        compression=None,
        extensions=extensions,
        max_size=LIMIT,
        subprotocols=SUBPROTOCOLS,
        select_subprotocol=lambda connection, offered: next(
            (name for name in offered if name in SUBPROTOCOLS), None
        ),
    )
    async with serving as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


@contextlib.asynccontextmanager
async def server_of_aiohttp(compression, ends):
    async def told(request):
        connection = web.WebSocketResponse(
            max_msg_size=LIMIT,
            compress=bool(compression),
            protocols=SUBPROTOCOLS,
            autoping=False,
            autoclose=False,
        )
        await connection.prepare(request)
        end = End(None)
        while True:
            message = await connection.receive()
            if message.type is aiohttp.WSMsgType.PING:
                await connection.pong(message.data)
            elif message.type is aiohttp.WSMsgType.PONG:
                await connection.send_str("pong")
            elif message.type is aiohttp.WSMsgType.BINARY:
                await connection.send_bytes(message.data)
            elif message.type is aiohttp.WSMsgType.CLOSE:
                end = End(message.data or None, message.extra or "")
                await connection.close(code=message.data or 1000)
                break
            elif message.type is not aiohttp.WSMsgType.TEXT:
                break
            elif message.data == "ping":
                await connection.ping(b"there?")
            elif message.data.startswith("close "):
                code, reason = order(message.data)
                await connection.close(code=code, message=reason.encode())
                end = End(connection.close_code)
                break
            else:
                await connection.send_str(message.data)
        ends.append(end)
        return connection

    app = web.Application()
    app.add_routes([web.get("/", told)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


# Clients: send(message), ping(data) until the pong is there, receive() -> message or End, close(code, reason)


class Ours:
    def __init__(self, connection):
        self.connection = connection
        self.subprotocol = connection.selected_subprotocol
        self.compressed = "Sec-WebSocket-Extensions" in connection.response_headers
        self.pongs = asyncio.Queue()
        connection.on_pong = self.pongs.put_nowait

    async def send(self, message):
        await self.connection.write_message(message, binary=isinstance(message, bytes))

    async def send_pieces(self, pieces):
        async def each():
            for piece in pieces:
                yield piece

        await self.connection.send_stream(each(), binary=isinstance(pieces[0], bytes))

    async def ping(self, data):
        self.connection.ping(data)
        assert await self.pongs.get() == data

    async def receive(self):
        message = await self.connection.read_message()
        if message is not None:
            return message
        return End(self.connection.close_code, self.connection.close_reason or "")

    async def close(self, code, reason):
        self.connection.close(code, reason)
        await self.connection.wait_closed()


@contextlib.asynccontextmanager
async def client_of_ours(url, compression):
    options = {
        "compression_options": compression and compression.of_ours,
        "subprotocols": ["a", "b"],
    }
    async with websocket_connect(url, **options) as connection:
        yield Ours(connection)


class OfWebsockets:
    def __init__(self, connection):
        self.connection = connection
        self.subprotocol = connection.subprotocol
        self.compressed = bool(connection.protocol.extensions)

    async def send(self, message):
        await self.connection.send(message)

    async def send_pieces(self, pieces):
        await self.connection.send(iter(pieces))

    async def ping(self, data):
        await (await self.connection.ping(data))

    async def receive(self):
        try:
            return await self.connection.recv()
        except ConnectionClosed as error:
            return End(error.rcvd.code, error.rcvd.reason) if error.rcvd else End(None)

    async def close(self, code, reason):
        await self.connection.close(code, reason)


@contextlib.asynccontextmanager
async def client_of_websockets(url, compression):
    extensions = compression and [ClientPerMessageDeflateFactory(**compression.of_websockets)]
    options = {"compression": None, "extensions": extensions, "subprotocols": ["a", "b"]}
    async with connect(url, **options, proxy=None) as connection:
        yield OfWebsockets(connection)


class OfAiohttp:
    def __init__(self, connection):
        self.connection = connection
        self.subprotocol = connection.protocol
        self.compressed = bool(connection.compress)

    async def send(self, message):
        if isinstance(message, str):
            await self.connection.send_str(message)
        else:
            await self.connection.send_bytes(message)

    async def ping(self, data):
        await self.connection.ping(data)
        message = await self.connection.receive()
        assert message.type is aiohttp.WSMsgType.PONG
        assert message.data == data

    async def receive(self):
        message = await self.connection.receive()
        if message.type is aiohttp.WSMsgType.PING:
            await self.connection.pong(message.data)
            return await self.receive()
        if message.type is aiohttp.WSMsgType.CLOSE:
            await self.connection.close(code=message.data)
            return End(message.data, message.extra)
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            return message.data
        return End(None)

    async def close(self, code, reason):
        await self.connection.close(code=code, message=reason.encode())


@contextlib.asynccontextmanager
async def client_of_aiohttp(url, compression):
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            url,
            compress=compression.bits if compression else 0,
            max_msg_size=0,
            protocols=["a", "b"],
            autoping=False,
            autoclose=False,
        ) as connection,
    ):
        yield OfAiohttp(connection)
