"""The client by which providers are asked, and their answers."""

import json
from collections.abc import Awaitable, Collection, Mapping
from typing import Any
from urllib.parse import parse_qs

from ...httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse
from ...httputil import url_concat
from ..errors import ProviderAnswerError
from .refusals import NotExchangedError
from .signatures import pairs


class AsksProviders:
    """What all mixins have."""

    def get_auth_http_client(self) -> AsyncHTTPClient:
        """The client by which providers are asked; may be overridden. By default the loop's."""
        return AsyncHTTPClient()


async def exchanged(fetching: Awaitable[HTTPResponse], refusals: Collection[int]) -> HTTPResponse:
    """The answer of a provider that is asked for a token.

    :arg refusals: the statuses by which it says that what the browser has brought is worth nothing, which raise
        :exc:`.NotExchangedError`.
    """
    try:
        return await fetching
    except HTTPClientError as error:
        if error.code in refusals:
            raise NotExchangedError(error) from error
        raise


def read_json_object(response: HTTPResponse) -> dict[str, Any]:
    """The JSON object that a provider has answered with. Raises :exc:`.ProviderAnswerError`, without its text."""
    try:
        answer = json.loads(response.body)
    except (ValueError, RecursionError):
        raise ProviderAnswerError("the provider has not answered with JSON") from None
    if not isinstance(answer, dict):
        raise ProviderAnswerError("the provider has not answered with a JSON object")
    return answer


def read_oauth1_token(response: HTTPResponse) -> dict[str, Any]:
    """The token in the form that an OAuth 1.0 provider has answered with: its ``key``, its ``secret``, and what else
    there is. Raises :exc:`.ProviderAnswerError`, without its text."""
    try:
        form = parse_qs(response.body.decode())
    except ValueError:
        raise ProviderAnswerError("the provider has not answered with a form") from None
    if "oauth_token" not in form or "oauth_token_secret" not in form:
        raise ProviderAnswerError("the provider's answer has no token")
    said = {name: values[0] for name, values in form.items()}
    token = {"key": said.pop("oauth_token"), "secret": said.pop("oauth_token_secret")}
    return {**said, **token}


def with_query(url: str, arguments: Mapping[str, Any]) -> str:
    """The address with more in its query; a list stands for several of a name."""
    return url_concat(url, list(pairs(arguments)))
