"""Signing in with providers, and out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from tornadolike.auth import (
    AccessDeniedError,
    AuthError,
    BackChannelLogoutMixin,
    Identity,
    OAuth2Provider,
    OpenIDProvider,
    SignInMixin,
)
from tornadolike.web import RequestHandler

from .pages import Page


class SignInWith(SignInMixin, Page):
    """One provider's: users come here to be sent there, and come back here."""

    def initialize(self, provider: OAuth2Provider) -> None:
        self.provider = provider

    async def signed_in(self, identity: Identity, next: str) -> None:
        user = await self.people.who_came_as(identity)
        came = {
            "provider": identity.provider,
            "id_token": identity.token and identity.token.id_token,
            "identity": [identity.issuer, identity.subject, identity.session_id],
            "since": time.time(),
        }
        if user is None and self.current_user:
            self.session["another"] = came
            self.redirect("/another")
        else:
            user = user or await self.people.give(identity.issuer, identity.subject)
            self.welcome(user, next, **came)

    def sign_in_failed(self, error: AuthError) -> None:
        if isinstance(error, AccessDeniedError):
            self.session.flash("You have not been signed in: that is what was chosen there.")
            self.redirect("/signin")
        else:
            super().sign_in_failed(error)


class Another(Page):
    """Who is signed in has come with an account that is new here. Only they can say whether both are theirs.

    They are asked behind the fact, and in a form with an XSRF token: that somebody has come with an account
    may be another page's doing.
    """

    async def prepare(self) -> None:
        await super().prepare()
        if self.current_user is None or "another" not in self.session:
            self.redirect("/")

    async def get(self) -> None:
        issuer, subject, _ = self.session["another"]["identity"]
        self.show("another.html", known=await self.people.known(issuer, subject))

    async def post(self) -> None:
        came = self.session["another"]
        issuer, subject, _ = came["identity"]
        is_me = self.get_body_argument("who") == "me"
        user = await self.people.give(issuer, subject, self.current_user if is_me else None)
        self.welcome(user, "/", **came)


class SignOutThere(BackChannelLogoutMixin, RequestHandler):
    """A provider tells that somebody has signed out there."""

    def initialize(self, provider: OpenIDProvider) -> None:
        self.provider = provider
        self.sign_outs = self.settings["sign_outs"]


class SignOut(Page):
    """The browser is nobody's any more. That it still is somebody's at the provider is told."""

    async def post(self) -> None:
        name, id_token = self.session.get("provider"), self.session.get("id_token")
        self.session.invalidate()
        self.session.flash("You are signed out.")
        provider = self.settings["providers"].get(name)
        if isinstance(provider, OpenIDProvider):
            there = await self.end_of_session(provider, id_token)
            if there:
                self.session["goodbye"] = {"name": name, "url": there}
        self.redirect("/", status=303)

    async def end_of_session(self, provider: OpenIDProvider, id_token: str | None) -> str | None:
        """Where users sign out of the provider, if it has such a page and can be asked for it."""
        home = f"{self.request.protocol}://{self.request.host}/"
        try:
            return await provider.end_session_url(
                id_token_hint=id_token, post_logout_redirect_uri=home
            )
        except AuthError:
            return None


def rules(providers: Mapping[str, OAuth2Provider]) -> list[Any]:
    """Addresses for each provider."""
    found: list[Any] = [("/signout", SignOut), ("/another", Another)]
    for name, provider in providers.items():
        found.append((f"/signin/{name}", SignInWith, {"provider": provider}))
        if isinstance(provider, OpenIDProvider):
            found.append((f"/signout/{name}", SignOutThere, {"provider": provider}))
    return found
