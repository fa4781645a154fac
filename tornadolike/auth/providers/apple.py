""":class:`Apple`: OpenID Connect, and its peculiarities.

The client's secret is a token that the client signs itself, and that ends (RFC 7523 has such a thing, and Apple has
another one). The browser comes back with a POST. The user's name comes with it, once in a life: the first time that the
user signs in. It is not signed, and only good for being shown.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ..arguments import check_kind, check_text
from ..identities import Identity
from ..jose.algorithms import ALGORITHMS
from ..jose.keys import load_key
from ..jose.writing import write_token
from ..oauth2.clients import ClientAuthentication
from ..oauth2.pending import Pending
from ..openid.provider import OpenIDProvider
from ..tokens import Token
from .claims import is_true, text

ISSUER: Final = "https://appleid.apple.com"
SECRET_LIFETIME: Final = 3600.0
"""Seconds that a client's secret is good for. Apple takes up to half a year."""
LONGEST_NAME: Final = 200
"""Characters of a user's name that are taken."""
_ALGORITHM: Final = "ES256"
_LONGEST_USER: Final = 4096


class AppleSecret(ClientAuthentication):
    """The client's secret: a token signed with ES256, and made anew when half of its time is over."""

    method = "client_secret_post"

    def __init__(self, client_id: str, team_id: str, key_id: str, private_key: str | bytes) -> None:
        check_text(client_id=client_id, team_id=team_id, key_id=key_id)
        check_kind((str, bytes), private_key=private_key)
        self.client_id = client_id
        self._claims = {"iss": team_id, "sub": client_id, "aud": ISSUER}
        self._key = load_key(private_key, kid=key_id)
        if not self._key.is_private or not ALGORITHMS[_ALGORITHM].fits(self._key):
            raise ValueError(
                "private_key is a private key on P-256, as in Apple's file AuthKey_....p8"
            )
        self._secret, self._good_until = "", 0.0

    def add_to(self, form: dict[str, str], headers: dict[str, str], endpoint: str) -> None:
        form["client_id"] = self.client_id
        form["client_secret"] = self._current()

    def _current(self) -> str:
        now = time.time()
        if now >= self._good_until:
            self._secret = write_token(
                self._claims, self._key, lifetime=SECRET_LIFETIME, algorithm=_ALGORITHM
            )
            self._good_until = now + SECRET_LIFETIME / 2
        return self._secret


class Apple(OpenIDProvider):
    """`Sign in with Apple <https://developer.apple.com/documentation/signinwithapplerestapi>`_.

    The browser comes back with a POST, to an https address. An e-mail address may be one that Apple has made for this
    application alone (``claims["is_private_email"]``).

    :arg client_id: the identifier of the service.
    :arg team_id: ten characters, from the account's page.
    :arg key_id: of the private key: ten characters.
    :arg private_key: what is in the file ``AuthKey_....p8``.
    :arg more: as of :class:`.OpenIDProvider`.

    Raises :exc:`ValueError` for what is no private key.
    """

    default_name = "apple"
    default_scope = ("openid", "name", "email")
    issuer = ISSUER
    response_mode = "form_post"
    uses_pkce = False

    def __init__(
        self, client_id: str, *, team_id: str, key_id: str, private_key: str | bytes, **more: Any
    ) -> None:
        secret = AppleSecret(client_id, team_id, key_id, private_key)
        super().__init__(client_id, client_authentication=secret, **more)

    async def identify(self, token: Token, pending: Pending, answer: Mapping[str, str]) -> Identity:
        identity = await super().identify(token, pending, answer)
        return replace(identity, name=_name(answer.get("user", "")) or identity.name)

    def identity_of(self, claims: Mapping[str, Any], token: Token) -> Identity:
        identity = super().identity_of(claims, token)
        verified = identity.email is not None and is_true(claims.get("email_verified"))
        return replace(identity, email_verified=verified)


def _name(user: str) -> str | None:
    """The name in what comes with the browser, as whoever sits there likes it."""
    if len(user) > _LONGEST_USER:
        return None
    try:
        name = json.loads(user)["name"]
        parts = (text(name.get("firstName")), text(name.get("lastName")))
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return None
    full = " ".join(part.strip() for part in parts if part).strip()
    return full if full.isprintable() and 0 < len(full) <= LONGEST_NAME else None
