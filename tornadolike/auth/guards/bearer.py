""":class:`BearerAuthentication`: who has a token may (RFC 6750)."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from ...util import check_whole_numbers
from ...web import HTTPError, RequestHandler
from ..arguments import check_text_if_any
from ..errors import RETRY_SECONDS, ProviderError, TokenError
from .authenticate import Scheme, came_in_header, keep_private
from .credentials import Credentials, credentials_from
from .headers import Refused, authorization, challenge, checked_realm, one_argument
from .scopes import check_scopes, checked_scopes

MAX_LENGTH: Final = 8192
"""Characters of a token."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class BearerAuthentication(Scheme):
    """Lets those in who send a token: middleware, or one of :class:`.Authenticate`.

    .. code-block:: python

        BearerAuthentication(JWTBearer("https://login.example.com", audience="https://api.example.com"))

    It stands in the header ``Authorization: Bearer ...``. No page of another site can have a browser send that: no XSRF
    token is asked for.

    :arg check: takes the token; returns the user, or :class:`Credentials`, or None for nobody. May be a coroutine
        function. It may raise :exc:`.TokenError`, whose text the client is told.
    :arg realm: what it is for; None: nothing is said.
    :arg scopes: those that every token must have. For single methods there is :func:`.requires_scope`.
    :arg query: the name of an argument in which a token may stand, too: ``"access_token"``. URLs are written into logs
        and histories: it is only for what can send no header, such as a WebSocket of a browser, and for tokens that do
        not live long.
    :arg max_length: characters that a token may have.

    Raises :exc:`TypeError` and :exc:`ValueError` for what is of no use.
    """

    def __init__(
        self,
        check: Callable[[str], Any],
        *,
        realm: str | None = None,
        scopes: Iterable[str] = (),
        query: str | None = None,
        max_length: int = MAX_LENGTH,
    ) -> None:
        if not callable(check):
            raise TypeError(f"check is a function of a token, not {check!r}")
        check_text_if_any(query=query)
        check_whole_numbers(max_length=max_length)
        if max_length < 1:
            raise ValueError(f"max_length is at least 1, not {max_length}")
        self._check = check
        self._realm = None if realm is None else checked_realm(realm)
        self._scopes = checked_scopes(scopes)
        self._query = query
        self._max_length = max_length

    async def find(self, handler: RequestHandler) -> Credentials | None:
        token = self._token(handler)
        if token is None:
            return None
        if len(token) > self._max_length or not _TOKEN.fullmatch(token):
            raise Refused(400, "The token is malformed.", "invalid_request")
        try:
            credentials = await credentials_from(self._check(token))
        except TokenError as error:
            raise Refused(401, f"Not accepted: {error}", "invalid_token") from error
        except ProviderError as error:
            raise HTTPError(
                503,
                "%s",
                error,
                detail="Tokens cannot be checked at the moment: try later.",
                retry_after=RETRY_SECONDS,
            ) from error
        if credentials is None:
            raise Refused(401, "The token is not accepted.", "invalid_token")
        check_scopes(credentials.scopes, self._scopes)
        return credentials

    def challenge(self, refused: Refused | None = None) -> str:
        error = None if refused is None else refused.code
        return challenge(
            "Bearer",
            realm=self._realm,
            error=error,
            error_description=refused.detail if refused is not None and error else None,
            scope=" ".join(self._scopes) if refused is None else refused.scope,
        )

    def _token(self, handler: RequestHandler) -> str | None:
        token = authorization(handler, "Bearer")
        given = one_argument(handler, self._query)
        if given is None:
            if token is not None:
                came_in_header(handler)
            return token
        if token is not None:
            raise Refused(
                400, "There is a token in the URL and one in a header.", "invalid_request"
            )
        keep_private(handler, None)
        return given
