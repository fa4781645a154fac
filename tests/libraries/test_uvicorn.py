"""uvicorn serving an ASGI application on our loop, with both of its HTTP implementations."""

import asyncio
from typing import Any

import httpx
import pytest
import uvicorn
import websockets

from tornadolike.ioloop import IOLoop
from tornadolike.netutil import bind_sockets


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    assert asyncio.get_running_loop() is IOLoop.current()
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"][::-1]})
        return
    assert scope["type"] == "http"
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"got ", "more_body": True})
    await send({"type": "http.response.body", "body": body})


class Served:
    """The application, served by uvicorn on this loop until the block ends."""

    def __init__(self, **options: Any) -> None:
        config = uvicorn.Config(app, lifespan="off", log_level="warning", **options)
        self.server = uvicorn.Server(config)

    async def __aenter__(self) -> str:
        sockets = bind_sockets(0, "127.0.0.1")
        self.serving = asyncio.create_task(self.server.serve(sockets=sockets))
        while not self.server.started:
            await asyncio.sleep(0.001)
            assert not self.serving.done()
        return f"127.0.0.1:{sockets[0].getsockname()[1]}"

    async def __aexit__(self, *error: object) -> None:
        self.server.should_exit = True
        await self.serving


@pytest.mark.parametrize("implementation", ["h11", "httptools"])
async def test_requests(implementation: str) -> None:
    async with Served(http=implementation) as address, httpx.AsyncClient() as client:
        answers = await asyncio.gather(
            *(client.post(f"http://{address}", content=b"%d" % n) for n in range(20))
        )
        assert [answer.content for answer in answers] == [b"got %d" % n for n in range(20)]
        large = b"y" * 3_000_000
        assert (await client.post(f"http://{address}", content=large)).content == b"got " + large


async def test_web_socket() -> None:
    async with (
        Served(ws="websockets-sansio") as address,
        websockets.connect(f"ws://{address}/") as connection,
    ):
        await connection.send("abc")
        assert await connection.recv() == "cba"
