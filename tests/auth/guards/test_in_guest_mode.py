"""Guards and passwords on each kind of loop."""

import asyncio
from typing import Any

import pytest

from tests.running import on_every_loop
from tornadolike.auth import (
    Authenticate,
    BasicAuthentication,
    BearerAuthentication,
    LoginThrottle,
    PasswordHasher,
)
from tornadolike.httpclient import AsyncHTTPClient, BasicAuth, BearerAuth
from tornadolike.httpserver import HTTPServer
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application

from .things import Who


async def serve_and_ask() -> None:
    passwords = PasswordHasher(memory=8, passes=1, lanes=1)
    stored = await passwords.hash("right")

    async def check(name: str, password: str) -> Any:
        return name if await passwords.verify(stored, password) else None

    throttle = LoginThrottle(account=["3/366 days"], trusted_days=None)
    guard = Authenticate(
        BasicAuthentication(check, throttle=throttle), BearerAuthentication({"good": "token"}.get)
    )
    app = Application([("/", Who)], middleware=[guard])
    client = AsyncHTTPClient(force_instance=True)
    server = HTTPServer(app)
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    port = sockets[0].getsockname()[1]
    try:

        async def ask(auth: Any = None) -> tuple[int, bytes]:
            response = await client.fetch(f"http://127.0.0.1:{port}/", auth=auth, raise_error=False)
            return response.code, response.body

        assert (await ask())[0] == 401
        assert await ask(BearerAuth("good")) == (200, b"<token>")
        right = await asyncio.gather(*(ask(BasicAuth("ann", "right")) for _ in range(8)))
        assert right == [(200, b"<ann>")] * 8
        wrong = [(await ask(BasicAuth("ann", "wrong")))[0] for _ in range(4)]
        assert wrong == [401, 401, 401, 429]
    finally:
        client.close()
        server.stop()
        await server.close_all_connections()


@on_every_loop
async def test_on_our_loop_and_as_a_guest() -> None:
    await serve_and_ask()


def test_on_uvloop(uvloop: Any) -> None:
    if uvloop is None:
        pytest.skip("uvloop is not installed")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_and_ask())
