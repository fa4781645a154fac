"""Signed cookies of handlers, and their settings."""

from typing import Any

import pytest

from tests.web.helpers import make_handler
from tornadolike.web import RequestHandler, create_signed_value, decode_signed_value

SECRET = "3c6e0b8a9c15224a8228b9a98ca1531d"
KEYS = {1: "the-old-secret-of-this-site", 2: "the-new-secret-of-this-site"}


def sent(handler: Any) -> str:
    handler.finish()
    (cookie,) = handler.request.connection.headers.get_list("Set-Cookie")
    return str(cookie)


def round_trip(value: str | bytes, **settings: Any) -> bytes | None:
    """Set a signed cookie, and read it from the next request."""
    handler = make_handler(settings=settings)
    handler.set_signed_cookie("user", value)
    cookie = sent(handler).partition(";")[0]
    handler = make_handler(headers={"Cookie": cookie}, settings=settings)
    read: bytes | None = handler.get_signed_cookie("user")
    return read


@pytest.mark.parametrize("value", ["alice", "", "é €\r\n;", b"\x00\xff", "x" * 3000])
def test_what_is_set_comes_back(value: str | bytes) -> None:
    expected = value if isinstance(value, bytes) else value.encode()
    assert round_trip(value, cookie_secret=SECRET) == expected
    assert round_trip(value, cookie_secret=SECRET.encode()) == expected
    assert round_trip(value, cookie_secret=KEYS, key_version=2) == expected


def test_attributes() -> None:
    handler = make_handler(settings={"cookie_secret": SECRET})
    handler.set_signed_cookie("a", "b", expires_days=None, httponly=True, path="/x")
    assert sent(handler).endswith("; HttpOnly; Path=/x")
    handler = make_handler(settings={"cookie_secret": SECRET})
    handler.set_signed_cookie("a", "b")
    cookie = sent(handler)
    assert "; expires=" in cookie
    assert "HttpOnly" not in cookie
    assert "SameSite" not in cookie


def test_attributes_for_the_whole_site() -> None:
    settings = {
        "cookie_secret": SECRET,
        "signed_cookie_kwargs": {"httponly": True, "secure": True, "samesite": "Lax"},
    }
    handler = make_handler(settings=settings)
    handler.set_signed_cookie("a", "b", expires_days=None)
    assert sent(handler).endswith("; HttpOnly; Path=/; SameSite=Lax; Secure")
    handler = make_handler(settings=settings)
    handler.set_signed_cookie("a", "b", expires_days=None, samesite="Strict", secure=False)
    assert sent(handler).endswith("; HttpOnly; Path=/; SameSite=Strict")
    handler = make_handler(settings=settings)
    handler.set_cookie("a", "b")  # not signed
    assert sent(handler) == "a=b; Path=/"


def test_what_is_refused_is_none() -> None:
    settings = {"cookie_secret": SECRET}
    good = create_signed_value(SECRET, "user", "alice").decode()
    for cookie in ("", "user=", "user=alice", f"other={good}", f"user={good}0", 'user="\\303|'):
        handler = make_handler(headers={"Cookie": cookie}, settings=settings)
        assert handler.get_signed_cookie("user") is None
    handler = make_handler(headers={"Cookie": f"user={good}"}, settings=settings)
    assert handler.get_signed_cookie("user") == b"alice"
    assert handler.get_signed_cookie("user", max_age_days=-1) is None
    assert handler.get_signed_cookie("user", min_version=2) == b"alice"


def test_values_that_travel_by_another_way() -> None:
    handler = make_handler(settings={"cookie_secret": SECRET})
    value = handler.create_signed_value("link", "42")
    assert decode_signed_value(SECRET, "link", value) == b"42"
    assert handler.get_signed_cookie("link", value) == b"42"
    assert handler.get_signed_cookie("link", "nonsense") is None
    old = handler.create_signed_value("link", "42", version=1)
    assert handler.get_signed_cookie("link", old) == b"42"
    assert handler.get_signed_cookie("link", old, min_version=2) is None


def test_rotation() -> None:
    old = make_handler(settings={"cookie_secret": KEYS, "key_version": 1})
    value = old.create_signed_value("user", "alice").decode()
    new = make_handler(
        headers={"Cookie": f"user={value}"}, settings={"cookie_secret": KEYS, "key_version": 2}
    )
    assert new.get_signed_cookie("user") == b"alice"
    assert new.get_signed_cookie_key_version("user") == 1
    assert new.get_signed_cookie_key_version("user", new.create_signed_value("user", "a")) == 2
    assert new.get_signed_cookie_key_version("other") is None
    only_new = make_handler(
        headers={"Cookie": f"user={value}"},
        settings={"cookie_secret": {2: KEYS[2]}, "key_version": 2},
    )
    assert only_new.get_signed_cookie("user") is None


def test_the_older_names() -> None:
    assert RequestHandler.set_secure_cookie is RequestHandler.set_signed_cookie
    assert RequestHandler.get_secure_cookie is RequestHandler.get_signed_cookie
    assert (
        RequestHandler.get_secure_cookie_key_version is RequestHandler.get_signed_cookie_key_version
    )


@pytest.mark.parametrize("settings", [{}, {"cookie_secret": ""}, {"cookie_secret": {}}])
def test_without_a_secret(settings: dict[str, Any]) -> None:
    handler = make_handler(settings=settings)
    for use in (
        lambda: handler.set_signed_cookie("a", "b"),
        lambda: handler.create_signed_value("a", "b"),
        lambda: handler.get_signed_cookie("a"),
        lambda: handler.get_signed_cookie_key_version("a"),
    ):
        with pytest.raises(RuntimeError, match=r"cookie_secret=.*python -m tornadolike secret"):
            use()


@pytest.mark.parametrize("secret", [7, [SECRET], {1: None}])
def test_a_secret_of_the_wrong_type(secret: Any) -> None:
    with pytest.raises(TypeError, match=r"the setting cookie_secret.* is a str") as e:
        make_handler(settings={"cookie_secret": secret, "key_version": 1}).set_signed_cookie(
            "a", "b"
        )
    assert SECRET not in str(e.value)


def test_without_the_number_of_the_secret() -> None:
    handler = make_handler(settings={"cookie_secret": KEYS})
    with pytest.raises(RuntimeError, match="needs the setting key_version"):
        handler.set_signed_cookie("a", "b")
    assert handler.get_signed_cookie("a") is None  # which of them, the cookie says
    handler = make_handler(settings={"cookie_secret": KEYS, "key_version": 3})
    with pytest.raises(ValueError, match="no secret of key_version 3: there are 1, 2"):
        handler.set_signed_cookie("a", "b")
