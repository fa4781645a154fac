""":class:`PublishedKeys`: a provider's keys, which change (RFC 7517; OpenID Connect Core section 10.1.1)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ...httputil import HTTPHeaders
from ..arguments import check_kind_if_any
from ..errors import ProviderAnswerError, TokenError
from ..jose.algorithms import Key
from ..jose.keys import Keys, found, public_keys
from ..oauth2.endpoints import Endpoints
from ..oauth2.urls import checked_url, is_safe_url
from .keeping import Keeping, Kept


class PublishedKeys(Keys):
    """The keys of a JWK Set at a URL, asked for when they are first needed, and again when one is missing.

    .. code-block:: python

        PublishedKeys("https://id.example.com/jwks.json")

    :arg url: where it is; or what finds out, and raises :exc:`.AuthError`.
    :arg endpoints: what asks.
    :arg keeping: for how long they are kept.
    :arg allow_http: whether the URL may be one of ``http`` on another machine. For tests.

    Raises :exc:`ValueError` for a URL that is not of ``https``, unless it is one of this machine.
    """

    def __init__(
        self,
        url: str | Callable[[], Awaitable[str]],
        endpoints: Endpoints | None = None,
        *,
        keeping: Keeping | None = None,
        allow_http: bool = False,
    ) -> None:
        if not callable(url) and not is_safe_url(url, allow_http=allow_http):
            raise ValueError(f"url: keys come by https (or from this machine), not from {url!r}")
        check_kind_if_any(Endpoints, endpoints=endpoints)
        check_kind_if_any(Keeping, keeping=keeping)
        self._url = url
        self._endpoints = endpoints or Endpoints()
        self._allow_http = allow_http
        self._kept = Kept(self._ask, keeping or Keeping(), "a provider's keys")

    async def find(self, header: Mapping[str, Any]) -> Sequence[Key]:
        known = self._kept.answers
        keys = await self._kept.get()
        try:
            return found(keys, header)
        except TokenError:
            if self._kept.answers > known:
                raise  # they have come this moment
            return found(await self._kept.get_anew(), header)

    async def find_anew(self, header: Mapping[str, Any]) -> Sequence[Key]:
        return found(await self._kept.get_anew(), header)

    async def _ask(self) -> tuple[Sequence[Key], HTTPHeaders]:
        url = await self._url() if callable(self._url) else self._url
        checked_url(url, "jwks_uri", allow_http=self._allow_http)
        answer, headers = await self._endpoints.get_with_headers(url)
        try:
            return public_keys(answer), headers
        except ValueError as error:
            raise ProviderAnswerError(f"{url} has no keys: {error}") from None
