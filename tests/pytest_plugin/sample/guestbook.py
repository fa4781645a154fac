"""A small site of somebody else, to be tested with the plugin."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from tornadolike.web import Application, RequestHandler, authenticated
from tornadolike.websocket import WebSocketHandler

LINGER = 3600.0
"""Seconds that an entry is to be seen."""


class Book(RequestHandler):
    def get(self) -> None:
        self.write({"entries": self.application.entries})  # type: ignore[attr-defined]

    @authenticated
    async def post(self) -> None:
        await self.application.add(f"{self.current_user}: {self.get_argument('text')}")  # type: ignore[attr-defined]
        self.redirect("/")

    def get_current_user(self) -> str | None:
        user = self.get_signed_cookie("user")
        return user and user.decode()

    def get_login_url(self) -> str:
        return "/login"


class Login(RequestHandler):
    def get(self) -> None:
        self.write("Who are you?")

    def post(self) -> None:
        self.set_signed_cookie("user", self.get_argument("name"))
        self.redirect("/")


class Live(WebSocketHandler):
    def open(self) -> None:
        self.application.readers.add(self)  # type: ignore[attr-defined]

    def on_close(self) -> None:
        self.application.readers.discard(self)  # type: ignore[attr-defined]


class Guestbook(Application):
    def __init__(self) -> None:
        super().__init__(
            [("/", Book), ("/login", Login), ("/live", Live)], cookie_secret="guest" * 8
        )
        self.entries: list[str] = []
        self.readers: set[Live] = set()
        self.lifetime(self.open_book)

    async def open_book(self, app: Any) -> AsyncIterator[None]:
        self.entries = ["The book is open"]
        yield
        self.entries = []

    async def add(self, entry: str) -> None:
        """Add an entry, tell who reads, and take it out again after a while."""
        self.entries.append(entry)
        for reader in self.readers:
            reader.write_message(entry)
        asyncio.get_running_loop().call_later(LINGER, self.entries.remove, entry)
