"""What the tests of ready middleware share: handlers that answer in all ways, and questions to any host."""

import asyncio
from typing import Any

from tests.web.helpers import Answer, Site
from tornadolike.web import HTTPError, RequestHandler
from tornadolike.websocket import WebSocketHandler


class Plain(RequestHandler):
    def get(self, *path: str, **named: Any) -> None:
        self.write("plain")

    head = options = post = put = delete = get


class Streamed(RequestHandler):
    async def get(self) -> None:
        self.write("a")
        await self.flush()
        await asyncio.sleep(0)
        self.write("b")


class Failing(RequestHandler):
    def get(self) -> None:
        raise HTTPError(418)


class Unchanged(RequestHandler):
    def get(self) -> None:
        self.set_status(304)


class Echo(WebSocketHandler):
    def on_message(self, message: str | bytes) -> None:
        self.write_message(message)


RULES: list[Any] = [
    ("/", Plain),
    ("/streamed", Streamed),
    ("/failing", Failing),
    ("/unchanged", Unchanged),
    ("/echo", Echo),
]

HANDSHAKE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
)


def ask_host(site: Site, host: str, target: str = "/", *fields: str, method: str = "GET") -> Answer:
    """Ask for ``target`` on ``host``; of one that is empty there is no ``Host``, and it is HTTP/1.0."""
    first = f"{method} {target} HTTP/1.{1 if host else 0}"
    lines = [first, *([f"Host: {host}"] if host else []), *fields]
    with site.connect() as connection:
        connection.sock.sendall("".join(f"{line}\r\n" for line in lines).encode() + b"\r\n")
        answer = connection.receive(method)
    site.settle()
    return answer
