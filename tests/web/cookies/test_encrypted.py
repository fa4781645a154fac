"""Encrypted cookies of handlers, and their settings."""

import base64
from http.cookies import CookieError
from typing import Any

import pytest

from tests.web.helpers import make_handler
from tornadolike.web import create_encrypted_value, create_signed_value
from tornadolike.web.cookies.plain import MAX_COOKIE_SIZE

SECRET = "3c6e0b8a9c15224a8228b9a98ca1531d"
OTHER = "b1946ac92492d2347c6235b4d2611184"
SETTINGS = {"cookie_secret": SECRET}


def sent(handler: Any) -> str:
    handler.finish()
    (cookie,) = handler.request.connection.headers.get_list("Set-Cookie")
    return str(cookie)


def with_cookie(cookie: str, **settings: Any) -> Any:
    return make_handler(headers={"Cookie": cookie}, settings=settings or SETTINGS)


@pytest.mark.parametrize("value", ["alice", "", "é €\r\n;", b"\x00\xff", "x" * 2900])
def test_what_is_set_comes_back(value: str | bytes) -> None:
    handler = make_handler(settings=SETTINGS)
    handler.set_encrypted_cookie("user", value)
    cookie = sent(handler).partition(";")[0]
    data = value.encode() if isinstance(value, str) else value
    assert with_cookie(cookie).get_encrypted_cookie("user") == data
    assert with_cookie(cookie.replace("user", "other")).get_encrypted_cookie("other") is None
    assert with_cookie(cookie).get_encrypted_cookie("user", max_age_days=-1) is None
    if len(data) > 4:
        assert data not in base64.urlsafe_b64decode(cookie.partition("=")[2] + "===")


def test_attributes() -> None:
    """Safe, unless somebody says otherwise."""

    def attributes(https: bool, settings: dict[str, Any], **kwargs: Any) -> str:
        handler = make_handler(settings=SETTINGS | settings)
        handler.request.protocol = "https" if https else "http"
        name = kwargs.pop("name", "a")
        handler.set_encrypted_cookie(name, "b", expires_days=None, **kwargs)
        return sent(handler).partition("; ")[2]

    safe = "HttpOnly; Path=/; SameSite=Lax"
    assert attributes(False, {}) == safe
    assert attributes(True, {}) == f"{safe}; Secure"
    assert attributes(False, {}, name="__Host-a") == f"{safe}; Secure"
    assert attributes(True, {}, samesite=None, secure=False, httponly=False) == "Path=/"
    site = {"signed_cookie_kwargs": {"samesite": "Strict", "path": "/x"}}
    assert attributes(False, site) == "HttpOnly; Path=/x; SameSite=Strict"
    assert attributes(False, site, samesite="Lax") == "HttpOnly; Path=/x; SameSite=Lax"
    with pytest.raises(CookieError, match="browsers take it only with"):
        attributes(True, {}, name="__Host-a", domain="example.com")
    handler = make_handler(settings=SETTINGS)
    handler.set_encrypted_cookie("a", "b")
    assert "; expires=" in sent(handler)


def test_one_that_is_too_large() -> None:
    handler = make_handler(settings=SETTINGS)
    handler.set_encrypted_cookie("name", "x" * 3020)
    assert len(sent(handler).partition(";")[0]) == len("name=") + 4092
    handler = make_handler(settings=SETTINGS)
    with pytest.raises(
        ValueError, match=f"'name' has 4098 bytes, and browsers take {MAX_COOKIE_SIZE}"
    ) as e:
        handler.set_encrypted_cookie("name", "x" * 3021)
    assert "xxx" not in str(e.value)
    assert not handler._new_cookies


def test_what_is_refused_is_none() -> None:
    good = create_encrypted_value(SECRET, "user", "alice")
    signed = create_signed_value(SECRET, "user", "alice").decode()
    assert with_cookie(f"user={good}").get_encrypted_cookie("user") == b"alice"
    assert with_cookie(f"user={good}").get_signed_cookie("user") is None
    bad = [
        "",
        "user=",
        "user=alice",
        f"other={good}",
        f"user={good}0",
        f"user={good}=",
        'user="\\303|"',
    ]
    for cookie in [*bad, f"user={signed}", f"user={good[:-1]}", "user=" + "A" * 5000]:
        assert with_cookie(cookie).get_encrypted_cookie("user") is None, cookie


def test_values_that_travel_by_another_way() -> None:
    handler = make_handler(settings=SETTINGS)
    value = handler.create_encrypted_value("link", "42")
    assert handler.get_encrypted_cookie("link", value) == b"42"
    assert handler.get_encrypted_cookie("link", value.encode()) == b"42"
    for other in ("", "nonsense", "\ud800", "é", value + "\n"):
        assert handler.get_encrypted_cookie("link", other) is None
    assert handler.get_encrypted_cookie("another", value) is None


def test_rotation() -> None:
    old = make_handler(settings=SETTINGS).create_encrypted_value("user", "alice")
    new = {"cookie_secret": {0: SECRET, 1: OTHER}, "key_version": 1}
    handler = with_cookie(f"user={old}", **new)
    assert handler.get_encrypted_cookie("user") == b"alice"
    made = handler.create_encrypted_value("user", "bob")
    assert with_cookie(f"user={made}").get_encrypted_cookie("user") is None
    assert with_cookie(f"user={made}", cookie_secret=OTHER).get_encrypted_cookie("user") == b"bob"


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({}, RuntimeError),
        ({"cookie_secret": {1: SECRET}}, RuntimeError),
        ({"cookie_secret": "short", "debug": True}, ValueError),
    ],
)
def test_settings_of_no_use(settings: dict[str, Any], error: type[Exception]) -> None:
    handler = make_handler(settings=settings)
    for use in (
        lambda: handler.set_encrypted_cookie("a", "b"),
        lambda: handler.create_encrypted_value("a", "b"),
        lambda: handler.get_encrypted_cookie("a"),
    ):
        with pytest.raises(error):
            use()
