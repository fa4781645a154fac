"""The handlers, as pages' script uses them: JSON over HTTP, and a cookie that remembers what was asked."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.auth.passkeys.authenticator import Authenticator, encoded
from tests.sessions.browser import Browser
from tests.web.helpers import Answer, Site
from tornadolike.auth import passkeys as room
from tornadolike.auth.passkeys import (
    MemoryPasskeys,
    Passkey,
    PasskeyOwner,
    PasskeyRegistrationMixin,
    Passkeys,
    PasskeySignInMixin,
    handlers,
)
from tornadolike.auth.passkeys.challenges import MAX_BEGUN
from tornadolike.stores import MemoryStore, StoreError
from tornadolike.web import RequestHandler

ROOT = Path(__file__).parents[3]
SECRET = "52b9bd1c0a9d4c26a3e1dfb4b1b7a1f6"
SIGN_IN, MINE = "/passkeys/sign-in", "/passkeys/mine"


class User(RequestHandler):
    def get_current_user(self) -> Any:
        return self.request.headers.get("X-User")


class SignIn(PasskeySignInMixin, User):
    def initialize(self, passkeys: Passkeys, seen: list[Any]) -> None:
        self.passkeys = passkeys
        self.seen = seen

    def get_passkey_user(self) -> Any:
        return self.current_user

    async def signed_in(self, passkey: Passkey, next: str) -> None:
        self.seen.append((passkey.user, next))


class Mine(PasskeyRegistrationMixin, User):
    def initialize(self, passkeys: Passkeys, seen: list[Any]) -> None:
        self.passkeys = passkeys
        self.seen = seen

    async def get_passkey_owner(self) -> PasskeyOwner | None:
        user = self.current_user
        return user and PasskeyOwner(user, f"{user}@example.org")

    async def passkey_added(self, passkey: Passkey) -> None:
        self.seen.append(("added", passkey.user))

    async def passkey_removed(self, credential_id: bytes, owner: PasskeyOwner) -> None:
        self.seen.append(("removed", owner.user))


class Pages(Browser):
    """A browser on our pages."""

    def __init__(self, site: Site, seen: list[Any], passkeys: Passkeys) -> None:
        super().__init__(site)
        self.seen = seen
        self.passkeys = passkeys
        self.user: str | None = None
        self.more: list[str] = []

    def send(self, url: str, body: Any, kind: str = "application/json") -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        fields = [*self.fields(), *self.more, f"Content-Type: {kind}"]
        answer = self.site.ask(f"POST {url}", *fields, *self.who(), body=data)
        self.take(answer)
        return answer

    def who(self) -> list[str]:
        return [f"X-User: {self.user}"] if self.user else []

    def begin(self, url: str) -> Any:
        answer = self.send(url, {"begin": True})
        assert answer.status == 200, answer.text
        assert answer.header("Cache-Control") == "no-store"
        return answer.json

    def register(self, authenticator: Authenticator, **more: Any) -> Answer:
        options = self.begin(MINE)
        return self.send(MINE, {"finish": authenticator.create(options), **more})

    def sign_in(self, authenticator: Authenticator, **more: Any) -> Answer:
        options = self.begin(SIGN_IN)
        return self.send(SIGN_IN, {"finish": authenticator.get(options), **more})


@pytest.fixture
def pages(site: Callable[..., Site]) -> Callable[..., Pages]:
    def start(server: dict[str, Any] | None = None, **settings: Any) -> Pages:
        passkeys = Passkeys("example.org", "Example", ["https://example.org"], MemoryPasskeys())
        seen: list[Any] = []
        arguments = {"passkeys": passkeys, "seen": seen}
        rules = [(SIGN_IN, SignIn, arguments), (MINE, Mine, arguments)]
        settings.setdefault("cookie_secret", SECRET)
        return Pages(site(*rules, server=server, **settings), seen, passkeys)

    return start


@pytest.fixture
def registered(pages: Callable[..., Pages]) -> tuple[Pages, Authenticator]:
    """Ann's page, with a passkey, and nobody signed in."""
    browser, authenticator = pages(), Authenticator()
    browser.user = "ann"
    assert browser.register(authenticator).status == 200
    browser.user = None
    browser.seen.clear()
    return browser, authenticator


def refusal(answer: Answer) -> tuple[int, str]:
    assert answer.header("Content-Type") == "application/json; charset=UTF-8"
    assert answer.header("Cache-Control") == "no-store"
    assert answer.json["message"]
    return answer.status, answer.json["error"]


def test_the_life_of_a_passkey(pages: Callable[..., Pages]) -> None:
    browser, authenticator = pages(), Authenticator()
    browser.user = "ann"
    answer = browser.register(authenticator, name="My key")
    shown = answer.json["passkey"]
    assert shown == {
        "id": encoded(authenticator.id),
        "name": "My key",
        "created": shown["created"],
        "last_used": None,
        "backed_up": False,
    }
    assert browser.cookies == {}, "it is answered"
    browser.user = None
    answer = browser.sign_in(authenticator, next="/inbox?page=2")
    assert (answer.status, answer.json) == (200, {"next": "/inbox?page=2"})
    assert browser.cookies == {}
    browser.user = "ann"
    listed = browser.site.ask(f"GET {MINE}", *browser.who())
    assert listed.header("Cache-Control") == "no-store"
    (only,) = listed.json["passkeys"]
    assert only["last_used"] >= only["created"]
    answer = browser.send(MINE, {"remove": shown["id"]})
    assert (answer.status, answer.json) == (200, {"removed": shown["id"]})
    assert refusal(browser.send(MINE, {"remove": shown["id"]})) == (403, "unknown")
    browser.user = None
    assert refusal(browser.sign_in(authenticator)) == (403, "unknown")
    assert browser.seen == [
        ("added", "ann"),
        ("ann", "/inbox?page=2"),
        ("removed", "ann"),
    ]


@pytest.mark.parametrize(
    "there", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", 7, None]
)
def test_nobody_is_led_elsewhere(registered: tuple[Pages, Authenticator], there: Any) -> None:
    browser, authenticator = registered
    assert browser.sign_in(authenticator, next=there).json == {"next": "/"}


def test_the_cookie(pages: Callable[..., Pages]) -> None:
    browser = pages()
    browser.begin(SIGN_IN)
    morsel = browser.morsels["passkey_sign_in"]
    assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Strict", "/")
    assert (morsel["secure"], morsel["max-age"]) == ("", "300")


def test_the_cookie_over_tls(pages: Callable[..., Pages]) -> None:
    browser = pages(server={"xheaders": True})
    browser.more = ["X-Forwarded-Proto: https"]
    browser.user = "ann"
    authenticator = Authenticator()
    browser.begin(MINE)
    assert browser.morsels["__Host-passkey_registration"]["secure"] is True
    assert browser.register(authenticator).status == 200
    assert browser.sign_in(authenticator).status == 200


def test_it_has_to_be_this_browser(registered: tuple[Pages, Authenticator]) -> None:
    browser, authenticator = registered
    options = browser.begin(SIGN_IN)
    answer = {"finish": authenticator.get(options)}
    cookies, browser.cookies = browser.cookies, {}
    assert refusal(browser.send(SIGN_IN, answer)) == (400, "expired")
    browser.begin(SIGN_IN)
    assert refusal(browser.send(SIGN_IN, answer)) == (400, "expired"), "another challenge"
    assert browser.cookies.keys() == {"passkey_sign_in"}, "which still can be answered"
    for forged in ("x", "", cookies["passkey_sign_in"][:-3], "\xe9", '"a'):
        browser.cookies = {"passkey_sign_in": forged}
        assert refusal(browser.send(SIGN_IN, answer)) == (400, "expired")
    browser.cookies = {"passkey_registration": cookies["passkey_sign_in"]}
    browser.user = "ann"
    assert refusal(browser.send(MINE, answer)) == (400, "expired")
    browser.cookies, browser.user = cookies, None
    assert browser.send(SIGN_IN, answer).status == 200
    browser.cookies = cookies
    assert refusal(browser.send(SIGN_IN, answer)) == (400, "expired"), "the cookie was kept"
    assert browser.seen == [("ann", "/")]


def test_several_tabs(registered: tuple[Pages, Authenticator]) -> None:
    browser, authenticator = registered
    begun = [browser.begin(SIGN_IN) for _ in range(MAX_BEGUN + 1)]
    answers = [{"finish": authenticator.get(options)} for options in begun]
    assert refusal(browser.send(SIGN_IN, answers.pop(0))) == (400, "expired"), "the oldest"
    for answer in answers:
        assert browser.send(SIGN_IN, answer).status == 200
    assert browser.cookies == {}


def test_the_cookie_fits_however_long_the_names_are(pages: Callable[..., Pages]) -> None:
    browser = pages()
    browser.user = "ü" * 128
    for _ in range(MAX_BEGUN + 1):
        browser.begin(MINE)
    assert len(browser.cookies["passkey_registration"]) < 4000


def test_it_may_be_too_late(
    registered: tuple[Pages, Authenticator], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, authenticator = registered
    options = browser.begin(SIGN_IN)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 301)
    answer = {"finish": authenticator.get(options)}
    assert refusal(browser.send(SIGN_IN, answer)) == (400, "expired")


def test_only_for_users(pages: Callable[..., Pages]) -> None:
    browser = pages()
    for message in ({"begin": True}, {"finish": {}}, {"remove": "YQ"}, {}):
        assert refusal(browser.send(MINE, message)) == (403, "nobody")
    assert refusal(browser.site.ask(f"GET {MINE}")) == (403, "nobody")


def test_who_has_begun_has_to_finish(pages: Callable[..., Pages]) -> None:
    """Somebody else has signed in meanwhile: the passkey is not theirs, and not made."""
    browser = pages()
    browser.user = "ann"
    answer = {"finish": Authenticator().create(browser.begin(MINE))}
    browser.user = "bob"
    assert refusal(browser.send(MINE, answer)) == (400, "expired")
    assert browser.seen == []


def test_as_a_second_factor(registered: tuple[Pages, Authenticator]) -> None:
    browser, authenticator = registered
    other = Authenticator()
    browser.user = "bob"
    browser.register(other)
    browser.user = "ann"
    options = browser.begin(SIGN_IN)
    assert [one["id"] for one in options["allowCredentials"]] == [encoded(authenticator.id)]
    assert refusal(browser.sign_in(other)) == (403, "refused")
    assert browser.sign_in(authenticator).status == 200
    options = browser.begin(SIGN_IN)
    browser.user = "bob"
    answer = {"finish": authenticator.get(options)}
    assert refusal(browser.send(SIGN_IN, answer)) == (400, "expired")


def test_others_passkeys_are_not_ones_own(registered: tuple[Pages, Authenticator]) -> None:
    browser, authenticator = registered
    browser.user = "bob"
    assert browser.site.ask(f"GET {MINE}", *browser.who()).json == {"passkeys": []}
    assert refusal(browser.send(MINE, {"remove": encoded(authenticator.id)})) == (403, "unknown")
    browser.user = "ann"
    assert len(browser.site.ask(f"GET {MINE}", *browser.who()).json["passkeys"]) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "failed"),
        (b"{", 400, "failed"),
        (b"[]", 400, "failed"),
        (b"\xff", 400, "failed"),
        (b"[" * 16_000, 400, "failed"),
        (b"{}", 400, "malformed"),
        (b'{"finish": null}', 400, "malformed"),
        (b'{"finish": {}}', 400, "malformed"),
        (b'{"finish": {}, "name": 7}', 400, "malformed"),
        (b'{"finish": []}', 400, "malformed"),
        (b'{"finish": {"response": {"clientDataJSON": "YQ"}}}', 400, "malformed"),
    ],
)
@pytest.mark.parametrize("url", [SIGN_IN, MINE])
def test_what_is_no_message(
    pages: Callable[..., Pages], url: str, body: bytes, status: int, code: str
) -> None:
    browser = pages()
    browser.user = "ann"
    assert refusal(browser.send(url, body)) == (status, code)


@pytest.mark.parametrize("remove", [None, 7, "", "ä", "Y", ["YQ"]])
def test_what_cannot_be_removed(pages: Callable[..., Pages], remove: Any) -> None:
    browser = pages()
    browser.user = "ann"
    assert refusal(browser.send(MINE, {"remove": remove})) == (400, "malformed")


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
def test_forms_of_other_sites_are_not_taken(pages: Callable[..., Pages], kind: str) -> None:
    """Browsers send such from any page; JSON they do not without asking."""
    answer = pages().send(SIGN_IN, b'{"begin": true}', kind)
    assert answer.status in (400, 415)
    assert refusal(answer)[1] == "failed"
    assert pages().send(SIGN_IN, {"begin": 1}, "Application/JSON; charset=utf-8").status == 200


def test_tokens_against_forgery_are_checked(pages: Callable[..., Pages]) -> None:
    browser = pages(xsrf_cookies=True)
    assert refusal(browser.send(SIGN_IN, {"begin": True})) == (403, "failed")
    browser.cookies["_xsrf"] = "a" * 32
    browser.more = [f"X-XSRFToken: {'a' * 32}"]
    assert browser.begin(SIGN_IN)


def test_a_message_has_a_most(pages: Callable[..., Pages]) -> None:
    body = b'{"begin": "' + b"x" * handlers.MAX_MESSAGE_SIZE + b'"}'
    assert pages().send(SIGN_IN, body).status == 413


def test_a_weak_secret_is_refused(pages: Callable[..., Pages], expect_log: Any) -> None:
    with expect_log("tornadolike.application", "Uncaught exception"):
        answer = pages(cookie_secret=None).send(SIGN_IN, {"begin": True})
    assert refusal(answer) == (500, "failed")


def test_a_store_that_is_down(
    registered: tuple[Pages, Authenticator], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, authenticator = registered

    async def fail(*args: Any) -> Any:
        raise StoreError("down")

    monkeypatch.setattr(MemoryStore, "count", fail)
    assert refusal(browser.sign_in(authenticator)) == (503, "failed")


def test_the_log_tells_why_and_no_more(
    registered: tuple[Pages, Authenticator], expect_log: Any
) -> None:
    browser, authenticator = registered
    authenticator.origin = "https://evil.example\nand a line of one's own"
    with expect_log("tornadolike.general", "refused: .*evil.example") as log:
        answer = browser.sign_in(authenticator)
    assert refusal(answer) == (403, "refused")
    assert "evil" not in answer.text
    (record,) = log.matched
    assert record.levelname == "INFO"
    assert "\n" not in record.getMessage()


def test_a_handler_may_answer_itself(site: Callable[..., Site]) -> None:
    class Own(SignIn):
        async def signed_in(self, passkey: Passkey, next: str) -> None:
            self.write({"welcome": passkey.user})

    passkeys = Passkeys("example.org", "E", ["https://example.org"], MemoryPasskeys())
    arguments = {"passkeys": passkeys, "seen": []}
    rules = [(SIGN_IN, Own, arguments), (MINE, Mine, arguments)]
    browser = Pages(site(*rules, cookie_secret=SECRET), [], passkeys)
    authenticator = Authenticator()
    browser.user = "ann"
    browser.register(authenticator)
    assert browser.sign_in(authenticator).json == {"welcome": "ann"}


@pytest.mark.parametrize(
    ("mixin", "missing"),
    [(PasskeySignInMixin, "signed_in"), (PasskeyRegistrationMixin, "get_passkey_owner")],
)
def test_what_is_forgotten_is_told(
    site: Callable[..., Site],
    expect_log: Any,
    mixin: Any,
    missing: str,
) -> None:
    class Forgetful(mixin):  # type: ignore[misc]
        passkeys = Passkeys("example.org", "E", ["https://example.org"], MemoryPasskeys())

    arguments = {"passkeys": Forgetful.passkeys, "seen": []}
    rules = [(MINE, Mine, arguments), (SIGN_IN, Forgetful)]
    browser = Pages(site(*rules, cookie_secret=SECRET), [], Forgetful.passkeys)
    authenticator = Authenticator()
    browser.user = "ann"
    browser.register(authenticator)
    browser.user = None
    body: Any = {"begin": True}
    if mixin is PasskeySignInMixin:
        body = {"finish": authenticator.get(browser.begin(SIGN_IN))}
    with expect_log("tornadolike.application", "Uncaught") as log:
        assert browser.send(SIGN_IN, body).status == 500
    assert missing in str(log.matched[0].exc_info[1])


def test_the_room_says_what_is_in_it() -> None:
    assert all(hasattr(room, name) for name in room.__all__)
