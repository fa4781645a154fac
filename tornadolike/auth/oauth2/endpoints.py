"""Asking a provider: what goes wrong becomes one of our errors (:mod:`tornadolike.auth.errors`)."""

import json
from collections.abc import Mapping
from typing import Any, Final

from ...httpclient import AsyncHTTPClient, Auth, BearerAuth, HTTPClientError, HTTPResponse
from ...httpclient.engine import Hop
from ...httputil import HTTPHeaders
from ..arguments import check_client, check_duration
from ..errors import OAuthError, ProviderAnswerError, ProviderUnavailableError, oauth_error

TIMEOUT: Final = 10.0
"""Seconds that a provider has for an answer."""
MAX_ANSWER: Final = 1024 * 1024
"""Bytes that an answer may have."""
_SERVER_FAILS: Final = 500
_TOO_MANY: Final = 429
_REFUSAL: Final = ("error", "error_description", "error_uri")
_LONGEST_TEXT: Final = 500
"""Characters of what a provider says that are kept: they go to the log."""
_SUCCESS: Final = range(200, 300)


class _Nobody(Auth):
    """Takes the place of what the client says of who asks by default: that may be a token that is being asked for."""

    def sign(self, hop: Hop) -> None:
        """Nobody has anything to say."""


_NOBODY: Final = _Nobody()


class Endpoints:
    """Asks a provider's endpoints.

    :arg http_client: what asks; None: the loop's client.
    :arg timeout: seconds that each answer may take.
    """

    def __init__(
        self, http_client: AsyncHTTPClient | None = None, timeout: float = TIMEOUT
    ) -> None:
        check_duration(timeout=timeout)
        check_client(http_client)
        self._http_client = http_client
        self._timeout = timeout

    async def get(self, url: str, *, token: str | None = None, **options: Any) -> Any:
        """The JSON at ``url``; with ``token`` asked for in the user's name (RFC 6750).

        Raises :exc:`.ProviderUnavailableError`, :exc:`.ProviderAnswerError` and :exc:`.OAuthError`.
        """
        if token is not None:
            options["auth"] = _bearer(token)
        return _json(url, await self._fetch(url, method="GET", **options))

    async def get_with_headers(self, url: str) -> tuple[Any, HTTPHeaders]:
        """The JSON at ``url``, and the headers that say how long it may be kept."""
        response = await self._fetch(url, method="GET")
        return _json(url, response), response.headers

    async def post(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        """The JSON object that a form gets as its answer; no more is sent after a redirect, which would give the
        secrets in it away. Raises what :meth:`get` raises."""
        answer = _json(url, await self._fetch(url, method="POST", form=dict(form), headers=headers))
        if not isinstance(answer, dict):
            raise ProviderAnswerError(f"{_place(url)} has not answered with a JSON object")
        if isinstance(answer.get("error"), str):  # some say it with a 200
            raise _refusal(answer)
        return answer

    async def _fetch(
        self, url: str, headers: Any = None, auth: Auth = _NOBODY, **options: Any
    ) -> HTTPResponse:
        client = self._http_client or AsyncHTTPClient()
        try:
            response = await client.fetch(
                url,
                raise_error=False,
                follow_redirects=False,
                request_timeout=self._timeout,
                max_body_size=MAX_ANSWER,
                auth=auth,
                headers={"Accept": "application/json", **(headers or {})},
                **options,
            )
        except (HTTPClientError, OSError) as error:
            raise ProviderUnavailableError(f"{_place(url)} cannot be reached: {error}") from error
        if response.code >= _SERVER_FAILS or response.code == _TOO_MANY:
            raise ProviderUnavailableError(f"{_place(url)} has failed with {response.code}")
        if response.code not in _SUCCESS:
            raise _refused(url, response)
        return response


def _place(url: str) -> str:
    """For the log: of the query nobody knows what is in it."""
    return url.partition("?")[0]


def _bearer(token: str) -> BearerAuth:
    try:
        return BearerAuth(token)
    except ValueError:
        raise ProviderAnswerError("the provider's access_token is none (RFC 6750)") from None


def _parsed(response: HTTPResponse) -> Any:
    """JSON as RFC 8259 has it. Raises :exc:`ValueError`."""
    try:
        return json.loads(response.body, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("it is too deep") from None


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _json(url: str, response: HTTPResponse) -> Any:
    try:
        return _parsed(response)
    except ValueError as error:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        raise ProviderAnswerError(
            f"{_place(url)} has not answered with JSON, but with {kind[:80]!r}"
        ) from error


def _refused(url: str, response: HTTPResponse) -> Exception:
    try:
        answer = _parsed(response)
    except ValueError:
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("error"), str):
        return _refusal(answer)
    return ProviderAnswerError(f"{_place(url)} has answered with {response.code}")


def _refusal(answer: Mapping[str, Any]) -> OAuthError:
    error = refusal_in(answer)
    error.more = {name: value for name, value in answer.items() if name not in _REFUSAL}
    return error


def refusal_in(answer: Mapping[str, Any]) -> OAuthError:
    """The error of an answer whose ``error`` is a text (RFC 6749 sections 4.1.2.1 and 5.2)."""
    error, description, uri = (answer.get(name) for name in _REFUSAL)
    return oauth_error(str(error)[:_LONGEST_TEXT], _text(description), _text(uri))


def _text(value: Any) -> str | None:
    return value[:_LONGEST_TEXT] if isinstance(value, str) and value else None
