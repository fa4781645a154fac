"""aiohttp's server and client, both on our loop."""

import asyncio
import io
import ssl

import aiohttp
from aiohttp import web

from tests.tls_certs import Certificates
from tornadolike.ioloop import IOLoop


async def hello(request: web.Request) -> web.Response:
    assert asyncio.get_running_loop() is IOLoop.current()
    return web.Response(text=f"hello {request.query.get('name', 'world')}")


async def echo(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    async for chunk in request.content.iter_any():
        await response.write(chunk)
    return response


async def chat(request: web.Request) -> web.WebSocketResponse:
    conversation = web.WebSocketResponse()
    await conversation.prepare(request)
    async for message in conversation:
        await conversation.send_str(message.data.upper())
    return conversation


class Site:
    """An aiohttp application that is being served on a free port."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.context = context
        app = web.Application(client_max_size=2**26)
        app.add_routes([web.get("/", hello), web.post("/echo", echo), web.get("/chat", chat)])
        self.runner = web.AppRunner(app)

    async def __aenter__(self) -> str:
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0, ssl_context=self.context)
        await site.start()
        port = self.runner.addresses[0][1]
        return f"{'https' if self.context else 'http'}://localhost:{port}"

    async def __aexit__(self, *error: object) -> None:
        await self.runner.cleanup()


async def test_requests() -> None:
    async with Site() as url, aiohttp.ClientSession() as session:
        answers = await asyncio.gather(
            *(fetch(session, f"{url}/?name={number}") for number in range(50))
        )
        assert answers == [f"hello {number}" for number in range(50)]


async def fetch(session: aiohttp.ClientSession, url: str) -> str:
    async with session.get(url) as response:
        assert response.status == 200
        return await response.text()


async def test_a_large_body_there_and_back() -> None:
    data = bytes(range(256)) * 4096 * 8
    async with (
        Site() as url,
        aiohttp.ClientSession() as session,
        session.post(f"{url}/echo", data=io.BytesIO(data)) as response,
    ):
        assert await response.read() == data


async def test_web_socket() -> None:
    async with (
        Site() as url,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/chat") as conversation,
    ):
        for word in ("one", "two"):
            await conversation.send_str(word)
            assert await conversation.receive_str() == word.upper()


async def test_tls(certs: Certificates) -> None:
    trust = certs.client_context()
    async with Site(certs.server_context()) as url, aiohttp.ClientSession() as session:
        async with session.get(url, ssl=trust) as response:
            assert await response.text() == "hello world"
        data = b"x" * 5_000_000
        async with session.post(f"{url}/echo", data=io.BytesIO(data), ssl=trust) as response:
            assert await response.read() == data


async def test_a_client_that_gives_up() -> None:
    """A time-out in the client cancels its connection; the server is none the worse for it."""
    left = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # the request, and then the end that the client makes
        writer.close()
        left.set()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    async with silent, aiohttp.ClientSession() as session:
        try:
            async with session.get(
                f"http://127.0.0.1:{port}", timeout=aiohttp.ClientTimeout(total=0.05)
            ):
                raise AssertionError("nobody has answered")
        except TimeoutError:
            await left.wait()
