"""httpx, which stands on anyio, on our loop, against our own server."""

import asyncio

import httpx

from tests.tls_certs import Certificates
from tornadolike.httpserver import HTTPServer
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application, RequestHandler


class Hello(RequestHandler):
    async def get(self) -> None:
        await asyncio.sleep(0)
        self.write({"name": self.get_argument("name", "world")})

    def post(self) -> None:
        self.write(self.request.body)


class Served:
    """Our own server on this loop."""

    async def __aenter__(self) -> str:
        self.server = HTTPServer(Application([("/", Hello)]))
        sockets = bind_sockets(0, "127.0.0.1")
        self.server.add_sockets(sockets)
        return f"http://127.0.0.1:{sockets[0].getsockname()[1]}"

    async def __aexit__(self, *error: object) -> None:
        self.server.stop()
        await self.server.close_all_connections()


async def test_requests() -> None:
    async with Served() as url, httpx.AsyncClient() as client:
        answers = await asyncio.gather(
            *(client.get(url, params={"name": str(number)}) for number in range(20))
        )
        assert [answer.json() for answer in answers] == [
            {"name": str(number)} for number in range(20)
        ]


async def test_a_large_body() -> None:
    data = b"0123456789" * 500_000
    async with Served() as url, httpx.AsyncClient() as client:
        assert (await client.post(url, content=data)).content == data


async def test_tls(certs: Certificates) -> None:
    ended = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=certs.server_context())
    port = server.sockets[0].getsockname()[1]
    async with server:
        async with httpx.AsyncClient(verify=certs.client_context()) as client:
            assert (await client.get(f"https://localhost:{port}")).text == "hello"
        await ended.wait()


async def test_a_connection_that_is_refused() -> None:
    with_nobody = bind_sockets(0, "127.0.0.1")[0]
    port = with_nobody.getsockname()[1]
    with_nobody.close()
    async with httpx.AsyncClient() as client:
        try:
            await client.get(f"http://127.0.0.1:{port}")
        except httpx.ConnectError:
            return
    raise AssertionError("somebody has answered")
