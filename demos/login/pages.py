"""What the pages have in common: who reads them, and what goes wrong; and the page that tells who one is."""

from __future__ import annotations

import json
from typing import Any

from tornadolike.auth import SignOuts, safe_next
from tornadolike.web import Blueprint, HTTPError, RequestHandler

from .people import People, User

group = Blueprint("pages")

DOMAIN = "localhost"
"""The name to which passkeys belong here. An address like 127.0.0.1 is none; a site would write down its own."""


class Page(RequestHandler):
    """A page knows its reader, if they have signed in."""

    current_user: User | None

    @property
    def people(self) -> People:
        """Who has an account here."""
        people: People = self.settings["people"]
        return people

    @property
    def next(self) -> str:
        """Where to go when this is done: a page of ours, whatever the argument says."""
        return safe_next(self.get_argument("next", "/"))

    @property
    def has_passkeys(self) -> bool:
        """Whether the site was asked for by a name to which passkeys can belong."""
        return self.request.host_name == DOMAIN

    @property
    def localhost(self) -> str | None:
        """The same site by that name, for those who come by this machine's address."""
        request = self.request
        if request.host_name != "127.0.0.1":
            return None
        return f"{request.protocol}://{request.host.replace(request.host_name, DOMAIN)}/"

    async def prepare(self) -> None:
        if "identity" in self.session and await self.has_signed_out_there():
            self.session.invalidate()
        number = self.session.get("user")
        self.current_user = None if number is None else await self.people.user(number)

    async def has_signed_out_there(self) -> bool:
        """Whether the provider has told since the user came from there that they have signed out."""
        sign_outs: SignOuts = self.settings["sign_outs"]
        return await sign_outs.covers(*self.session["identity"], since=self.session["since"])

    def show(self, template: str, **names: Any) -> None:
        """Answer with a page, which tells what its reader has not been told yet."""
        self.set_header("Cache-Control", "private, no-cache")
        self.render(template, messages=self.session.flashes(), **names)

    def become(self, user: User, **more: Any) -> None:
        """From now on the browser is that user's; the session has that, and ``more``."""
        self.session.rotate()  # who has seen the session's id before is left behind
        self.session.clear()
        self.renew_xsrf_token()
        self.session.update(more, user=user.number)

    def welcome(self, user: User, next: str, **more: Any) -> None:
        """The same, and on to the page that was wanted."""
        self.become(user, **more)
        self.redirect(next, status=303)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        detail = error.detail if isinstance(error, HTTPError) else None
        self.render("error.html", messages=[], status=status_code, detail=detail)


class Nowhere(Page):
    """What is at no address."""

    async def prepare(self) -> None:
        await super().prepare()
        raise HTTPError(404)


@group.get("/", name="home")
async def home(page: Page) -> None:
    """Who one is, and how that came to be known; or that nobody is known."""
    user = page.current_user
    known = None
    if user and "identity" in page.session:
        issuer, subject, _ = page.session["identity"]
        known = await page.people.known(issuer, subject)
    page.show(
        "home.html",
        known=known,
        claims=_readable(known.claims) if known else "",
        goodbye=None if user else page.session.pop("goodbye", None),
        passkeys=await page.people.passkeys(user) if user else 0,
        identities=await page.people.identities(user) if user else 0,
    )


def _readable(claims: object) -> str:
    """As JSON. A provider may say what is no text, half of a surrogate pair, which no page can have."""
    text = json.dumps(claims, indent=2, ensure_ascii=False)
    return text.encode(errors="replace").decode()
