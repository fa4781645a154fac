"""Sessions in encrypted cookies: secrets and their exchange, what was forged, copied, or is too large."""

import base64
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from tests.sessions.browser import SECRET, Browser, Clock, rules
from tests.web.helpers import Site
from tornadolike.sessions import Sessions
from tornadolike.web.cookies.plain import MAX_COOKIE_SIZE
from tornadolike.web.cookies.secrets import secrets_of

Visit = Callable[..., Browser]
OTHER = "b1946ac92492d2347c6235b4d2611184"


def look(handler: Any) -> Any:
    return dict(handler.session)


def put(**values: Any) -> Callable[[Any], Any]:
    return lambda handler: handler.session.update(values)


PAGES = {"put": put(user="ann"), "look": look}


def test_it_cannot_be_read(visit: Visit) -> None:
    browser = visit(Sessions(), **PAGES)
    browser.get("put")
    cookie = browser.cookies["session"]
    assert b"ann" not in base64.urlsafe_b64decode(cookie + "===")
    browser.cookies.clear()
    browser.get("put")
    assert browser.cookies["session"] != cookie


def test_what_is_not_ours_is_a_new_session(visit: Visit, clock: Clock) -> None:
    browser = visit(Sessions(idle_seconds=1000), **PAGES)
    browser.get("put")
    cookie = browser.cookies["session"]
    raw = base64.urlsafe_b64decode(cookie + "===")
    forged = [
        base64.urlsafe_b64encode(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]).decode()
        for at in range(len(raw))
    ]
    nonsense = ["x", "x" * 5, '"a b"', "=", "%00", "\xe9", "a" * 5000, cookie[:-5], cookie * 2]
    for one in [*forged, *nonsense]:
        browser.cookies["session"] = one
        assert browser.get("look") == {}, one
    browser.cookies["session"] = cookie
    assert browser.get("look") == {"user": "ann"}
    clock.passed += 1001
    assert browser.get("look") == {}, "a cookie from before is of no use"


def test_secrets_are_exchanged(site: Callable[..., Site]) -> None:
    def at(sessions: Sessions, **settings: Any) -> Browser:
        return Browser(site(*rules(PAGES), middleware=[sessions], **settings))

    before = at(Sessions(secret=SECRET))
    before.get("put")
    both = at(Sessions(secret=[OTHER, SECRET.encode()]))
    both.cookies = dict(before.cookies)
    assert both.get("look") == {"user": "ann"}
    both.cookies.clear()
    both.get("put")
    after = at(Sessions(secret=OTHER))
    for cookies, found in ((before.cookies, {}), (both.cookies, {"user": "ann"})):
        after.cookies = dict(cookies)
        assert after.get("look") == found
    versions = at(Sessions(), cookie_secret={1: SECRET, 2: OTHER}, key_version=2)
    versions.cookies = dict(before.cookies)
    assert versions.get("look") == {"user": "ann"}
    versions.cookies.clear()
    versions.get("put")
    after.cookies = dict(versions.cookies)
    assert after.get("look") == {"user": "ann"}


def test_a_cookie_of_another_name(site: Callable[..., Site]) -> None:
    one = Browser(site(*rules(PAGES), middleware=[Sessions(secret=SECRET, name="one")]))
    other = Browser(site(*rules(PAGES), middleware=[Sessions(secret=SECRET, name="other")]))
    one.get("put")
    other.cookies["other"] = one.cookies["one"]
    assert other.get("look") == {}


def test_a_signed_cookie_is_no_session(visit: Visit) -> None:
    """And the other way round, although both may have the same secret."""

    def sign(handler: Any) -> None:
        handler.set_signed_cookie("session", '[0,9999999999,0,{"user":"eve"},[]]')

    browser = visit(Sessions(), **PAGES, sign=sign, signed=lambda h: h.get_signed_cookie("session"))
    browser.get("sign")
    assert browser.get("look") == {}
    browser.get("put")
    assert browser.get("signed") is None


def test_one_that_is_too_large(visit: Visit, expect_log: Callable[..., Any]) -> None:
    def fill(handler: Any) -> None:
        handler.session["large"] = "x" * int(handler.get_argument("n"))

    browser = visit(Sessions(name="s"), fill=fill, look=look)
    browser.get("fill?n=2900")
    assert len(browser.get("look")["large"]) == 2900
    browser.get("fill?n=1")
    with expect_log("tornadolike.application", "Uncaught", count=1) as log:
        assert browser.ask("fill?n=3100").status == 500
    assert f"browsers take {MAX_COOKIE_SIZE}: put less in" in str(log.matched[0].exc_info)
    assert browser.get("look") == {"large": "x"}


def test_settings_of_no_use(site: Callable[..., Site], expect_log: Callable[..., Any]) -> None:
    wrong: Any
    for wrong, error, text in (
        ({}, RuntimeError, "cookie_secret=..."),
        (
            {"cookie_secret": "short", "debug": True},
            ValueError,
            r"less than 16 .*python -m tornadolike secret",
        ),
        ({"cookie_secret": {1: SECRET}}, RuntimeError, "key_version"),
        ({"cookie_secret": {1: SECRET}, "key_version": 2}, RuntimeError, "key_version"),
        ({"cookie_secret": 5}, TypeError, "a secret is"),
    ):
        with pytest.raises(error, match=text):
            secrets_of(wrong, "Sessions()")
    browser = Browser(site(*rules(PAGES), middleware=[Sessions()]))
    for page in ("put", "look"):
        with expect_log("tornadolike.application", "Uncaught", count=1) as log:
            assert browser.ask(page).status == 500
        assert "cookie_secret=..." in str(log.matched[0].exc_info)


@hypothesis.given(strategies.text(strategies.characters(max_codepoint=255), max_size=200))
def test_whatever_is_in_the_cookie(text: str) -> None:
    """Nothing is raised for it."""
    import asyncio

    from tornadolike.sessions.in_cookies import CookieKeeper

    keeper = CookieKeeper("session", (SECRET.encode(),))
    handler: Any = None
    kept = asyncio.run(keeper.look_up(handler, text)) if not text.isascii() else text.encode()
    assert kept is None or keeper.read(handler, text, kept, 0) is None
