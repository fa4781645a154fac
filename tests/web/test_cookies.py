"""Cookies of the request and of the response (RFC 6265)."""

import datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.helpers import make_handler
from tornadolike.httputil import parse_cookie
from tornadolike.web import HTTPError, RequestHandler
from tornadolike.web.cookies import make_cookie


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("a=1", {"a": "1"}),
        ("a=1; b=2;c=3", {"a": "1", "b": "2", "c": "3"}),
        ("a=1; a=2", {"a": "2"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=", {"a": ""}),
        ('a="x y"', {"a": "x y"}),
        ('a="\\303\\251\\"\\\\"', {"a": 'Ã©"\\'}),
        ("; ;a=1;;", {"a": "1"}),
        # What no cookie can be called costs only itself.
        ("a b=1; path=2; expires=3; c=4", {"c": "4"}),
        ("lonely; c=4", {"c": "4"}),
        ("", {}),
    ],
)
def test_of_the_request(header: str, cookies: dict[str, str]) -> None:
    handler = make_handler(headers={"Cookie": header} if header else None)
    assert {name: morsel.value for name, morsel in handler.cookies.items()} == cookies
    for name, value in cookies.items():
        assert handler.get_cookie(name) == value
    assert handler.get_cookie("nope") is None
    assert handler.get_cookie("nope", "default") == "default"


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ({"value": "1"}, "c=1; Path=/"),
        ({"value": b"caf\xc3\xa9"}, 'c="caf\\351"; Path=/'),
        ({"value": ""}, 'c=""; Path=/'),
        ({"value": 'x y;,"\\'}, 'c="x y\\073\\054\\"\\\\"; Path=/'),
        ({"value": "a=b"}, 'c="a=b"; Path=/'),
        ({"value": "1", "path": "/p"}, "c=1; Path=/p"),
        ({"value": "1", "path": ""}, "c=1"),
        ({"value": "1", "domain": "example.com"}, "c=1; Domain=example.com; Path=/"),
        ({"value": "1", "expires": 1e9}, "c=1; expires=Sun, 09 Sep 2001 01:46:40 GMT; Path=/"),
        (
            {"value": "1", "expires": datetime.datetime(2020, 1, 1)},
            "c=1; expires=Wed, 01 Jan 2020 00:00:00 GMT; Path=/",
        ),
        ({"value": "1", "max_age": 60}, "c=1; Max-Age=60; Path=/"),
        ({"value": "1", "max_age": 0}, "c=1; Max-Age=0; Path=/"),
        (
            {"value": "1", "httponly": True, "secure": True, "samesite": "Lax"},
            "c=1; HttpOnly; Path=/; SameSite=Lax; Secure",
        ),
        ({"value": "1", "httponly": False, "secure": False}, "c=1; Path=/"),
        ({"value": "1", "comment": "x", "Version": "1"}, "c=1; Comment=x; Path=/; Version=1"),
    ],
)
def test_of_the_response(arguments: dict[str, Any], sent: str) -> None:
    handler = make_handler()
    handler.set_cookie("c", **arguments)
    handler.finish()
    assert handler.request.connection.headers.get_list("Set-Cookie") == [sent]


def test_expires_days() -> None:
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    morsel = make_cookie("c", "1", expires_days=2)
    expires = datetime.datetime.strptime(morsel["expires"], "%a, %d %b %Y %H:%M:%S GMT")
    assert abs(expires.replace(tzinfo=datetime.UTC) - before - datetime.timedelta(days=2)) < (
        datetime.timedelta(minutes=1)
    )


def test_the_last_of_a_name_counts_and_several_have_a_header_each() -> None:
    handler = make_handler()
    handler.set_cookie("a", "1", domain="example.com")
    handler.set_cookie("b", "2")
    handler.set_cookie("a", "3")
    handler.flush()
    sent = handler.request.connection.headers.get_list("Set-Cookie")
    assert sent == ["a=3; Path=/", "b=2; Path=/"]


def test_clearing() -> None:
    handler = make_handler(headers={"Cookie": "a=1; b=2"})
    handler.clear_cookie("a", path="/p", domain="example.com")
    handler.finish()
    (sent,) = handler.request.connection.headers.get_list("Set-Cookie")
    assert sent.startswith('a=""; Domain=example.com; expires=')
    assert sent.endswith("; Path=/p")
    handler = make_handler(headers={"Cookie": "a=1; b=2"})
    handler.clear_all_cookies()
    handler.finish()
    assert [c[:4] for c in handler.request.connection.headers.get_list("Set-Cookie")] == [
        'a=""',
        'b=""',
    ]
    for argument in ("expires", "max_age"):
        with pytest.raises(TypeError, match=argument):
            handler.clear_cookie("a", **{argument: 1})


@pytest.mark.parametrize("name", ["a:b", "a!#$%&'*+-.^_`|~1"])
def test_whatever_a_browser_sends_can_be_cleared(name: str) -> None:
    """Or else whoever can set a cookie for the site can keep its users from logging out."""
    handler = make_handler(headers={"Cookie": f"{name}=1"})
    handler.clear_all_cookies()
    handler.finish()
    (sent,) = handler.request.connection.headers.get_list("Set-Cookie")
    assert sent.startswith(f'{name}=""; ')


CONTROLS = [chr(code) for code in [*range(0x20), 0x7F]]


@pytest.mark.parametrize("char", [*CONTROLS, ";", " ", ",", "=", '"', "\\", "\xe9"])
def test_a_name_is_a_token(char: str) -> None:
    for name in (char, f"a{char}", f"a{char}b"):
        with pytest.raises(CookieError):
            make_cookie(name, "1")


@pytest.mark.parametrize("name", ["", "path", "Expires", "secure"])
def test_other_names_that_are_refused(name: str) -> None:
    with pytest.raises(CookieError):
        make_cookie(name, "1")


@pytest.mark.parametrize("value", [*CONTROLS, "a\r\nSet-Cookie: b=c", "\u20ac"])
def test_values_that_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match="ookie"):
        make_cookie("a", value)


@pytest.mark.parametrize("attribute", ["domain", "path", "samesite", "comment", "DoMaIn"])
@pytest.mark.parametrize("char", [*CONTROLS, ";", " "])
def test_attributes_that_are_refused(attribute: str, char: str) -> None:
    with pytest.raises(CookieError, match=attribute):
        make_cookie("a", "1", **{attribute: f"x{char}y"})


def test_attributes_of_the_wrong_kind() -> None:
    with pytest.raises(CookieError):
        make_cookie("a", "1", nonsense="1")
    with pytest.raises(ValueError, match="invalid literal"):
        make_cookie("a", "1", max_age="1; Secure")  # type: ignore[arg-type]


@given(
    value=st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"))
)
def test_what_is_set_comes_back(value: str) -> None:
    sent = make_cookie("a", value, path="").OutputString()
    assert sent.isascii()
    assert "\n" not in sent
    assert parse_cookie(sent) == {"a": value.strip() if sent == f"a={value}" else value}


@given(header=st.text(st.characters(max_codepoint=0xFF)))
def test_no_header_is_too_strange_to_parse(header: str) -> None:
    handler = make_handler()
    handler.request.headers["Cookie"] = header
    assert isinstance(handler.cookies, SimpleCookie)


def test_an_error_page_sends_the_cookies_too() -> None:
    class Handler(RequestHandler):
        def get(self) -> None:
            self.set_cookie("a", "1")
            self.set_header("X-Other", "1")
            raise HTTPError(400)

    handler = make_handler(Handler)
    handler._execute((), {})
    headers = handler.request.connection.headers
    assert headers.get_list("Set-Cookie") == ["a=1; Path=/"]
    assert "X-Other" not in headers
