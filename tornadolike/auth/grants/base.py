""":class:`Grant`: a way to get a token, and another one when it has ended."""

from abc import ABC, abstractmethod
from typing import Final

from ..arguments import check_kind
from ..errors import OAuthError, SignInRequiredError
from ..oauth2.provider import OAuth2Provider
from ..tokens import Token

_OVER: Final = frozenset({"invalid_grant", "bad_refresh_token"})
"""What providers say of a refresh token that is over. (The second is GitHub's.)"""


class Grant(ABC):
    """A way to get tokens (RFC 6749 section 1.3). To be subclassed for others than ours."""

    @abstractmethod
    async def obtain(self) -> Token:
        """A token, where there is none. Raises :exc:`.SignInRequiredError` where a user has to be asked and cannot be,
        and the other :exc:`.AuthError`."""

    async def renew(self, token: Token) -> Token:
        """Another one for one that has ended, or is refused. Raises as :meth:`obtain`. By default that is it."""
        return await self.obtain()


class Refreshing(Grant):
    """Tokens of users, who have given them by signing in: without them they can be renewed, and not made."""

    def __init__(self, provider: OAuth2Provider) -> None:
        check_kind(OAuth2Provider, provider=provider)
        self.provider = provider

    async def obtain(self) -> Token:
        raise SignInRequiredError("there is no token: the user has to sign in")

    async def renew(self, token: Token) -> Token:
        if token.refresh_token is None:
            raise SignInRequiredError(
                "the token has ended, and none was given for renewing it: the user has to sign in again"
            )
        try:
            return await self.provider.refresh(token)
        except OAuthError as error:
            if error.error not in _OVER:
                raise
            raise SignInRequiredError(
                f"{self.provider.name} renews the token no more: the user has to sign in again"
            ) from error
