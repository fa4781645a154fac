"""The chat's page without a browser: a tab on either transport, for tests over real sockets."""

import contextlib
import http.client
import itertools
import json
import secrets
import ssl
from collections.abc import Iterator
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

Event = dict[str, Any]
PATIENCE = 10.0


class Tab:
    """What both transports have in common: say hello, join, wait for an event of a kind."""

    def __init__(
        self,
        port: int,
        name: str = "Ann",
        secret: str = "",
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.port = port
        self.context = context
        """What to speak TLS with; None for a server without it."""
        self.name = name
        self.secret = secret or secrets.token_hex(16)
        self.events: list[Event] = []
        self.open()
        self.send({"type": "hello", "client": self.secret})

    def __enter__(self) -> "Tab":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def open(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def send(self, event: object) -> None:
        raise NotImplementedError

    def receive(self) -> list[Event]:
        """At least one event; EOFError when the link has ended."""
        raise NotImplementedError

    def join(self, room: str, **fields: Any) -> Event:
        self.send({"type": "join", "room": room, "name": self.name, **fields})
        self.room = room
        return self.wait("welcome")

    def say(self, text: str, id: str = "") -> None:
        self.send(
            {"type": "say", "room": self.room, "id": id or secrets.token_hex(8), "text": text}
        )

    def wait(self, kind: str) -> Event:
        """The next event of that kind. What comes before it is passed over."""
        while True:
            for number, event in enumerate(self.events):
                if event["type"] == kind:
                    del self.events[: number + 1]
                    return event
            self.events += self.receive()

    def hears(self) -> str:
        return self.wait("message")["text"]


class SocketTab(Tab):
    """By WebSocket."""

    def open(self) -> None:
        self._closing = contextlib.ExitStack()
        scheme = "ws" if self.context is None else "wss"
        url = f"{scheme}://127.0.0.1:{self.port}/socket"
        # No limit to what waits unread: a full queue would keep the close frame waiting, too.
        self.socket = self._closing.enter_context(connect(url, max_queue=None, ssl=self.context))

    def close(self) -> None:
        self._closing.close()

    def send(self, event: object) -> None:
        self.socket.send(json.dumps(event))

    def receive(self) -> list[Event]:
        try:
            return [json.loads(self.socket.recv(timeout=PATIENCE))]
        except ConnectionClosed as closed:
            raise EOFError from closed


class PollTab(Tab):
    """By long-polling, over one connection that is kept open."""

    def open(self) -> None:
        where: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "timeout": PATIENCE}
        self.connection = (
            http.client.HTTPConnection(**where)
            if self.context is None
            else http.client.HTTPSConnection(**where, context=self.context)
        )
        self.seen = 0

    def close(self) -> None:
        self.connection.close()

    def post(self, path: str, **body: Any) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"}
        text = json.dumps({"client": self.secret, **body})
        self.connection.request("POST", path, text, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if answer.status == 200 else None

    def send(self, event: object) -> None:
        status, answer = self.post("/poll/send", events=[event])
        if status == 200:
            self.events += answer["events"]
        elif status != 204:
            raise EOFError(status)

    def receive(self) -> list[Event]:
        status, answer = self.post("/poll/receive", seen=self.seen)
        if status != 200:
            raise EOFError(status)
        self.seen = answer["seen"]
        return answer["events"]


TRANSPORTS: dict[str, type[Tab]] = {"websocket": SocketTab, "polling": PollTab}


@contextlib.contextmanager
def tabs(*made: Tab) -> Iterator[tuple[Tab, ...]]:
    """Close them all at the end."""
    with contextlib.ExitStack() as stack:
        yield tuple(stack.enter_context(tab) for tab in made)


_rooms = itertools.count(1)


def new_room() -> str:
    """A room that no other test uses."""
    return f"room-{next(_rooms)}"
