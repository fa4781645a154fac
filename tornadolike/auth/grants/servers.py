""":class:`TokenServer`: a server of which only its URLs are known."""

from collections.abc import Mapping
from typing import Any

from ..arguments import check_kind, check_text
from ..identities import Identity
from ..oauth2.clients import ClientAuthentication, PublicClient, SecretInHeader
from ..oauth2.pending import Pending
from ..oauth2.provider import OAuth2Provider
from ..oauth2.urls import is_safe_url
from ..tokens import Token


class TokenServer(OAuth2Provider):
    """Gives tokens, and does not say who anybody is: for scripts and services, not for signing in.

    .. code-block:: python

        TokenServer("client-id", "secret", token_endpoint="https://id.example.com/oauth/token")

    (For one that speaks OpenID Connect an :class:`.OpenIDProvider` finds the URLs itself.)

    :arg client_id: what the server knows the program by.
    :arg client_secret: what it gave with that; None for a program without one.
    :arg token_endpoint: its URL.
    :arg device_authorization_endpoint: its URL, for the device grant. Both are ``https``; ``http`` is for this machine.
    :arg more: as of :class:`.OAuth2Provider`. The secret is sent in the header (``client_secret_basic``, which all
        servers have to know), unless ``client_authentication`` says otherwise.
    """

    default_name = "tokens"

    def __init__(
        self,
        client_id: str,
        client_secret: str | None = None,
        *,
        token_endpoint: str,
        device_authorization_endpoint: str = "",
        **more: Any,
    ) -> None:
        super().__init__(client_id, client_secret, **more)
        check_text(token_endpoint=token_endpoint)
        check_kind(str, device_authorization_endpoint=device_authorization_endpoint)
        _check_url("token_endpoint", token_endpoint)
        if device_authorization_endpoint:
            _check_url("device_authorization_endpoint", device_authorization_endpoint)
        self.token_endpoint = token_endpoint
        self.device_authorization_endpoint = device_authorization_endpoint

    async def _usual_client(self) -> ClientAuthentication:
        if self._secret is None:
            return PublicClient(self.client_id)
        return SecretInHeader(self.client_id, self._secret)

    async def identify(self, token: Token, pending: Pending, answer: Mapping[str, str]) -> Identity:
        raise TypeError("a TokenServer does not say who anybody is: sign in with another provider")


def _check_url(name: str, url: str) -> None:
    """Secrets go there."""
    if not is_safe_url(url):
        raise ValueError(f"{name} is an https URL (or http on this machine), not {url!r}")
