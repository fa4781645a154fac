"""Requests with a key in a header."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import Site
from tornadolike.auth.guards.api_key_auth import ApiKeyAuthentication
from tornadolike.auth.guards.api_keys import ApiKeys, make_api_key
from tornadolike.auth.guards.bearer import BearerAuthentication
from tornadolike.web import RequestHandler

from .things import Who, bearer, challenges

TEXT, KEPT = make_api_key("acme", "ann", scopes=["read"])
CHECK = ApiKeys({KEPT.id: KEPT}.get)


def test_only_those_who_have_a_key(site: Callable[..., Site]) -> None:
    served = site(("/", Who), middleware=[ApiKeyAuthentication(CHECK)])
    answer = served.ask("GET /", f"x-api-key: {TEXT}")
    assert answer.text == "<ann>"
    nobody = served.ask("GET /")
    assert (nobody.status, challenges(nobody)) == (401, ['ApiKey header="X-API-Key"'])
    wrong = served.ask("GET /", f"X-API-Key: {TEXT[:-1]}")
    assert (wrong.status, challenges(wrong)) == (
        401,
        ['ApiKey header="X-API-Key", error="invalid_key"'],
    )
    assert TEXT[:-1] not in wrong.text
    for fields in (["X-API-Key:"], [f"X-API-Key: {TEXT}"] * 2, ["X-API-Key: " + "x" * 513]):
        assert served.ask("GET /", *fields).status == 400


def test_no_cache_gives_it_to_others(site: Callable[..., Site]) -> None:
    class Public(RequestHandler):
        def get(self) -> None:
            self.set_header("Cache-Control", "public, max-age=60")
            self.set_header("Vary", "Accept")

    served = site(("/", Who), ("/public", Public), middleware=[ApiKeyAuthentication(CHECK)])
    field = f"X-API-Key: {TEXT}"
    answer = served.ask("GET /", field)
    assert (answer.header("Cache-Control"), answer.header("Vary")) == ("private", "X-API-Key")
    answer = served.ask("GET /public", field)
    assert answer.header("Cache-Control") == "public, max-age=60"
    assert answer.header("Vary") == "Accept, X-API-Key"


def test_another_header_and_the_url(site: Callable[..., Site]) -> None:
    guard = ApiKeyAuthentication(CHECK, header="X-Acme", query="key", realm="acme")
    served = site(("/", Who), middleware=[guard], xsrf_cookies=True)
    assert served.ask("GET /", f"X-Acme: {TEXT}").text == "<ann>"
    assert served.ask("POST /", f"X-Acme: {TEXT}", body=b"").text == "<ann>"
    assert served.ask("GET /", f"X-API-Key: {TEXT}").status == 401
    answer = served.ask(f"GET /?key={TEXT}")
    assert (answer.text, answer.header("Cache-Control")) == ("<ann>", "private")
    assert served.ask(f"POST /?key={TEXT}", body=b"").status == 403
    assert served.ask(f"GET /?key={TEXT}", f"X-Acme: {TEXT}").status == 400
    assert challenges(served.ask("GET /")) == ['ApiKey realm="acme", header="X-Acme"']


def test_scopes(site: Callable[..., Site]) -> None:
    served = site(("/", Who), middleware=[ApiKeyAuthentication(CHECK, scopes=["read"])])
    assert served.ask("GET /", f"X-API-Key: {TEXT}").status == 200
    served = site(("/", Who), middleware=[ApiKeyAuthentication(CHECK, scopes=["write"])])
    answer = served.ask("GET /", f"X-API-Key: {TEXT}")
    assert answer.status == 403
    assert 'error="insufficient_scope", scope="write"' in challenges(answer)[0]


def test_a_key_is_good_as_a_bearer_token_too(site: Callable[..., Site]) -> None:
    served = site(("/", Who), middleware=[BearerAuthentication(CHECK)])
    assert served.ask("GET /", bearer(TEXT)).text == "<ann>"


@pytest.mark.parametrize(
    "arguments",
    [
        {"check": {}},
        {"check": CHECK, "header": "Authorization"},
        {"check": CHECK, "header": "cookie"},
        {"check": CHECK, "header": "X Key"},
        {"check": CHECK, "header": "Accept-Language"},
        {"check": CHECK, "header": "Content-Type"},
        {"check": CHECK, "scopes": "read"},
    ],
)
def test_arguments_that_are_of_no_use(arguments: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        ApiKeyAuthentication(**arguments)
