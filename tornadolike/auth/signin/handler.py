""":class:`SignInMixin`: the two requests of a sign-in, in a handler."""

from typing import Any

from ...web import RequestHandler
from ..errors import AuthError
from ..identities import Identity
from ..oauth2.provider import OAuth2Provider


class SignInMixin(RequestHandler):
    """Signs users in with a :attr:`provider`: one handler, to which they come first and come back.

    .. code-block:: python

        class SignIn(SignInMixin, RequestHandler):
            provider = GitHub("client-id", "secret")

            async def signed_in(self, identity, next):
                self.session.rotate()
                self.session["user"] = [identity.issuer, identity.subject]
                self.redirect(next)
    """

    provider: OAuth2Provider

    async def authorize_redirect(self, next: str | None = None, **parameters: Any) -> None:
        """Send the user to the provider."""
        raise NotImplementedError

    async def get_authenticated_user(self) -> Identity:
        """Who has come back. Raises :exc:`.AuthError`."""
        raise NotImplementedError

    async def signed_in(self, identity: Identity, next: str) -> None:
        """To be overridden: who it is, and where they wanted to go."""
        raise NotImplementedError

    async def sign_in_failed(self, error: AuthError) -> None:
        """May be overridden. By default 403 for who said no, 400 for what is forged, and 502 and 503 for providers
        that fail: an :exc:`.HTTPError`."""
        raise NotImplementedError
