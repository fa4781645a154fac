"""What logs, errors and reprs have in them when people sign in: no secret, and no line that somebody else has made."""

import io
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.auth.browser import Browser
from tests.auth.lying_provider import LyingProvider, json_answer
from tornadolike.auth import (
    AuthError,
    Identity,
    OAuth2Provider,
    OpenIDProvider,
    SignInMixin,
)
from tornadolike.web import RequestHandler

SECRET = "3f0e1c8ab4d97b26a51d"


class Told(logging.Handler):
    """All that is logged, at any level, with tracebacks, as a file would have it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.file = io.StringIO()
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.file.write(self.format(record) + "\n")

    @property
    def text(self) -> str:
        return self.file.getvalue()


@pytest.fixture
def told() -> Iterator[Told]:
    handler, root = Told(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.setLevel(before)
    root.removeHandler(handler)


class SignIn(SignInMixin, RequestHandler):
    def initialize(self, provider: OAuth2Provider, seen: list[Any], breaks: bool) -> None:
        self.provider, self.seen, self.breaks = provider, seen, breaks

    async def signed_in(self, identity: Identity, next: str) -> None:
        assert identity.token is not None
        self.seen.append(identity)
        if self.breaks:
            raise RuntimeError("the database is down")
        await self.provider.refresh(identity.token)
        self.write("welcome")

    def sign_in_failed(self, error: AuthError) -> Any:
        self.seen.append(error)
        return super().sign_in_failed(error)


def redirects(handler: Any) -> None:
    handler.redirect("/elsewhere?secret-one")


def ends(handler: Any) -> None:
    handler.request.connection.stream.close()


LIES: dict[str, Callable[[LyingProvider], Any]] = {
    "none": lambda lying: None,
    "nonce": lambda lying: lying.claims.update(nonce="another"),
    "aud": lambda lying: lying.claims.update(aud="another"),
    "at_hash": lambda lying: lying.claims.update(at_hash="x"),
    "sub": lambda lying: lying.userinfo.update(sub="another"),
    "injection": lambda lying: lying.token_answer.update(access_token="secret-one\r\nX: y"),
    "list": lambda lying: lying.token_answer.update(access_token=["secret-one"]),
    "no token": lambda lying: lying.token_answer.update(id_token="secret-one.secret-one.a"),
    "no id_token": lambda lying: lying.token_answer.update(id_token=None),
    "text": lambda lying: lying.answers.update({"/token": json_answer("secret-one")}),
    "refusal": lambda lying: lying.answers.update(
        {"/token": json_answer({"error": "invalid_grant", "code": "secret-one"}, 400)}
    ),
    "redirect": lambda lying: lying.answers.update({"/token": redirects}),
    "down": lambda lying: lying.answers.update({"/token": json_answer("secret-one", 503)}),
    "userinfo refuses": lambda lying: lying.answers.update({"/userinfo": json_answer({}, 401)}),
    "userinfo redirects": lambda lying: lying.answers.update({"/userinfo": redirects}),
    "userinfo ends": lambda lying: lying.answers.update({"/userinfo": ends}),
    "token ends": lambda lying: lying.answers.update({"/token": ends}),
}
SECRETS = ("code", "code_verifier", "client_secret", "refresh_token", "nonce")
"""Arguments of requests to the provider."""


@pytest.mark.parametrize(("lie", "breaks"), [*((lie, False) for lie in LIES), ("none", True)])
def test_no_secret_of_a_sign_in(
    site: Any, lying_provider: LyingProvider, told: Told, lie: str, breaks: bool, errors: Any
) -> None:
    lying, seen = lying_provider, list[Any]()
    provider = OpenIDProvider(lying.client_id, lying.client_secret, issuer=lying.issuer)
    LIES[lie](lying)
    there = site(
        ("/signin", SignIn, {"provider": provider, "seen": seen, "breaks": breaks}),
        cookie_secret=SECRET,
    )
    browser = Browser()
    url = f"http://127.0.0.1:{there.server.port}/signin"
    back = browser.open(url, until=f"{url}?").url
    [cookie] = [morsel.value for morsel in browser.cookies.values()]
    page = browser.open(back)
    errors.records.clear()
    assert "secret-one" not in page.text
    assert len(seen) == 1
    secrets = {lying.client_secret, SECRET, cookie, "secret-one"}
    for asked in lying.asked:
        secrets |= {value for name, value in asked.form.items() if name in SECRETS}
        credentials = asked.headers.get("Authorization", "").partition(" ")[2]
        secrets |= {credentials} if credentials else set()
    for one in seen:
        if isinstance(one, Identity):
            assert one.token is not None
            secrets |= {one.token.access_token, str(one.token.id_token)}
    assert len(secrets) >= 6
    texts = [told.text, page.text, repr(seen)]
    texts += [traceback_of(one) for one in seen if isinstance(one, AuthError)]
    for secret in secrets:
        assert not [text for text in texts if secret in text], secret


def traceback_of(error: AuthError) -> str:
    return "".join(traceback.format_exception(error)) + repr(error)


TEXTS = {
    "a line": "no\r\nCRITICAL root a line of theirs",
    "colours": "no\x1b[31m",
    "another line": "no\u2028CRITICAL\x85CRITICAL",
    "a form": "100%s %(name)s %d {0}",
    "html": "<script>alert(1)</script>",
    "long": "x" * 100_000,
}


@pytest.mark.parametrize("way", ["browser", "token", "metadata", "userinfo"])
@pytest.mark.parametrize("text", TEXTS)
def test_what_a_provider_says_stays_a_text(
    site: Any, lying_provider: LyingProvider, told: Told, text: str, way: str
) -> None:
    lying, said, seen = lying_provider, TEXTS[text], list[Any]()
    refusal = {"error": said, "error_description": said, "error_uri": said}
    if way == "browser":
        lying.redirect = {**{name: value[:4000] for name, value in refusal.items()}, "code": None}
    elif way == "metadata":
        lying.metadata["issuer"] = said
    else:
        lying.answers[f"/{way}"] = json_answer(refusal, 400)
    provider = OpenIDProvider(lying.client_id, lying.client_secret, issuer=lying.issuer)
    there = site(
        ("/signin", SignIn, {"provider": provider, "seen": seen, "breaks": False}),
        cookie_secret=SECRET,
    )
    page = Browser().open(f"http://127.0.0.1:{there.server.port}/signin")
    assert page.status == 502
    assert len(seen) == 1
    lines = [line for line in told.text.splitlines() if "502" in line]
    assert len(lines) == 1
    assert len(lines[0]) < 3000
    assert lines[0].isprintable()
    assert not [line for line in told.text.splitlines() if line.startswith("CRITICAL")]
    assert "<script>" not in page.text
    assert said[:20] not in page.text
