"""Signing up, in and out."""

from __future__ import annotations

import re
import unicodedata

from tornadolike.middleware import RateLimit
from tornadolike.web import Blueprint

from .pages import Page
from .store import NameTaken, User

NAME = re.compile(r"\w(?:[\w .-]{0,28}\w)?")
PASSWORD_LENGTHS = range(8, 201)

group = Blueprint("accounts")

KNOCKING = RateLimit("30/10 minutes", name="accounts", methods=["POST"])
"""So often may an address try to sign up or in."""

GUESSES = RateLimit("50/hour", name="guesses")
"""So often may somebody's password be tried, from however many addresses."""


class Account(Page):
    """A form for a name and a password."""

    template: str

    def get(self) -> None:
        self.ask()

    def ask(self, problem: str = "", name: str = "") -> None:
        """Show the form; again, if there is a problem with what was in it."""
        self.set_status(400 if problem else 200)
        self.show(self.template, problem=problem, name=name, next=self.next)

    def name_and_password(self) -> tuple[str, str]:
        """What was typed; the name in the spelling that all ways of typing it have in common."""
        name = unicodedata.normalize("NFKC", self.get_body_argument("name", ""))
        return " ".join(name.split()), self.get_body_argument("password", "", strip=False)

    def welcome(self, user: User) -> None:
        """From now on the browser is that user's."""
        _ = self.locale.translate
        self.session.rotate()  # who has seen the session's id before is left behind
        self.session["user"] = user.number
        self.session.flash(_("Welcome, %(name)s.") % {"name": self.locale.isolate(user.name)})
        self.redirect(self.next, status=303)


@group.add("/signin", name="signin", middleware=[KNOCKING])
class SignIn(Account):
    """For those who have an account."""

    template = "signin.html"

    async def post(self) -> None:
        _ = self.locale.translate
        name, password = self.name_and_password()
        user = None
        if len(password) in PASSWORD_LENGTHS:
            await GUESSES.check(self, name.casefold())
            user = await self.store.user_with_password(name, password)
        if user is None:
            self.ask(_("Nobody has that name and that password."), name)
        else:
            await GUESSES.forget(name.casefold())
            self.welcome(user)


@group.add("/signup", name="signup", middleware=[KNOCKING])
class SignUp(Account):
    """For those who have none yet."""

    template = "signup.html"

    async def post(self) -> None:
        _ = self.locale.translate
        name, password = self.name_and_password()
        if not NAME.fullmatch(name):
            self.ask(_("A name has 1 to 30 letters, digits, spaces, dots and dashes."), name)
        elif len(password) not in PASSWORD_LENGTHS:
            self.ask(_("A password has 8 to 200 characters."), name)
        else:
            try:
                self.welcome(await self.store.add_user(name, password))
            except NameTaken:
                self.ask(_("Somebody has that name already. Please take another."), name)


@group.post("/signout")
def signout(page: Page) -> None:
    """The browser is nobody's any more."""
    _ = page.locale.translate
    page.session.invalidate()
    page.session.flash(_("You are signed out."))
    page.redirect("/", status=303)
