""":class:`Facebook`: OAuth 2.0, and the Graph API, which wants a proof that who asks has the secret."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from ..arguments import check_text, checked_texts
from ..identities import Identity
from ..oauth2.pending import Pending
from ..oauth2.provider import OAuth2Provider
from ..tokens import Token
from .claims import subject_of, text

VERSION: Final = "v23.0"
"""Of the Graph API."""
FIELDS: Final = ("id", "name", "email", "picture.width(200).height(200)")
_GRAPH: Final = "https://graph.facebook.com"


class Facebook(OAuth2Provider):
    """Signing in with `Facebook <https://developers.facebook.com/docs/facebook-login/>`_.

    Facebook does not say whether an e-mail address is verified: it is taken for one that is not.

    :arg fields: what is asked of the user's profile, for :attr:`.Identity.claims`.
    :arg more: as of :class:`.OAuth2Provider`.
    """

    default_name = "facebook"
    default_scope = ("public_profile", "email")
    issuer = "https://www.facebook.com"
    authorization_endpoint = f"https://www.facebook.com/{VERSION}/dialog/oauth"
    token_endpoint = f"{_GRAPH}/{VERSION}/oauth/access_token"

    def __init__(
        self, client_id: str, client_secret: str, *, fields: tuple[str, ...] = FIELDS, **more: Any
    ) -> None:
        super().__init__(client_id, client_secret, **more)
        check_text(client_secret=client_secret)
        self._fields = checked_texts("fields", fields)
        self._proof_key = client_secret.encode()

    async def identify(self, token: Token, pending: Pending, answer: Mapping[str, str]) -> Identity:
        proof = hmac.digest(self._proof_key, token.access_token.encode(), hashlib.sha256).hex()
        query = urlencode({"fields": ",".join(self._fields), "appsecret_proof": proof})
        profile = await self.endpoints.get(
            f"{_GRAPH}/{VERSION}/me?{query}", token=token.access_token
        )
        return Identity(
            self.name,
            self.issuer,
            subject_of(profile, self.name),
            text(profile.get("name")),
            email=text(profile.get("email")),
            picture=_picture(profile.get("picture")),
            claims=profile,
            token=token,
        )


def _picture(said: Any) -> str | None:
    data = said.get("data") if isinstance(said, Mapping) else None
    return text(data.get("url")) if isinstance(data, Mapping) else None
