""":class:`OpenIDProvider`: signing in with any OpenID Connect provider."""

from collections.abc import Mapping
from typing import Any

from ..identities import Identity
from ..oauth2.pending import Pending
from ..oauth2.provider import OAuth2Provider
from ..tokens import Token


class OpenIDProvider(OAuth2Provider):
    """A provider that is known by its ``issuer`` alone: the rest it says itself.

    .. code-block:: python

        OpenIDProvider("client-id", "secret", issuer="https://id.example.com")
    """

    default_name = "openid"
    default_scope = ("openid", "profile", "email")

    def __init__(
        self, client_id: str, client_secret: str | None = None, *, issuer: str = "", **more: Any
    ) -> None:
        super().__init__(client_id, client_secret, **more)
        self.issuer = issuer or self.issuer

    async def identify(self, token: Token, pending: Pending, answer: Mapping[str, str]) -> Identity:
        raise NotImplementedError

    def identity_of(self, claims: Mapping[str, Any], token: Token) -> Identity:
        """The claims in our words. A provider with words of its own overrides it."""
        return Identity(
            self.name,
            str(claims["iss"]),
            str(claims["sub"]),
            claims.get("name"),
            claims.get("preferred_username"),
            claims.get("email"),
            claims.get("email_verified") is True,
            claims.get("picture"),
            claims.get("sid"),
            claims,
            token,
        )
