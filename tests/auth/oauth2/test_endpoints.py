"""Asking a provider: whatever it answers becomes JSON, or one of our errors."""

import asyncio
from typing import Any

import pytest

from tests.auth.lying_provider import LyingProvider, json_answer
from tornadolike import ioloop
from tornadolike.auth import (
    AccessDeniedError,
    AuthError,
    OAuthError,
    ProviderAnswerError,
    ProviderUnavailableError,
)
from tornadolike.auth.oauth2.endpoints import Endpoints
from tornadolike.web import RequestHandler

CASES: dict[str, tuple[Any, type[AuthError] | dict[str, Any]]] = {
    "JSON": (json_answer({"a": "é"}), {"a": "é"}),
    "another 2xx": (json_answer({"a": 1}, 201), {"a": 1}),
    "no JSON": (json_answer("<html>"), ProviderAnswerError),
    "no text": (json_answer(b"\xff\xfe\xfd"), ProviderAnswerError),
    "nothing": (json_answer(b""), ProviderAnswerError),
    "no number": (json_answer('{"a": NaN}'), ProviderAnswerError),
    "endless": (json_answer('{"a": -Infinity}'), ProviderAnswerError),
    "deep": (json_answer("[" * 100_000), ProviderAnswerError),
    "large": (json_answer('"' + "x" * 1_100_000 + '"'), ProviderUnavailableError),
    "a redirect": (json_answer("", 307, Location="/other"), ProviderAnswerError),
    "not found": (json_answer("", 404), ProviderAnswerError),
    "refused": (json_answer({"error": "invalid_grant"}, 400), OAuthError),
    "denied": (json_answer({"error": "access_denied"}, 403), AccessDeniedError),
    "refused in no words": (json_answer({"error": 7}, 400), ProviderAnswerError),
    "too many": (json_answer({"error": "slow"}, 429), ProviderUnavailableError),
    "failed": (json_answer({"error": "server_error"}, 500), ProviderUnavailableError),
}


@pytest.mark.parametrize("case", CASES)
def test_answers(lying_provider: LyingProvider, case: str) -> None:
    lying_provider.answers["/it"], expected = CASES[case]
    url = f"{lying_provider.issuer}/it"
    for ask in (lambda: Endpoints().get(url), lambda: Endpoints().post(url, {})):
        if isinstance(expected, dict):
            assert ioloop.run(ask()) == expected
        else:
            with pytest.raises(AuthError) as caught:
                ioloop.run(ask())
            assert type(caught.value) is expected


@pytest.mark.parametrize("answer", ["[]", '"a"', "7", "null", "true"])
def test_a_form_gets_an_object(lying_provider: LyingProvider, answer: str) -> None:
    lying_provider.answers["/it"] = json_answer(answer)
    with pytest.raises(ProviderAnswerError, match="JSON object"):
        ioloop.run(Endpoints().post(f"{lying_provider.issuer}/it", {}))


def refusal(lying_provider: LyingProvider, answer: dict[str, Any], status: int = 400) -> OAuthError:
    lying_provider.answers["/it"] = json_answer(answer, status)
    with pytest.raises(OAuthError) as caught:
        ioloop.run(Endpoints().post(f"{lying_provider.issuer}/it", {}))
    return caught.value


def test_why_it_refuses(lying_provider: LyingProvider) -> None:
    error = refusal(
        lying_provider,
        {
            "error": "slow_down",
            "error_description": "Not so fast",
            "error_uri": "https://id.example.com/slow",
            "interval": 5,
        },
    )
    assert (error.error, error.description) == ("slow_down", "Not so fast")
    assert error.uri == "https://id.example.com/slow"
    assert error.more == {"interval": 5}
    assert str(error) == "slow_down: Not so fast"


def test_a_refusal_with_status_200(lying_provider: LyingProvider) -> None:
    assert refusal(lying_provider, {"error": "bad_verification_code"}, 200).description is None


def test_strange_refusals(lying_provider: LyingProvider) -> None:
    """Whatever members it has, and however long they are."""
    error = refusal(
        lying_provider,
        {
            "error": "e" * 100_000,
            "error_description": ["no text"],
            "error_uri": 7,
            "self": 1,
            "description": 3,
            "uri": 4,
            "more": 5,
        },
    )
    assert (len(error.error), error.description, error.uri) == (500, None, None)
    assert error.more["description"] == 3


def test_what_is_sent(lying_provider: LyingProvider) -> None:
    lying_provider.answers["/it"] = json_answer({})
    ioloop.run(Endpoints().get(f"{lying_provider.issuer}/it", token="the-token"))
    ioloop.run(Endpoints().post(f"{lying_provider.issuer}/it", {"a": "b c"}, {"X-A": "1"}))
    first, second = lying_provider.asked_of("/it")
    assert first.headers["Authorization"] == "Bearer the-token"
    assert first.headers["Accept"] == "application/json"
    assert (second.form, second.headers["X-A"]) == ({"a": "b c"}, "1")


def test_a_token_that_is_none(lying_provider: LyingProvider) -> None:
    for token in ("a b", "a\r\nX: y", "é", ""):
        with pytest.raises(ProviderAnswerError) as caught:
            ioloop.run(Endpoints().get(f"{lying_provider.issuer}/it", token=token))
        assert caught.value.__suppress_context__
    assert not lying_provider.asked


def test_secrets_of_the_url_are_not_told(lying_provider: LyingProvider) -> None:
    for status in (404, 500, 200):
        lying_provider.answers["/it"] = json_answer("no JSON", status)
        with pytest.raises(AuthError) as caught:
            ioloop.run(Endpoints().get(f"{lying_provider.issuer}/it?token=secret"))
        assert "secret" not in str(caught.value)


def test_nobody_is_there(free_port: int) -> None:
    with pytest.raises(ProviderUnavailableError, match="cannot be reached"):
        ioloop.run(Endpoints().get(f"http://127.0.0.1:{free_port}/it"))


def test_a_provider_that_is_slow(lying_provider: LyingProvider) -> None:
    async def never(handler: RequestHandler) -> None:
        await asyncio.Event().wait()

    lying_provider.answers["/it"] = never
    with pytest.raises(ProviderUnavailableError):
        ioloop.run(Endpoints(timeout=0.05).get(f"{lying_provider.issuer}/it"))
