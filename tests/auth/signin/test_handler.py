"""The handler: two requests of a browser, and all that may come instead of them."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.auth.browser import Browser, Page
from tests.auth.lying_provider import LyingProvider, json_answer
from tornadolike.auth import (
    AccessDeniedError,
    AuthError,
    Identity,
    OAuth2Provider,
    OpenIDProvider,
    Pending,
    SignInError,
    Token,
)
from tornadolike.auth.signin import SignInMixin
from tornadolike.ioloop import IOLoop
from tornadolike.web import RequestHandler

SECRET = "3f0e1c8ab4d97b26a51d"


class Plain(OAuth2Provider):
    """Without OpenID Connect: asks for the user info."""

    default_name = "plain"
    default_scope = ("profile",)

    def __init__(self, lying_provider: LyingProvider, **more: Any) -> None:
        super().__init__(lying_provider.client_id, lying_provider.client_secret, **more)
        self.issuer = lying_provider.issuer
        self.authorization_endpoint = f"{self.issuer}/authorize"
        self.token_endpoint = f"{self.issuer}/token"

    async def identify(self, token: Token, pending: Pending, answer: Mapping[str, str]) -> Identity:
        claims = await self.endpoints.get(f"{self.issuer}/userinfo", token=token.access_token)
        return Identity(self.name, self.issuer, claims["sub"], claims["name"], token=token)


class SignIn(SignInMixin, RequestHandler):
    def initialize(self, provider: OAuth2Provider) -> None:
        self.provider = provider

    async def signed_in(self, identity: Identity, next: str) -> None:
        self.write({"subject": identity.subject, "next": next})


class World:
    """A site with a handler, its provider, and a browser."""

    def __init__(
        self,
        site: Any,
        provider: OAuth2Provider,
        lying: LyingProvider,
        handler: Any,
        **settings: Any,
    ) -> None:
        self.lying = lying
        self.site = site(
            ("/signin", handler, {"provider": provider}), **{"cookie_secret": SECRET, **settings}
        )
        self.url = f"http://127.0.0.1:{self.site.server.port}/signin"
        self.browser = Browser()

    def sign_in(self, query: str = "") -> Page:
        return self.browser.open(self.url + query)

    def begin(self, browser: Browser | None = None, query: str = "") -> str:
        """The URL to which the provider sends the browser back."""
        return (browser or self.browser).open(self.url + query, until=f"{self.url}?").url


@pytest.fixture
def world(site: Any, lying_provider: LyingProvider) -> Callable[..., World]:
    def make(handler: Any = SignIn, form_post: bool = False, **settings: Any) -> World:
        provider = Plain(lying_provider)
        if form_post:
            provider.response_mode = "form_post"
        return World(site, provider, lying_provider, handler, **settings)

    return make


def test_a_sign_in(world: Callable[..., World]) -> None:
    there = world()
    page = there.sign_in("?next=/inbox%3Fpage%3D2")
    assert (page.status, page.answer.json) == (200, {"subject": "user-17", "next": "/inbox?page=2"})
    assert page.answer.header("Cache-Control") == "no-store"
    assert page.answer.header("Referrer-Policy") == "no-referrer"
    assert there.browser.names() == []
    request = parse_qs(urlsplit(page.urls[1]).query)
    assert request["redirect_uri"] == [there.url]
    assert request["code_challenge_method"] == ["S256"]
    assert request["scope"] == ["profile"]


def test_the_cookie(world: Callable[..., World]) -> None:
    there = world()
    there.begin()
    [(_, name)] = there.browser.cookies
    morsel = there.browser.cookies.popitem()[1]
    assert re.fullmatch(r"signin-[A-Za-z0-9_-]{8}", name)
    assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Lax", "/")
    assert (morsel["max-age"], morsel["secure"]) == ("600", "")


def test_with_https_the_cookie_is_for_this_host_alone(world: Callable[..., World]) -> None:
    class BehindProxy(SignIn):
        redirect_uri = "https://www.example.com/signin"

    there = world(BehindProxy)
    answer = there.browser.ask(there.url)
    assert parse_qs(urlsplit(answer.header("Location") or "").query)["redirect_uri"] == [
        BehindProxy.redirect_uri
    ]
    morsel = there.browser.cookies.popitem()[1]
    assert morsel.key.startswith("__Host-signin-")
    assert morsel["secure"]


def test_who_says_no(world: Callable[..., World]) -> None:
    there = world()
    there.lying.denies = True
    page = there.sign_in("?next=/a%3Fb")
    assert page.status == 403
    assert "not agreed to" in page.text
    assert '<a href="/signin?next=%2Fa%3Fb">Sign in again</a>' in page.text
    assert there.browser.names() == []
    assert not there.lying.asked_of("/token")


def test_a_code_serves_once(world: Callable[..., World]) -> None:
    there = world()
    back = there.begin()
    cookies = dict(there.browser.cookies)
    assert there.browser.ask(back).status == 200
    page = there.browser.ask(back)
    assert page.status == 400
    assert "begin again" in page.text
    assert '<a href="/signin">' in page.text
    assert len(there.lying.asked_of("/token")) == 1
    there.browser.cookies = cookies  # a thief has them: the provider says no
    assert there.browser.ask(back).status == 502
    there.browser.cookies = {}


def tampered(back: str, **changes: Any) -> str:
    """The same URL with other arguments; None takes one away."""
    base, _, query = back.partition("?")
    arguments = {**{name: values[0] for name, values in parse_qs(query).items()}, **changes}
    left = {name: value for name, value in arguments.items() if value is not None}
    return f"{base}?{urlencode(left, doseq=True)}"


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "a" * 32},
        {"state": ""},
        {"state": None},
        {"state": "../../../etc/passwd; a=b"},
        {"state": "é"},
        {"state": "x" * 10_000},
        {"state": "\0"},
        {"code": ["a", "b"]},
        {"iss": "https://evil.example"},
        {"iss": ["https://evil.example", "x"]},
        {"extra": "x" * 16_000},
    ],
    ids=lambda changes: repr(changes)[:30],
)
def test_an_answer_that_does_not_belong_here(
    world: Callable[..., World], changes: dict[str, Any]
) -> None:
    there = world()
    page = there.browser.ask(tampered(there.begin(), **changes))
    assert page.status in (400, 414)
    assert not there.lying.asked_of("/token")


def test_another_browser_has_no_use_for_an_answer(world: Callable[..., World]) -> None:
    """Neither a thief, nor the victim whom an attacker gives a code of his own."""
    there, other = world(), Browser()
    back = there.begin()
    assert other.ask(back).status == 400
    theirs = there.begin(other)
    mixed = tampered(back, code=parse_qs(urlsplit(theirs).query)["code"][0])
    assert there.browser.ask(mixed).status == 502  # PKCE: the code was begun with another verifier


def test_several_tabs(world: Callable[..., World]) -> None:
    there = world()
    backs = [there.begin(query=f"?next=/{number}") for number in range(3)]
    for number in (1, 0, 2):
        assert there.browser.ask(backs[number]).json["next"] == f"/{number}"
    assert there.browser.names() == []


def test_the_oldest_tab_is_forgotten(world: Callable[..., World]) -> None:
    there = world()
    backs = [there.begin() for _ in range(7)]
    assert len(there.browser.names()) == 5
    assert there.browser.ask(backs[-1]).status == 200


def test_the_cookies_of_others_are_not_taken_for_ours(world: Callable[..., World]) -> None:
    there = world()
    back = there.begin()
    [name] = there.browser.names()
    flood = "; ".join(f"signin-{number:08}=x" for number in range(100))
    answer = Browser().ask(there.url, headers={"Cookie": flood})
    assert answer.status == 302
    assert len(answer.headers.get_all("Set-Cookie") or []) <= 21
    assert Browser().ask(back, headers={"Cookie": f"{name}=AAAA"}).status == 400


def test_the_link_to_begin_again_leads_to_us(site: Any, lying_provider: LyingProvider) -> None:
    served = site((r".*/signin", SignIn, {"provider": Plain(lying_provider)}), cookie_secret=SECRET)
    for path, link in (
        ("/a%22/signin", "/a%22/signin"),
        ("//evil.example/signin", "/"),
        ("/\\evil.example/signin", "/"),
    ):
        answer = served.ask(f"GET {path}?state=a")
        assert answer.status == 400
        assert f'<a href="{link}">' in answer.text


def test_another_providers_answer(site: Any, lying_provider: LyingProvider) -> None:
    one, two = Plain(lying_provider, name="one"), Plain(lying_provider, name="two")

    class Same(SignIn):
        redirect_uri = "http://127.0.0.1/same"

    served = site(
        ("/one", Same, {"provider": one}),
        ("/two", Same, {"provider": two}),
        cookie_secret=SECRET,
    )
    base, browser = f"http://127.0.0.1:{served.server.port}", Browser()
    back = browser.open(f"{base}/one", until="/same?").url
    assert browser.ask(f"{base}/two?{urlsplit(back).query}").status == 400


@pytest.mark.parametrize(
    ("path", "answer", "status"),
    [
        ("/token", json_answer({"error": "invalid_grant"}, 400), 502),
        ("/token", json_answer({"error": "temporarily_unavailable"}, 400), 503),
        ("/token", json_answer("<html>", 500), 503),
        ("/token", json_answer("<html>", 200), 502),
        ("/token", json_answer([]), 502),
        ("/token", json_answer('{"access_token": NaN}'), 502),
        ("/token", json_answer({"access_token": 7}), 502),
        ("/token", json_answer({"access_token": "a\nb"}), 502),
        ("/token", json_answer("[" * 200_000), 502),
        ("/token", json_answer("", 302, Location="https://evil.example"), 502),
        ("/token", json_answer({"error": {"a": 1}, "description": 1, "uri": 2}, 400), 502),
        ("/token", json_answer({"error": "a", "description": 1, "self": 2, "uri": 3}, 400), 502),
        ("/userinfo", json_answer({}, 429), 503),
    ],
)
def test_a_provider_that_fails(
    world: Callable[..., World], path: str, answer: Any, status: int, expect_log: Any
) -> None:
    there = world()
    there.lying.answers[path] = answer
    with expect_log("tornadolike.general", "GET /signin ") as log:
        page = there.sign_in()
    assert page.status == status
    assert page.answer.header("Retry-After") == ("30" if status == 503 else None)
    assert "Traceback" not in page.text
    code = parse_qs(urlsplit(page.url).query)["code"][0]
    assert code not in "".join(record.getMessage() for record in log.matched)


def test_the_access_log_has_no_code(world: Callable[..., World]) -> None:
    told: list[str] = []
    there = world(log_function=lambda handler: told.append(handler.logged_uri))
    assert there.sign_in().status == 200
    assert set(told) == {"/signin"}


def test_a_provider_that_is_down(site: Any, lying_provider: LyingProvider, free_port: int) -> None:
    provider = Plain(lying_provider)
    provider.token_endpoint = f"http://127.0.0.1:{free_port}/token"
    there = World(site, provider, lying_provider, SignIn)
    assert there.sign_in().status == 503


def test_a_provider_that_cannot_say_where_it_is(site: Any, lying_provider: LyingProvider) -> None:
    lying_provider.answers["/.well-known/openid-configuration"] = json_answer("", 500)
    provider = OpenIDProvider("me", issuer=lying_provider.issuer)
    there = World(site, provider, lying_provider, SignIn)
    assert there.sign_in().status == 503
    assert there.browser.names() == []


def test_with_openid_on_every_loop(site: Any, lying_provider: LyingProvider) -> None:
    provider = OpenIDProvider(
        lying_provider.client_id, lying_provider.client_secret, issuer=lying_provider.issuer
    )
    for loop_factory in (IOLoop, asyncio.new_event_loop):
        served = site(
            ("/signin", SignIn, {"provider": provider}),
            server={"loop_factory": loop_factory},
            cookie_secret=SECRET,
        )
        page = Browser().open(f"http://127.0.0.1:{served.server.port}/signin")
        assert page.answer.json["subject"] == "user-17"
    assert len(lying_provider.asked_of("/jwks")) == 1  # the provider's object serves both


def test_whatever_comes_back(world: Callable[..., World]) -> None:
    """Never a failure of ours: those are logged as errors, which this test does not expect."""
    there = world()
    [state] = parse_qs(urlsplit(there.begin()).query)["state"]
    names = st.sampled_from(["state", "code", "error", "iss", "error_description", "next", "x"])
    values = st.one_of(st.just(state), st.text(max_size=30), st.binary(max_size=30))

    @given(st.lists(st.tuples(names, values), max_size=6), st.booleans())
    def come_back(arguments: list[tuple[str, Any]], by_post: bool) -> None:
        browser = there.browser
        try:
            query = urlencode(arguments)
        except UnicodeEncodeError:  # half a surrogate pair, which no browser sends
            assume(False)
        before = dict(browser.cookies)
        answer = browser.ask(f"{there.url}?{query}", [] if by_post else None)  # type: ignore[arg-type]
        browser.cookies = before
        assert answer.status in (302, 400, 403, 502, 503)
        if answer.status == 302:
            assert (answer.header("Location") or "").startswith(f"{there.lying.issuer}/authorize?")

    come_back()


def test_hooks_of_ones_own(world: Callable[..., World]) -> None:
    class Told(SignIn):
        def sign_in_failed(self, error: AuthError) -> None:
            self.redirect(f"/login?error={type(error).__name__}&next={self.pending is None}")

        def signed_in(self, identity: Identity, next: str) -> None:  # type: ignore[override]
            self.write("plain functions will do")

    there = world(Told)
    assert there.sign_in().text == "plain functions will do"
    there.lying.denies = True
    answer = there.browser.ask(there.begin())
    assert answer.header("Location") == "/login?error=AccessDeniedError&next=False"
    answer = there.browser.ask(f"{there.url}?state=x")
    assert answer.header("Location") == "/login?error=SignInError&next=True"


def test_what_fails_in_signed_in_is_no_failure_of_the_sign_in(
    world: Callable[..., World], expect_log: Any
) -> None:
    class Fails(SignIn):
        async def signed_in(self, identity: Identity, next: str) -> None:
            raise AccessDeniedError("access_denied", "by another provider")

    with expect_log("tornadolike.application", "Uncaught exception GET /signin ") as log:
        page = world(Fails).sign_in()
    assert page.status == 500
    [record] = log.matched
    assert isinstance(record.exc_info[1], AccessDeniedError)
    code = parse_qs(urlsplit(page.url).query)["code"][0]
    assert code not in logging.Formatter().format(record)


def test_a_handler_without_signed_in(world: Callable[..., World], expect_log: Any) -> None:
    class Forgotten(SignInMixin):
        initialize = SignIn.initialize

    with expect_log("tornadolike.application", "Uncaught exception"):
        assert world(Forgotten).sign_in().status == 500


@pytest.mark.parametrize("query", ["", "?code=1&state=2"])
@pytest.mark.parametrize(("made", "said"), [({}, "not None"), ({"provider": Plain}, "Plain")])
def test_a_handler_without_a_provider(
    site: Any, expect_log: Any, made: dict[str, Any], said: str, query: str
) -> None:
    handler = type("SignIn", (SignInMixin, RequestHandler), made)
    served = site(("/signin", handler), cookie_secret=SECRET)
    with expect_log("tornadolike.application", "Uncaught exception") as log:
        assert served.ask(f"GET /signin{query}").status == 500
    error = log.matched[0].exc_info[1]
    assert isinstance(error, TypeError)
    assert "SignIn.provider is an object such as OpenIDProvider(...), not " in str(error)
    assert said in str(error)


def test_without_a_secret(world: Callable[..., World], expect_log: Any) -> None:
    with expect_log("tornadolike.application", "Uncaught exception") as log:
        assert world(cookie_secret=None).sign_in().status == 500
    assert "cookie_secret" in str(log.matched[0].exc_info[1])  # type: ignore[index]


def test_a_get_of_ones_own(world: Callable[..., World]) -> None:
    """As in programs for Tornado."""

    class Own(SignIn):
        async def get(self) -> None:
            if self.get_argument("code", None):
                try:
                    identity = await self.get_authenticated_user()
                except SignInError:
                    self.write("again")
                else:
                    self.write(f"{identity.name} {self.pending and self.pending.next}")
            else:
                await self.authorize_redirect(next="//evil.example", prompt="login")

    there = world(Own)
    page = there.sign_in()
    assert page.text == "Ann Example /"
    assert there.browser.ask(page.url).text == "again"
    assert there.lying.asked_of("/authorize")[0].form["prompt"] == "login"


@pytest.mark.parametrize("settings", [{}, {"xsrf_cookies": True, "cross_origin_protection": True}])
class TestFormPost:
    """The browser comes back with a form of the provider's page, which has none of our tokens."""

    def test_a_sign_in(self, world: Callable[..., World], settings: dict[str, Any]) -> None:
        there = world(form_post=True, **settings)
        page = there.sign_in("?next=/a")
        assert (page.status, page.url) == (200, there.url)
        assert page.answer.json == {"subject": "user-17", "next": "/a"}

    def test_the_cookie_comes_along(
        self, world: Callable[..., World], settings: dict[str, Any]
    ) -> None:
        there = world(form_post=True, **settings)
        there.begin()
        there.browser.ask(there.url)
        morsel = there.browser.cookies.popitem()[1]
        assert (morsel["samesite"], morsel["secure"]) == ("None", True)

    def test_what_does_not_belong_here(
        self, world: Callable[..., World], settings: dict[str, Any]
    ) -> None:
        there = world(form_post=True, **settings)
        form = {"state": "a" * 32, "code": "b"}
        foreign = {"Origin": there.lying.issuer}
        assert there.browser.ask(there.url, form, headers=foreign).status == 400
        # Arguments in the place where they do not belong are none.
        there.browser.ask(there.url)
        state = there.lying.asked
        assert not state
        assert there.browser.ask(f"{there.url}?state=a", {}).status == (403 if settings else 302)


def test_a_post_of_ones_own_keeps_its_protection(world: Callable[..., World]) -> None:
    class Both(SignIn):
        async def post(self) -> None:
            self.write("done")

    there = world(Both, xsrf_cookies=True, cross_origin_protection=True)
    forged = {"state": "a" * 32, "code": "b"}
    assert there.browser.ask(there.url, forged).status == 403
    assert there.browser.ask(there.url, {}).status == 403
