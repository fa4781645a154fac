"""What the tests of guards share: a handler that says who asks, and answers as scripts see them."""

from base64 import b64encode
from typing import Any

from tests.web.helpers import Answer
from tornadolike.web import RequestHandler
from tornadolike.websocket import WebSocketHandler

HANDSHAKE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
)
PREFLIGHT = ("Origin: https://app.example", "Access-Control-Request-Method: POST")


class Who(RequestHandler):
    """Says who asks."""

    def get(self) -> None:
        self.write(f"<{self.current_user}>")

    post = put = options = get


class Echo(WebSocketHandler):
    def on_message(self, message: str | bytes) -> None:
        self.write_message(message)


def challenges(answer: Answer) -> list[str]:
    return answer.headers.get_all("WWW-Authenticate") or []


def basic(pair: str | bytes, scheme: str = "Basic") -> str:
    data = pair.encode() if isinstance(pair, str) else pair
    return f"Authorization: {scheme} {b64encode(data).decode()}"


def bearer(token: Any) -> str:
    return f"Authorization: Bearer {token}"
