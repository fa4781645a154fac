""":class:`Discord`: OAuth 2.0, and an API that tells who it is."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from ..identities import Identity
from ..oauth2.pending import Pending
from ..oauth2.provider import OAuth2Provider
from ..tokens import Token
from .claims import subject_of, text

API: Final = "https://discord.com/api/v10"
PICTURES: Final = "https://cdn.discordapp.com"
_STANDARD_PICTURES: Final = 6
_OLD_STANDARD_PICTURES: Final = 5


class Discord(OAuth2Provider):
    """Signing in with `Discord <https://discord.com/developers/docs/topics/oauth2>`_."""

    default_name = "discord"
    default_scope = ("identify", "email")
    issuer = "https://discord.com"
    authorization_endpoint = "https://discord.com/oauth2/authorize"
    token_endpoint = "https://discord.com/api/oauth2/token"  # noqa: S105 - a URL, no secret

    async def identify(self, token: Token, pending: Pending, answer: Mapping[str, str]) -> Identity:
        profile = await self.endpoints.get(f"{API}/users/@me", token=token.access_token)
        subject = subject_of(profile, self.name)
        email = text(profile.get("email"))
        return Identity(
            self.name,
            self.issuer,
            subject,
            text(profile.get("global_name")) or text(profile.get("username")),
            text(profile.get("username")),
            email,
            email is not None and profile.get("verified") is True,
            picture_of(subject, profile),
            claims=profile,
            token=token,
        )


def picture_of(subject: str, profile: Mapping[str, Any]) -> str:
    """The URL of a user's picture; who has none gets one of the standard ones, by the number."""
    avatar = text(profile.get("avatar"))
    if avatar is not None:
        return f"{PICTURES}/avatars/{quote(subject, safe='')}/{quote(avatar, safe='')}.png"
    number = (int(subject) >> 22) % _STANDARD_PICTURES if _is_number(subject) else 0
    discriminator = text(profile.get("discriminator")) or "0"
    if discriminator != "0" and _is_number(
        discriminator
    ):  # a name of the time when they had four digits
        number = int(discriminator) % _OLD_STANDARD_PICTURES
    return f"{PICTURES}/embed/avatars/{number}.png"


def _is_number(digits: str) -> bool:
    return digits.isascii() and digits.isdigit() and len(digits) <= 20
