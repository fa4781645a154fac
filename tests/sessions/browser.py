"""A site of one function for each page, and a browser that keeps its cookie."""

import http.cookies
import inspect
import time
from collections.abc import Callable
from typing import Any

from tests.web.helpers import Answer, Site
from tornadolike.sessions import Sessions
from tornadolike.web import RequestHandler

SECRET = "3c6e0b8a9c15224a8228b9a98ca1531d"


class Page(RequestHandler):
    """Calls a function with itself, and writes what that returns as JSON."""

    def initialize(self, page: Callable[[Any], Any]) -> None:
        self.page = page

    async def get(self) -> None:
        result = self.page(self)
        if inspect.isawaitable(result):
            result = await result
        if not self._finished:
            self.write({"": result})

    post = get


def rules(pages: dict[str, Callable[[Any], Any]]) -> list[Any]:
    return [(f"/{name}", Page, {"page": page}) for name, page in pages.items()]


class Browser:
    """Sends the cookies that it was given."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cookies: dict[str, str] = {}
        self.morsels: dict[str, http.cookies.Morsel[str]] = {}
        """With their attributes, as the last answers have set them."""

    def fields(self) -> list[str]:
        if not self.cookies:
            return []
        return ["Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items())]

    def take(self, answer: Answer) -> None:
        self.take_fields(answer.headers.get_all("Set-Cookie") or [])

    def take_fields(self, fields: list[str]) -> None:
        for field in fields:
            for name, morsel in http.cookies.SimpleCookie(field).items():
                self.morsels[name] = morsel
                if morsel["expires"] and not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value

    def ask(self, page: str, *fields: str) -> Answer:
        answer = self.site.ask(f"GET /{page}", *self.fields(), *fields)
        self.take(answer)
        return answer

    def get(self, page: str) -> Any:
        """What the page's function has returned."""
        answer = self.ask(page)
        assert answer.status == 200, answer.text
        return answer.json[""]

    def copy(self) -> "Browser":
        """Another with the same cookies: a thief, a second tab."""
        other = Browser(self.site)
        other.cookies = dict(self.cookies)
        return other


class Clock:
    """The time of sessions and of stores in memory, which can be put forward."""

    def __init__(self, monkeypatch: Any) -> None:
        from tornadolike.sessions import visit
        from tornadolike.stores import memory

        self.passed = 0.0
        monkeypatch.setattr(visit, "time", lambda: time.time() + self.passed)
        monkeypatch.setattr(memory, "monotonic", lambda: time.monotonic() + self.passed)


def visited(
    site: Callable[..., Site], sessions: Sessions, **pages: Callable[[Any], Any]
) -> Browser:
    """A browser at a site with these pages."""
    return Browser(site(*rules(pages), middleware=[sessions], cookie_secret=SECRET))
