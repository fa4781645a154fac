"""Asking a provider: what goes wrong becomes one of our errors (:mod:`tornadolike.auth.errors`)."""

import json
from collections.abc import Mapping
from typing import Any, Final

from ...httpclient import AsyncHTTPClient, BearerAuth, HTTPClientError, HTTPResponse
from ...httputil import HTTPHeaders
from ..errors import OAuthError, ProviderAnswerError, ProviderUnavailableError, oauth_error

TIMEOUT: Final = 10.0
"""Seconds that a provider has for an answer."""
MAX_ANSWER: Final = 1024 * 1024
"""Bytes that an answer may have."""
_SERVER_FAILS: Final = 500
_SUCCESS: Final = range(200, 300)


class Endpoints:
    """Asks a provider's endpoints.

    :arg http_client: what asks; None: the loop's client.
    :arg timeout: seconds that each answer may take.
    """

    def __init__(
        self, http_client: AsyncHTTPClient | None = None, timeout: float = TIMEOUT
    ) -> None:
        self._http_client = http_client
        self._timeout = timeout

    async def get(self, url: str, *, token: str | None = None, **options: Any) -> Any:
        """The JSON at ``url``; with ``token`` asked for in the user's name (RFC 6750)."""
        if token is not None:
            options["auth"] = BearerAuth(token)
        return _json(await self._fetch(url, method="GET", **options))

    async def get_with_headers(self, url: str) -> tuple[Any, HTTPHeaders]:
        """The JSON at ``url``, and the headers that say how long it may be kept."""
        response = await self._fetch(url, method="GET")
        return _json(response), response.headers

    async def post(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        """The JSON object that a form gets as its answer; no more is sent after a redirect, which would give the
        secrets in it away."""
        answer = _json(await self._fetch(url, method="POST", form=dict(form), headers=headers))
        if not isinstance(answer, dict):
            raise ProviderAnswerError(f"{url} has not answered with a JSON object")
        if isinstance(answer.get("error"), str):  # some say it with a 200
            raise _refusal(answer)
        return answer

    async def _fetch(self, url: str, headers: Any = None, **options: Any) -> HTTPResponse:
        client = self._http_client or AsyncHTTPClient()
        try:
            response = await client.fetch(
                url,
                raise_error=False,
                follow_redirects=False,
                request_timeout=self._timeout,
                max_body_size=MAX_ANSWER,
                headers={"Accept": "application/json", **(headers or {})},
                **options,
            )
        except (HTTPClientError, OSError) as error:
            raise ProviderUnavailableError(f"{url} cannot be reached: {error}") from error
        if response.code >= _SERVER_FAILS:
            raise ProviderUnavailableError(f"{url} has failed with {response.code}")
        if response.code not in _SUCCESS:
            raise _refused(url, response)
        return response


def _json(response: HTTPResponse) -> Any:
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError) as error:
        raise ProviderAnswerError(f"{response.effective_url} has not answered with JSON") from error


def _refused(url: str, response: HTTPResponse) -> Exception:
    try:
        answer = json.loads(response.body)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("error"), str):
        return _refusal(answer)
    return ProviderAnswerError(f"{url} has answered with {response.code}")


def _refusal(answer: Mapping[str, Any]) -> OAuthError:
    more = {
        name: value
        for name, value in answer.items()
        if name not in ("error", "error_description", "error_uri")
    }
    return oauth_error(
        answer["error"], answer.get("error_description"), answer.get("error_uri"), **more
    )
