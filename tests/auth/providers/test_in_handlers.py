"""Named providers in a handler: both requests of a browser, with the words of each provider."""

import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc.jwk import ECKey

from tests.auth.browser import Browser
from tests.auth.providers.imitation import Elsewhere, Imitation
from tests.auth.providers.test_apple import CLAIMS as APPLES
from tests.auth.providers.test_apple import FIRST_TIME
from tests.auth.providers.test_github import TOKEN
from tests.auth.providers.test_github import answers as githubs
from tests.web.helpers import Answer
from tornadolike.auth import Apple, GitHub, Google, Identity, OAuth2Provider, SignInMixin
from tornadolike.web import RequestHandler


class SignIn(SignInMixin, RequestHandler):
    def initialize(self, provider: OAuth2Provider) -> None:
        self.provider = provider

    def signed_in(self, identity: Identity, next: str) -> None:
        said = {"subject": identity.subject, "name": identity.name, "email": identity.email}
        self.write({**said, "next": next})


class World:
    """A site, the imitation of a provider, and a browser."""

    def __init__(self, serve: Callable[..., Any], site: Callable[..., Any]) -> None:
        self.imitation = Imitation()
        self.elsewhere = Elsewhere(serve(self.imitation).port)
        self.browser = Browser()
        self._site = site
        self.url = ""

    def begin(self, provider: OAuth2Provider, query: str = "") -> dict[str, str]:
        """Go to the sign-in. Returns what the provider is asked."""
        site = self._site(
            ("/signin", SignIn, {"provider": provider}), cookie_secret="9c1e5a07b3d2f684"
        )
        self.url = f"http://127.0.0.1:{site.server.port}/signin"
        answer = self.browser.ask(self.url + query)
        assert answer.status == 302
        asked = parse_qs(urlsplit(answer.headers["Location"]).query)
        request = {name: values[0] for name, values in asked.items()}
        assert request["redirect_uri"] == self.url
        self.imitation.nonce = request.get("nonce", "")
        return request

    def come_back(self, **answer: str) -> Answer:
        return self.browser.ask(f"{self.url}?{urlencode(answer)}")


@pytest.fixture
def world(serve: Callable[..., Any], site: Callable[..., Any]) -> World:
    return World(serve, site)


def test_github(world: World) -> None:
    world.imitation.answers = githubs()
    asked = world.begin(GitHub("the-client", "s", http_client=world.elsewhere), "?next=/inbox")
    answer = world.come_back(code="c", state=asked["state"])
    assert (answer.status, answer.json) == (
        200,
        {
            "subject": "583231",
            "name": "monalisa octocat",
            "email": "octocat@github.com",
            "next": "/inbox",
        },
    )
    assert world.come_back(code="c", state=asked["state"]).status == 400  # it has served


def test_github_refuses_with_a_200(world: World, expect_log: Callable[..., Any]) -> None:
    world.imitation.answers = {
        "github.com/login/oauth/access_token": {"error": "bad_verification_code"}
    }
    asked = world.begin(GitHub("the-client", "s", http_client=world.elsewhere))
    answer = world.come_back(code="stolen-code", state=asked["state"])
    assert answer.status == 502
    assert "Traceback" not in answer.text
    assert "stolen-code" not in answer.text


def test_no_secret_is_shown_when_something_goes_wrong(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world.imitation.answers = {**githubs(), "api.github.com/user": (500, {"message": "no"})}
    provider = GitHub("the-client", "very-secret", http_client=world.elsewhere)
    asked = world.begin(provider)
    answer = world.come_back(code="stolen-code", state=asked["state"])
    assert answer.status == 503
    for secret in ("very-secret", "stolen-code", TOKEN["access_token"], asked["state"]):
        assert secret not in answer.text
        assert secret not in caplog.text


def test_an_account_of_another_domain(world: World) -> None:
    world.imitation.openid("https://accounts.google.com", claims={"sub": "1", "hd": "evil.example"})
    provider = Google("the-client", "s", hosted_domain="example.com", http_client=world.elsewhere)
    asked = world.begin(provider)
    answer = world.come_back(code="c", state=asked["state"])
    assert answer.status == 403


def test_apple_comes_back_with_a_form(world: World) -> None:
    world.imitation.openid("https://appleid.apple.com", claims=APPLES)
    provider = Apple(
        "the-client",
        team_id="TEAM123456",
        key_id="KEY1234567",
        private_key=ECKey.generate_key("P-256").as_pem(private=True),
        http_client=world.elsewhere,
    )
    asked = world.begin(provider)
    form = {"code": "c", "state": asked["state"], "user": json.dumps(FIRST_TIME)}
    answer = world.browser.ask(world.url, form, headers={"Origin": "https://appleid.apple.com"})
    assert (answer.status, answer.json) == (
        200,
        {
            "subject": APPLES["sub"],
            "name": "Ann Example",
            "email": APPLES["email"],
            "next": "/",
        },
    )
