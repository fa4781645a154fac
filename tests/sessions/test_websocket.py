"""A WebSocket's handler reads the session of its handshake."""

from collections.abc import Callable
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.sessions.browser import SECRET, Browser, rules
from tests.web.helpers import Site
from tornadolike.sessions import Sessions
from tornadolike.websocket import WebSocketHandler


class Talk(WebSocketHandler):
    def prepare(self) -> None:
        if self.get_argument("count", None):
            self.session["count"] = self.session.get("count", 0) + 1

    def open(self) -> None:
        self.write_message(self.session.get("user", "nobody"))

    def on_message(self, message: str | bytes) -> None:
        with pytest.raises(RuntimeError, match="before that"):
            self.session["user"] = message
        self.write_message("too late")


def test_it_is_read(site: Callable[..., Site], keeping: Callable[..., Sessions]) -> None:
    pages: dict[str, Callable[[Any], Any]] = {
        "put": lambda h: h.session.update(user="ann"),
        "look": lambda h: dict(h.session),
    }
    made = site(*rules(pages), ("/talk", Talk), middleware=[keeping()], cookie_secret=SECRET)
    browser = Browser(made)
    address = f"ws://127.0.0.1:{made.server.port}/talk"
    for user in ("nobody", "ann"):
        headers = dict(field.split(": ") for field in browser.fields())
        with connect(f"{address}?count=1", additional_headers=headers, proxy=None) as peer:
            assert peer.recv(timeout=10) == user
            peer.send("eve")
            assert peer.recv(timeout=10) == "too late"
            assert peer.response is not None
            browser.take_fields(peer.response.headers.get_all("Set-Cookie"))
        assert browser.get("look").pop("count") == (1 if user == "nobody" else 2)
        browser.get("put")
