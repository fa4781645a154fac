""":class:`Tokens`: a token that is good now.

It is renewed when it is asked for and has ended: once for all who ask at that time, in this process by one task that
they share, and among processes as far as the storage lets them wait for each other. A refresh token is often good for
one use, and the second use counts as theft (RFC 9700 section 4.14).
"""

from dataclasses import replace
from typing import Final

from ...concurrent import Flights
from ...util import check_not_negative
from ..arguments import check_kind, check_kind_if_any
from ..errors import ProviderUnavailableError, SignInRequiredError
from ..oauth2.provider import OAuth2Provider
from ..tokens import DEFAULT_LEEWAY, Token
from .base import Grant, Refreshing
from .storage import MemoryTokens, TokenStorage

ALONE: Final = "token"
"""The key where a program has one token only."""


class Tokens:
    """Keeps tokens by keys, and renews them.

    .. code-block:: python

        tokens = Tokens(google, StoreTokens(store, secret))

        async def signed_in(self, identity, next):
            await tokens.save(identity.subject, identity.token)
            ...

        token = await tokens.current(user)

    :arg grant: how tokens are got and renewed: a :class:`.Grant`; or a provider, whose users give them by signing in.
    :arg storage: where they are kept; None: in memory.
    :arg leeway: seconds before its end from which a token is renewed.

    Raises :exc:`TypeError` and :exc:`ValueError` for what is none of these.
    """

    def __init__(
        self,
        grant: Grant | OAuth2Provider,
        storage: TokenStorage | None = None,
        *,
        leeway: float = DEFAULT_LEEWAY,
    ) -> None:
        check_kind_if_any(TokenStorage, storage=storage)
        check_not_negative(leeway=leeway)
        self._grant = Refreshing(grant) if isinstance(grant, OAuth2Provider) else grant
        check_kind(Grant, grant=self._grant)
        self._storage = MemoryTokens() if storage is None else storage
        self._leeway = leeway
        # Half of a renewal may be done: the refresh token is used up. The rest must not be lost.
        self._flights = Flights[str, Token](must_land=True)
        self._unsaved: dict[str, tuple[Token, Token | None]] = {}
        """What the storage has failed to save, and in the place of what."""

    async def save(self, key: str, token: Token) -> None:
        """Keep a token that has been given by signing in."""
        check_kind(Token, token=token)
        self._unsaved.pop(key, None)
        await self._storage.save(key, token)

    async def forget(self, key: str) -> None:
        """Remove a token. One that is being renewed at this time is not kept, either."""
        self._unsaved.pop(key, None)
        await self._storage.delete(key)

    async def current(self, key: str = ALONE) -> Token:
        """The token, renewed if it has ended.

        While a provider cannot be reached a token is given until its very end.

        Raises :exc:`.SignInRequiredError` if the user has to sign in (again), the other :exc:`.AuthError`, and what the
        storage raises.
        """
        token = await self._storage.load(key)
        if token is not None and not token.is_expired(self._leeway):
            return token
        return await self._flights.join(key, lambda: self._renew(key, token))

    async def renewed(self, key: str, refused: Token) -> Token:
        """Another token than this one, which somebody has refused though it has not ended. Raises as
        :meth:`current`."""
        return await self._flights.join(key, lambda: self._renew(key, refused))

    async def _renew(self, key: str, useless: Token | None) -> Token:
        async with self._storage.exclusively(key):
            if key in self._unsaved:
                await self._keep(key, *self._unsaved[key])
            token = await self._storage.load(key)
            if token is not None and token != useless and not token.is_expired(self._leeway):
                return token  # somebody else has renewed it
            return await self._replace(key, token)

    async def _replace(self, key: str, token: Token | None) -> Token:
        if token is None:
            new = await self._grant.obtain()
            await self._keep(key, new, None)
            return new
        try:
            new = await self._grant.renew(token)
        except SignInRequiredError:
            if token.refresh_token is not None:  # it is asked for no more
                await self._storage.save(key, replace(token, refresh_token=None), instead_of=token)
            raise
        except ProviderUnavailableError:
            if token.is_expired(0) or not token.is_expired(self._leeway):
                raise
            return token
        return new if await self._keep(key, new, token) else await self._left(key)

    async def _keep(self, key: str, new: Token, before: Token | None) -> bool:
        """Save a token. If that fails, it is done when the token is wanted next: the provider has taken the refresh
        token before it, which is worth nothing any more."""
        self._unsaved[key] = new, before
        is_kept = await self._storage.save(key, new, instead_of=before)
        self._unsaved.pop(key, None)
        return is_kept

    async def _left(self, key: str) -> Token:
        """What is there when somebody has removed or replaced a token while it was renewed."""
        token = await self._storage.load(key)
        if token is None:
            raise SignInRequiredError("the token was removed while it was renewed")
        return token
