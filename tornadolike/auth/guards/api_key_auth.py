""":class:`ApiKeyAuthentication`: requests that have a key in a header."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from ...httputil.headers import NAME
from ...web import RequestHandler
from ..arguments import check_text, check_text_if_any
from .authenticate import Scheme, came_in_header, keep_private
from .credentials import Credentials, credentials_from
from .headers import Refused, challenge, checked_realm, one_argument, one_value
from .scopes import check_scopes, checked_scopes

HEADER: Final = "X-API-Key"
MAX_LENGTH: Final = 512
"""Characters of a key."""
_TAKEN: Final = frozenset(
    {
        # of something else
        *("authorization", "cookie", "host", "origin", "referer", "user-agent"),
        # what pages may have sent to other sites without being asked (Fetch, CORS-safelisted)
        *("accept", "accept-language", "content-language", "content-type", "range"),
    }
)
"""Headers in which no key stands: with these a request would not be known to be no page's."""


class ApiKeyAuthentication(Scheme):
    """Lets those in who send a key: middleware, or one of :class:`.Authenticate`.

    .. code-block:: python

        ApiKeyAuthentication(ApiKeys(find=load_key))

    No page of another site can have a browser send such a header: no XSRF token is asked for. Responses are kept from
    caches that serve several (``Vary``, and ``Cache-Control: private`` if nothing else is said).

    :arg check: takes the key; returns the user, or :class:`Credentials`, or None for nobody. May be a coroutine
        function: :class:`.ApiKeys` is one.
    :arg header: the one in which it stands.
    :arg query: the name of an argument in which it may stand, too. URLs are written into logs and histories.
    :arg realm: what it is for; None: nothing is said.
    :arg scopes: those that every key must have. For single methods there is :func:`.requires_scope`.

    There is no standard for this: ``WWW-Authenticate`` says ``ApiKey header="X-API-Key"``. Raises :exc:`TypeError` and
    :exc:`ValueError` for what is of no use.
    """

    def __init__(
        self,
        check: Callable[[str], Any],
        *,
        header: str = HEADER,
        query: str | None = None,
        realm: str | None = None,
        scopes: Iterable[str] = (),
    ) -> None:
        if not callable(check):
            raise TypeError(f"check is a function of a key, not {check!r}")
        check_text(header=header)
        check_text_if_any(query=query)
        if not NAME.fullmatch(header) or header.lower() in _TAKEN:
            raise ValueError(f"header is the name of one of its own, not {header!r}")
        self._check = check
        self._header = header
        self._query = query
        self._realm = None if realm is None else checked_realm(realm)
        self._scopes = checked_scopes(scopes)

    async def find(self, handler: RequestHandler) -> Credentials | None:
        key = self._key(handler)
        if key is None:
            return None
        if not key or len(key) > MAX_LENGTH:
            raise Refused(400, "The key is malformed.", "invalid_request")
        credentials = await credentials_from(self._check(key))
        if credentials is None:
            raise Refused(401, "The key is not accepted.", "invalid_key")
        check_scopes(credentials.scopes, self._scopes)
        return credentials

    def challenge(self, refused: Refused | None = None) -> str:
        return challenge(
            "ApiKey",
            realm=self._realm,
            header=self._header,
            error=None if refused is None else refused.code,
            scope=None if refused is None else refused.scope,
        )

    def _key(self, handler: RequestHandler) -> str | None:
        key = one_value(handler, self._header)
        given = one_argument(handler, self._query)
        if key is not None and given is not None:
            raise Refused(400, "There is a key in the URL and one in a header.", "invalid_request")
        if key is not None:
            came_in_header(handler)
            keep_private(handler, self._header)
            return key
        if given is not None:
            keep_private(handler, None)
        return given
