""":class:`ClientCredentials`: a program asks for itself, with its own secret (RFC 6749 section 4.4)."""

from collections.abc import Sequence

from ..arguments import check_kind, checked_texts
from ..oauth2.provider import OAuth2Provider
from ..tokens import Token
from .base import Grant


class ClientCredentials(Grant):
    """A token for the program itself, in nobody's name.

    .. code-block:: python

        server = TokenServer("client-id", "secret", token_endpoint="https://id.example.com/token")
        token = await ClientCredentials(server, scope=["reports.read"]).obtain()

    :arg provider: who gives the token. It has a secret: whoever has none cannot say who it is.
    :arg scope: what the token is to be good for; by default what the provider thinks fit.
    :arg parameters: more that some providers want: ``audience``, ``resource``.
    """

    def __init__(
        self, provider: OAuth2Provider, *, scope: Sequence[str] = (), **parameters: str
    ) -> None:
        check_kind(OAuth2Provider, provider=provider)
        check_kind(str, **parameters)
        self.provider = provider
        self._form = {"grant_type": "client_credentials", **parameters}
        if wanted := checked_texts("scope", scope):
            self._form["scope"] = " ".join(wanted)

    async def obtain(self) -> Token:
        return await self.provider.ask_for_token(self._form)
