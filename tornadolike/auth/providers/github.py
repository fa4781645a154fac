""":class:`GitHub`: OAuth 2.0, and an API that tells who it is (there is no ID token).

A user may have several e-mail addresses. The one that is taken is *primary* and *verified*: the profile has only one
that the user shows to everybody, if any.
"""

from collections.abc import Mapping
from typing import Any, Final

from ..errors import ProviderAnswerError
from ..identities import Identity
from ..oauth2.pending import Pending
from ..oauth2.provider import OAuth2Provider
from ..oauth2.urls import checked_base
from ..tokens import Token
from .claims import subject_of, text

HOST: Final = "https://github.com"
_CLOUD: Final = ".ghe.com"
_HEADERS: Final = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}


class GitHub(OAuth2Provider):
    """Signing in with GitHub: `OAuth apps and GitHub Apps
    <https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>`_, also without a browser
    (:class:`.DeviceGrant`).

    :arg base_url: of an Enterprise Server (``"https://github.example.com"``) or an enterprise on ``ghe.com``.
    :arg more: as of :class:`.OAuth2Provider`.

    Raises :exc:`ValueError` for another ``base_url``.
    """

    default_name = "github"
    default_scope = ("read:user", "user:email")

    def __init__(
        self,
        client_id: str,
        client_secret: str | None = None,
        *,
        base_url: str = HOST,
        **more: Any,
    ) -> None:
        super().__init__(client_id, client_secret, **more)
        base = checked_base(base_url)
        self.issuer = f"{base}/login/oauth"
        self.authorization_endpoint = f"{base}/login/oauth/authorize"
        self.token_endpoint = f"{base}/login/oauth/access_token"
        self.device_authorization_endpoint = f"{base}/login/device/code"
        self.api = _api(base)
        """Where the REST API is."""

    async def identify(self, token: Token, pending: Pending, answer: Mapping[str, str]) -> Identity:
        profile = await self._ask("/user", token)
        subject = subject_of(profile, self.name)
        email = await self._verified_email(token)
        return Identity(
            self.name,
            self.issuer,
            subject,
            text(profile.get("name")),
            text(profile.get("login")),
            email or text(profile.get("email")),
            email is not None,
            text(profile.get("avatar_url")),
            claims=profile,
            token=token,
        )

    async def _verified_email(self, token: Token) -> str | None:
        try:
            addresses = await self._ask("/user/emails", token)
        except (
            ProviderAnswerError
        ):  # the token is not for that: the user, or the app, has not allowed it
            return None
        for address in addresses if isinstance(addresses, list) else ():
            if (
                isinstance(address, dict)
                and address.get("primary") is True
                and address.get("verified") is True
            ):
                return text(address.get("email"))
        return None

    async def _ask(self, path: str, token: Token) -> Any:
        return await self.endpoints.get(
            self.api + path, token=token.access_token, headers=dict(_HEADERS)
        )


def _api(base: str) -> str:
    scheme, _, host = base.partition("://")
    if base == HOST or host.endswith(_CLOUD):
        return f"{scheme}://api.{host}"
    return f"{base}/api/v3"
