"""Signing up, in and out."""

from __future__ import annotations

import re
import unicodedata

from tornadolike.auth import LoginThrottle, PasswordFault
from tornadolike.middleware import RateLimit
from tornadolike.web import Blueprint

from .pages import Page
from .passwords import PASSWORDS, RULES
from .store import NameTaken, User

NAME = re.compile(r"\w(?:[\w .-]{0,28}\w)?")

group = Blueprint("accounts")

JOINING = RateLimit("30/10 minutes", name="accounts", methods=["POST"])
"""So often may an address try to sign up."""

THROTTLE = LoginThrottle()
"""So often may a name's password be tried, from however many addresses; and so often may an address try."""


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


@group.add("/signin", name="signin")
class SignIn(Account):
    """For those who have an account."""

    template = "signin.html"

    async def post(self) -> None:
        _ = self.locale.translate
        name, password = self.name_and_password()
        async with await THROTTLE.begin(self, name) as attempt:
            user, stored = await self.store.user_of_name(name) or (None, None)
            # For a name that nobody has it takes as long.
            verified = await PASSWORDS.verify(stored, password)
            if user is None or not verified:
                self.ask(_("Nobody has that name and that password."), name)
                return
            if verified.rehash:
                await self.store.change_password(user, verified.rehash)
            await attempt.succeeded()
        self.welcome(user)


@group.add("/signup", name="signup", middleware=[JOINING])
class SignUp(Account):
    """For those who have none yet."""

    template = "signup.html"

    async def post(self) -> None:
        _ = self.locale.translate
        name, password = self.name_and_password()
        if not NAME.fullmatch(name):
            self.ask(_("A name has 1 to 30 letters, digits, spaces, dots and dashes."), name)
        elif fault := await RULES.check(password, about=[name]):
            self.ask(self.told(fault), name)
        else:
            try:
                self.welcome(await self.store.add_user(name, await PASSWORDS.hash(password)))
            except NameTaken:
                self.ask(_("Somebody has that name already. Please take another."), name)

    def told(self, fault: PasswordFault) -> str:
        """What is wrong with a password, in the reader's language."""
        _ = self.locale.translate
        match fault.code:
            case "short":
                return _("15 characters at least: some words in a row are good.")
            case "personal":
                return _("The password is too much like your name.")
            case "common":
                return _("Too many people have this password. Please take another.")
            case _other:
                return _("This password cannot be used. Please take another.")


@group.post("/signout")
def signout(page: Page) -> None:
    """The browser is nobody's any more."""
    _ = page.locale.translate
    page.session.invalidate()
    page.session.flash(_("You are signed out."))
    page.redirect("/", status=303)
