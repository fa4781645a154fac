"""This site's own accounts: a name and a password."""

from __future__ import annotations

import re
import unicodedata

from tornadolike.auth import LoginThrottle, PasswordHasher, PasswordRules
from tornadolike.middleware import RateLimit
from tornadolike.web import Blueprint

from .pages import Page
from .people import NameTaken

NAME = re.compile(r"\w(?:[\w .-]{0,28}\w)?")

group = Blueprint("accounts")

JOINING = RateLimit("20/hour", name="accounts", methods=["POST"])
"""So often may an address try to sign up."""

THROTTLE = LoginThrottle()
"""So often may a name's password be tried, and so often from an address."""

PASSWORDS = PasswordHasher()

RULES = PasswordRules()


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


@group.add("/signin", name="signin")
class SignIn(Account):
    """For those who have an account."""

    template = "signin.html"

    async def post(self) -> None:
        name, password = self.name_and_password()
        async with await THROTTLE.begin(self, name) as attempt:
            found = await self.people.with_name(name)
            user, stored = found or (None, None)
            # For a name that nobody has it takes as long.
            verified = await PASSWORDS.verify(stored, password)
            if user is None or not verified:
                self.ask("Nobody has that name and that password.", name)
                return
            if verified.rehash:
                await self.people.change_password(user, verified.rehash)
            await attempt.succeeded()
        self.welcome(user, self.next)


@group.add("/signup", name="signup", middleware=[JOINING])
class SignUp(Account):
    """For those who have none yet."""

    template = "signup.html"

    async def post(self) -> None:
        name, password = self.name_and_password()
        if not NAME.fullmatch(name):
            self.ask("A name has 1 to 30 letters, digits, spaces, dots and dashes.", name)
            return
        if fault := await RULES.check(password, about=[name]):
            self.ask(fault.text, name)
            return
        try:
            user = await self.people.add(name, await PASSWORDS.hash(password))
        except NameTaken:
            self.ask("Somebody has that name already. Please take another.", name)
        else:
            self.welcome(user, self.next)
