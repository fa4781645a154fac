""":class:`TokenAuth`: requests of the HTTP client with a token that is good now."""

import asyncio
from typing import Final

from ...httpclient import Auth, BearerAuth
from ...httpclient.engine import Hop
from ...httputil import HTTPHeaders
from ..arguments import check_kind, check_text
from ..errors import ProviderAnswerError
from ..tokens import Token
from .keeping import ALONE, Tokens

REFUSALS_APART: Final = 10.0
"""Seconds between two times that a token is renewed because a server has refused it. One that refuses all of them must
not have one made for each request."""
_UNAUTHORIZED: Final = 401
_SCHEME: Final = "Bearer "


class TokenAuth(Auth):
    """Signs requests with a token, which is got, kept and renewed: before it ends, and when a server refuses it (401).

    .. code-block:: python

        auth = TokenAuth(Tokens(ClientCredentials(server)))
        response = await AsyncHTTPClient().fetch("https://api.example.com/reports", auth=auth)

    What :meth:`.Tokens.current` raises comes out of the fetch. Waiting for a token counts for its ``request_timeout``:
    where a user is asked first (:class:`.DeviceGrant`), await ``tokens.current()`` before.

    The token goes wherever the request goes: give it to requests for those it is meant for, not to all of a client.

    :arg tokens: where the token comes from.
    :arg key: which of them.
    """

    def __init__(self, tokens: Tokens, key: str = ALONE) -> None:
        check_kind(Tokens, tokens=tokens)
        check_text(key=key)
        self._tokens = tokens
        self._key = key
        self._refused = ""
        """The last token that was refused, and is to be renewed for that."""
        self._not_before = 0.0
        """When another one may count as refused, by the clock of the loop."""

    async def prepare(self, hop: Hop) -> None:
        token = await self._tokens.current(self._key)
        if token.access_token == self._refused:
            token = await self._tokens.renewed(self._key, token)
        _bearer(token).sign(hop)

    def sign(self, hop: Hop) -> None:
        """It is signed already."""

    def answered(self, hop: Hop, status: int, headers: HTTPHeaders, tries: int) -> bool:
        if status != _UNAUTHORIZED or tries:
            return False
        used = hop.headers.get("Authorization", "").removeprefix(_SCHEME)
        if used != self._refused:  # others may have been sent with the same
            now = asyncio.get_running_loop().time()
            if now < self._not_before:
                return False
            self._refused, self._not_before = used, now + REFUSALS_APART
        return True


def _bearer(token: Token) -> BearerAuth:
    if token.token_type.lower() != "bearer":
        raise ProviderAnswerError(
            f"a token of the type {token.token_type[:40]!r} says nothing of how to use it in a request"
        )
    try:
        return BearerAuth(token.access_token)
    except ValueError as error:
        raise ProviderAnswerError(
            "the access token has characters that no header may have"
        ) from error
