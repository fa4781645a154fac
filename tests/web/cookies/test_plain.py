"""Cookies of the request and of the response (RFC 6265)."""

import datetime
import time
from http.cookies import CookieError, SimpleCookie
from types import SimpleNamespace
from typing import Any

import pytest
import tornado.httputil
import tornado.web
from hypothesis import given
from hypothesis import strategies as st

from tests.web.helpers import make_handler
from tornadolike.httputil import parse_cookie
from tornadolike.web import HTTPError, RequestHandler
from tornadolike.web.cookies.plain import make_cookie


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
        ({"value": "1", "HttpOnly": 1, "Max_Age": 5}, "c=1; HttpOnly; Max-Age=5; Path=/"),
        ({"value": "1", "samesite": "lax", "SameSite": "None"}, "c=1; Path=/; SameSite=None"),
        (
            {"value": "1", "max_age": 5, "partitioned": True, "secure": True},
            "c=1; Max-Age=5; Partitioned; Path=/; Secure",
        ),
        ({"value": "1", "expires": 0, "expires_days": None}, "c=1; Path=/"),
    ],
)
def test_of_the_response(arguments: dict[str, Any], sent: str) -> None:
    handler = make_handler()
    handler.set_cookie("c", **arguments)
    handler.finish()
    assert handler.request.connection.headers.get_list("Set-Cookie") == [sent]


@given(
    value=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)),
    attributes=st.fixed_dictionaries(
        {},
        optional={
            "domain": st.sampled_from([None, "", "example.com"]),
            "path": st.sampled_from([None, "", "/", "/a,b=c"]),
            "expires": st.sampled_from([None, 0, 1, 1e9, datetime.datetime(2020, 1, 1)]),
            "max_age": st.sampled_from([None, 1, 10**9]),
            "httponly": st.booleans(),
            "secure": st.booleans(),
            "samesite": st.sampled_from([None, "", "Strict", "lax", "None"]),
        },
    ),
)
def test_it_is_sent_as_tornado_sends_it(value: str, attributes: dict[str, Any]) -> None:
    theirs: Any = SimpleNamespace()
    tornado.web.RequestHandler.set_cookie(theirs, "name", value, **attributes)
    handler = make_handler()
    handler.set_cookie("name", value, **attributes)
    assert handler._new_cookies["name"] == theirs._new_cookie["name"].OutputString()


def test_names_may_be_bytes() -> None:
    handler = make_handler()
    handler.set_cookie(b"a", b"1")
    assert handler._new_cookies == {"a": "a=1; Path=/"}


@pytest.mark.parametrize(
    ("name", "attributes", "wanted"),
    [
        ("__Secure-a", {}, "secure=True"),
        ("__Host-a", {"secure": True, "domain": "example.com"}, "domain=None"),
        ("__Host-a", {"secure": True, "path": "/a"}, "path='/'"),
        ("__Host-a", {"secure": True, "path": ""}, "path='/'"),
        ("__Host-a", {"path": "/"}, "secure=True"),
        ("__hOST-a", {}, "secure=True"),
        ("__SECURE-a", {}, "secure=True"),
        ("a", {"partitioned": True}, "secure=True"),
        ("a", {"samesite": "Laxe"}, "'Strict', 'Lax' or 'None'"),
        ("a", {"samesite": True}, "'Strict', 'Lax' or 'None'"),
    ],
)
def test_what_browsers_would_not_take(name: str, attributes: dict[str, Any], wanted: str) -> None:
    with pytest.raises(CookieError, match=wanted):
        make_handler().set_cookie(name, "1", **attributes)


def test_names_with_prefixes() -> None:
    assert make_cookie("__Host-a", "1", path="/", secure=1) == "__Host-a=1; Path=/; Secure"
    sent = make_cookie("__Secure-a", "1", domain="example.com", secure=True)
    assert sent == "__Secure-a=1; Domain=example.com; Secure"
    assert make_cookie("__Hostess", "1") == "__Hostess=1"


def test_expires_days() -> None:
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    sent = make_cookie("c", "1", expires_days=2)
    expires = datetime.datetime.strptime(sent, "c=1; expires=%a, %d %b %Y %H:%M:%S GMT")
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
    assert sent == ["b=2; Path=/", "a=3; Path=/"]


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


@pytest.mark.parametrize("name", ["__Host-a", "__host-A", "__Secure-a"])
def test_what_a_name_wants_to_be_cleared(name: str) -> None:
    handler = make_handler()
    handler.clear_cookie(name)
    assert handler._new_cookies[name].endswith("; Path=/; Secure")
    with pytest.raises(CookieError, match="secure=True"):
        handler.clear_cookie(name, secure=False)


@pytest.mark.parametrize(
    "name",
    [
        "a:b",
        "a!#$%&'*+-.^_`|~1",
        "__Host-a",
        "__SECURE-a",
        "__Host-",
        "partitioned",
        "Partitioned",
        "path",
        "",
        "a\xe9",
        "a(",
    ],
)
def test_whatever_a_browser_sends_can_be_cleared(name: str) -> None:
    """Or else whoever can set a cookie for the site can keep its users from logging out."""
    handler = make_handler(headers={"Cookie": f"{name}=1"})
    handler.clear_all_cookies(domain="example.com", path="/p")
    cleared = handler._new_cookies or {}
    assert cleared.keys() == handler.cookies.keys()
    assert all(cookie.startswith(f'{name}=""; ') for cookie in cleared.values())


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
@pytest.mark.parametrize("char", [*CONTROLS, ";", " ", "\u20ac"])
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
    sent = make_cookie("a", value, path="")
    assert sent.isascii()
    assert "\n" not in sent
    assert parse_cookie(sent) == {"a": value.strip() if sent == f"a={value}" else value}


@given(header=st.text(st.characters(max_codepoint=0xFF)))
def test_no_header_is_too_strange_to_parse(header: str) -> None:
    handler = make_handler()
    handler.request.headers["Cookie"] = header
    assert isinstance(handler.cookies, SimpleCookie)


@given(
    header=st.one_of(
        st.text(st.sampled_from('ab=; "\\0137,\t\xe9')),
        # Without what is white space to Python but to no browser.
        st.text(
            st.characters(max_codepoint=0xFF, exclude_characters="\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0")
        ),
    )
)
def test_it_is_parsed_as_tornado_parses_it(header: str) -> None:
    assert parse_cookie(header) == tornado.httputil.parse_cookie(header)


@given(header=st.text('ab=;, "\\\\012path$(\t\x7f\u00e9', max_size=30))
def test_one_is_read_as_all_are(header: str) -> None:
    one, all_of_them = make_handler(), make_handler()
    one.request.headers["Cookie"] = all_of_them.request.headers["Cookie"] = header
    names = {*all_of_them.cookies, *parse_cookie(header), "a"}
    for name in names:
        morsel = all_of_them.cookies.get(name)
        assert one.get_cookie(name) == (None if morsel is None else morsel.value)
    assert "cookies" not in one.request.__dict__


def test_a_request_whose_cookies_were_changed() -> None:
    handler = make_handler(headers={"Cookie": "a=1; b=2"})
    assert handler.get_cookie("a") == "1"
    handler.request.cookies["a"] = "3"
    del handler.cookies["b"]
    assert handler.get_cookie("a") == "3"
    assert handler.get_cookie("b") is None


def test_no_header_takes_long_to_parse() -> None:
    """What CVE-2024-52804 was about: 64 KiB are what a server takes."""
    size = 64 * 1024
    for header in (
        'a="' + "\\1" * (size // 2) + '"',
        'a="' + "\\" * size + '"',
        'a="' + "\\101" * (size // 4) + '"',
        '"' * size,
        ";" * size,
        "=" * size,
        " " * size + "=",
        "; ".join(f"a{number:x}=" for number in range(size // 8)),
    ):
        handler = make_handler(headers={"Cookie": header})
        start = time.process_time()
        handler.get_cookie("a")
        assert time.process_time() - start < 0.5


def test_an_error_page_sends_the_cookies_too() -> None:
    class Handler(RequestHandler):
        def get(self) -> None:
            self.set_cookie("a", "1")
            self.set_header("X-Other", "1")
            raise HTTPError(400)

    handler = make_handler(Handler)
    handler._run_request((), {})
    headers = handler.request.connection.headers
    assert headers.get_list("Set-Cookie") == ["a=1; Path=/"]
    assert "X-Other" not in headers


def test_names_and_attributes_of_bytes() -> None:
    handler = make_handler()
    handler.clear_cookie(b"a")
    assert handler._new_cookies["a"].startswith('a="";')
    # As text they would say b'/', and what is no Latin-1 would fail only when the head is written.
    for attribute in ({"path": b"/"}, {"path": "/\u20ac"}, {"domain": "\u20ac.example"}):
        with pytest.raises(CookieError, match="Invalid cookie attribute"):
            handler.set_cookie("a", "1", **attribute)
