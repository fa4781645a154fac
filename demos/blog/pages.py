"""What the pages of the blog have in common: who reads, in which language, and what goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tornadolike import locale
from tornadolike.auth import safe_next
from tornadolike.locale import Locale
from tornadolike.sessions import Flash
from tornadolike.web import Blueprint, HTTPError, RequestHandler, StaticFileHandler

from .store import Store, User

LANGUAGES = {"en": "English", "de": "Deutsch", "ar": "العربية", "ja": "日本語"}
LANGUAGE_COOKIE = "blog_language"


class House(RequestHandler):
    """What pages and files have in common: the reader's language, and pages about errors."""

    @property
    def store(self) -> Store:
        """Who writes here, and what."""
        store: Store = self.settings["store"]
        return store

    def get_user_locale(self) -> Locale | None:
        chosen = self.get_cookie(LANGUAGE_COOKIE, "")
        return locale.get(chosen) if chosen in LANGUAGES else None

    def page(self, template: str, messages: Sequence[Flash] = (), **names: Any) -> None:
        """Answer with a page, which tells these messages."""
        language = self.locale.code.partition("_")[0]
        self.set_header("Content-Language", language)
        self.set_header("Vary", "Accept-Language, Cookie")
        self.set_header("Cache-Control", "private, no-cache")
        self.render(template, language=language, languages=LANGUAGES, messages=messages, **names)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        detail = error.detail if isinstance(error, HTTPError) else None
        self.page("error.html", status=status_code, detail=detail)


class Page(House):
    """A page knows its reader, if they have signed in."""

    current_user: User | None

    async def prepare(self) -> None:
        number = self.session.get("user")
        self.current_user = None if number is None else await self.store.user(number)

    def show(self, template: str, **names: Any) -> None:
        """Answer with a page, which tells what its reader has not been told yet."""
        self.page(template, self.session.flashes(), **names)

    @property
    def user(self) -> User:
        """Who asks, behind `@authenticated`."""
        assert self.current_user is not None
        return self.current_user

    @property
    def next(self) -> str:
        """Where to go when this is done: a page of ours, whatever the argument says."""
        return safe_next(self.get_argument("next", "/"))


class Nowhere(Page):
    """What is at no address."""

    async def prepare(self) -> None:
        await super().prepare()
        raise HTTPError(404)


group = Blueprint("")


@group.post("/language", name="language")
def choose_language(page: Page) -> None:
    """The choice of a language by hand."""
    chosen = page.get_body_argument("language")
    if chosen not in LANGUAGES:
        raise HTTPError(400)
    secure = page.request.protocol == "https"
    page.set_cookie(
        LANGUAGE_COOKIE, chosen, expires_days=365, httponly=True, samesite="Lax", secure=secure
    )
    page.redirect(page.next, status=303)


class StaticFile(House, StaticFileHandler):
    """The style, the script and the icon."""
