"""Cookies that clients send and keep."""

from http.cookiejar import CookieJar
from http.cookies import SimpleCookie

import pytest

from tests.httpclient.scripted import ScriptedEngine, conversation, converse, ok, to
from tests.running import on_jumping_clock
from tornadolike.httpclient.cookies import cookie_header, jar_for, joined, keep_cookies
from tornadolike.httpclient.jars import BoundedJar
from tornadolike.httputil import HTTPHeaders

URL = "https://example.com/path"


def test_mappings():
    assert cookie_header({}, URL) == ""
    assert cookie_header({"a": "b", "c": "", "d": '"x, y"=\\'}, URL) == 'a=b; c=; d="x, y"=\\'


def test_simple_cookies():
    cookies = SimpleCookie()
    cookies["a"] = "b; c"
    cookies["a"]["path"] = "/elsewhere"
    assert cookie_header(cookies, URL) == 'a="b\\073 c"'


def test_nothing_breaks_out():
    for name, value in [
        ("a b", "c"),
        ("", "c"),
        ("a=", "c"),
        ("a;", "c"),
        ("ä", "c"),
        ("a", "b; c=d"),
        ("a", "b\r\nX: y"),
        ("a", "\t"),
        ("a", " b"),
        ("a", "b "),
        ("a", "ü"),
        ("a", "b\n"),
    ]:
        with pytest.raises(ValueError, match="cookie"):
            cookie_header({name: value}, URL)


def test_a_jar_knows_what_goes_where():
    jar = CookieJar()
    keep_cookies(jar, URL, HTTPHeaders())
    headers = HTTPHeaders()
    headers.add("Set-Cookie", "a=1; Secure; Path=/path")
    headers.add("Set-Cookie", "b=2; Expires=Wed, 09 Jun 2100 10:18:14 GMT; Path=/")
    headers.add("Set-Cookie", "c=3; Domain=elsewhere.example")
    keep_cookies(jar, URL, headers)
    assert cookie_header(jar, URL) == "a=1; b=2"
    assert cookie_header(jar, "http://example.com/path") == "b=2"
    assert cookie_header(jar, "https://example.com/") == "b=2"
    assert cookie_header(jar, "https://elsewhere.example/") == ""


@pytest.mark.parametrize(
    ("age", "kept"),
    [
        *(("; Max-Age", True), ("; max-age=", True), ("; Max-Age=soon; Path=/", True)),
        *((";MAX-AGE = 60", True), ("; Max-Age=0", False), ("; Max-Age=-1", False)),
        ("; Max-Age=" + "9" * 5000, True),
        ("; Max-Age=-" + "9" * 5000, False),
    ],
)
def test_ages_that_are_none_say_nothing(age, kept):
    """Python's jar would lose all the cookies of the response, and warn."""
    jar = CookieJar()
    keep_cookies(jar, URL, HTTPHeaders({"Set-Cookie": f"a=b{age}"}))
    assert cookie_header(jar, URL) == ("a=b" if kept else "")


def test_others_keep_nothing():
    cookies = {"a": "b"}
    keep_cookies(cookies, URL, HTTPHeaders({"Set-Cookie": "c=d"}))
    keep_cookies(None, URL, HTTPHeaders({"Set-Cookie": "c=d"}))
    assert cookies == {"a": "b"}


def test_what_a_client_is_given():
    jar = CookieJar()
    assert jar_for(jar) is jar
    assert jar_for(None) is jar_for(False) is None
    assert isinstance(jar_for(True), CookieJar)
    for wrong in ({"a": "b"}, "jar", 1):
        with pytest.raises(TypeError, match="CookieJar"):
            jar_for(wrong)


def test_what_is_no_cookies():
    with pytest.raises(TypeError, match="a dict of names and values"):
        cookie_header(["a"], URL)
    with pytest.raises(TypeError, match="strs"):
        cookie_header({"a": 1}, URL)


def test_joining():
    assert joined() == ""
    assert joined("", "a=b", "") == "a=b"
    assert joined("a=1; b=2", "b=3; c=4", "c=5; d=6; d=7") == "a=1; b=2; c=4; d=6; d=7"
    assert joined("flag", "flag; a==") == "flag; a=="


@on_jumping_clock
async def test_a_conversation_with_a_jar():
    """What a redirect sets goes along with what is asked behind it; a jar knows where."""
    jar = BoundedJar()
    engine, _, _ = await converse(
        "http://h.example/",
        *(to("/in", 302, ("Set-Cookie", "sid=1")), to("http://else.example/", 302)),
        *(to("http://h.example/", 302, ("Set-Cookie", "own=2")), ok(("Set-Cookie", "sid=3"))),
        jar=jar,
        cookies={"mine": "x"},
    )
    assert engine.sent("Cookie") == ["mine=x", "mine=x; sid=1", None, "sid=1"]
    engine, _, _ = await converse("http://h.example/", ok(), jar=jar, cookies={"sid": "4"})
    assert engine.sent("Cookie") == ["sid=4"]
    assert cookie_header(jar, "http://else.example/") == "own=2"


@on_jumping_clock
async def test_a_client_without_a_jar_keeps_nothing():
    engine, _, _ = await converse("http://h/", to("/in", 302, ("Set-Cookie", "sid=1")), ok())
    assert engine.sent("Cookie") == [None, None]


def test_jars_are_for_clients():
    with pytest.raises(TypeError, match="a CookieJar is for a client"):
        conversation(ScriptedEngine(), "http://h/", cookies=CookieJar())


@pytest.mark.parametrize("url", ["http://localhost/", "http://127.0.0.1:81/", "http://[::1]/x"])
def test_hosts_without_a_domain(url):
    jar = BoundedJar()
    keep_cookies(jar, url, HTTPHeaders({"Set-Cookie": "a=b"}))
    assert cookie_header(jar, url) == "a=b"
    assert cookie_header(jar, "http://h.example/") == ""
