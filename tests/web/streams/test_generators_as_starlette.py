"""The same generators, streamed by us and by Starlette's StreamingResponse."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from starlette.responses import StreamingResponse

from tests.web.helpers import Site
from tornadolike.web import RequestHandler


def by_starlette(generator: AsyncIterator[Any], method: str) -> list[str]:
    """The messages that were sent, and the exception in the end."""
    sent: list[str] = []

    async def send(message: Any) -> None:
        kind = message["type"].removeprefix("http.response.")
        sent.append(f"{kind} {message.get('status') or message['body'].decode()}")

    async def run() -> None:
        scope = {"type": "http", "asgi": {"spec_version": "2.4"}, "method": method}
        await StreamingResponse(generator)(scope, None, send)  # type: ignore[arg-type]

    try:
        asyncio.run(run())
    except LookupError:
        sent.append("LookupError")
    return sent


@pytest.fixture
def asked() -> list[str]:
    return []


def test_both(site: Callable[..., Site], asked: list[str], expect_log: Any) -> None:
    async def pieces() -> AsyncIterator[str | bytes]:
        asked.append("begun")
        yield "a"
        yield b"b"

    async def failing() -> AsyncIterator[str]:
        raise LookupError
        yield ""

    class Handler(RequestHandler):
        async def get(self, name: str) -> None:
            await self.stream(pieces() if name == "pieces" else failing())

        head = get

    served = site(("/(.*)", Handler))
    # The same pieces.
    assert by_starlette(pieces(), "GET") == ["start 200", "body a", "body b", "body "]
    assert served.ask("GET /pieces").text == "ab"
    # Nobody is asked for what is not sent; by Starlette he is.
    asked.clear()
    assert by_starlette(pieces(), "HEAD")[1:3] == ["body a", "body b"]
    assert asked == ["begun"]
    assert served.ask("HEAD /pieces").status == 200
    assert asked == ["begun"]
    # What fails before there is anything to send is an error page; in Starlette the head has left.
    assert by_starlette(failing(), "GET") == ["start 200", "LookupError"]
    with expect_log("tornadolike.application", "Uncaught exception", count=1):
        assert served.ask("GET /failing").status == 500
