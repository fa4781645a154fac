"""Redirects: where they lead, what goes with them, and what does not."""

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.httpclient.scripted import ScriptedAnswer, converse, ok, to
from tests.running import on_jumping_clock
from tornadolike.httpclient.addresses import parse_url
from tornadolike.httpclient.engine import Hop, Way
from tornadolike.httpclient.failures import BadRedirectError, TooManyRedirectsError
from tornadolike.httpclient.redirects import redirected_hop, redirected_method
from tornadolike.httpclient.responses import HTTPClientError, HTTPResponse
from tornadolike.httputil import HTTPHeaders

HOME = "http://home.example/dir/page?q"

# What each status makes of each method. Browsers and RFC 9110 section 15.4 agree on these.
METHODS = {
    301: {"GET": "GET", "HEAD": "HEAD", "POST": "GET", "PUT": "PUT", "DELETE": "DELETE"},
    302: {"GET": "GET", "HEAD": "HEAD", "POST": "GET", "PUT": "PUT", "DELETE": "DELETE"},
    303: {"GET": "GET", "HEAD": "HEAD", "POST": "GET", "PUT": "GET", "DELETE": "GET"},
    307: {"GET": "GET", "HEAD": "HEAD", "POST": "POST", "PUT": "PUT", "DELETE": "DELETE"},
    308: {"GET": "GET", "HEAD": "HEAD", "POST": "POST", "PUT": "PUT", "DELETE": "DELETE"},
}


def hop(url=HOME, method="GET", **more):
    address = parse_url(url)
    headers = HTTPHeaders(more.pop("headers", {}))
    headers.setdefault("Host", address.authority)
    return Hop(method, address, headers, **more)


@pytest.mark.parametrize("status", METHODS)
def test_methods(status):
    for method, following in METHODS[status].items():
        assert redirected_method(method, status) == following


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("http://home.example/x", "http://home.example/x"),
        ("/x", "http://home.example/x"),
        ("x", "http://home.example/dir/x"),
        ("?x", "http://home.example/dir/page?x"),
        ("../x/./y", "http://home.example/x/y"),
        ("//else.example:81/", "http://else.example:81/"),
        ("#there", "http://home.example/dir/page?q"),
        ("", "http://home.example/dir/page?q"),
        (" /x \t", "http://home.example/x"),
        ("/a b", "http://home.example/a%20b"),
        ("/\u00c3\u00a9", "http://home.example/%C3%A9"),  # é in UTF-8, as headers come
        ("/\u00e9", "http://home.example/%E9"),  # in Latin-1
        ("/\u00e9\u20ac", "http://home.example/%C3%A9%E2%82%AC"),  # decoded already, by curl
        ("/%zz?%", "http://home.example/%zz?%"),
        ("http://u:p@home.example/", "http://home.example/"),
    ],
)
def test_where_they_lead(location, url):
    following = redirected_hop(hop(), 302, location).address
    assert following.url == url
    assert following.username is None


@pytest.mark.parametrize(
    "location",
    [
        *("ftp://home.example/", "file:///etc/passwd", "javascript:alert(1)", "mailto:x@y"),
        *("http://", "//", "///x", "http:///x", "http:x", "https:/x", "http://%/"),
        *("http://home.example:port/", "http://[::1/", "/\x7f", "/\\else.example"),
        *("http://good.example\\@evil.example/", "http://a b c<d/", "http://%61/"),
    ],
)
def test_where_they_cannot_lead(location):
    with pytest.raises(ValueError, match=r"URL|url"):
        redirected_hop(hop(), 302, location)


def test_the_body_goes_along_or_all_that_told_of_it_goes():
    headers = {
        "Content-Type": "text/plain",
        "Content-Length": "4",
        "Content-Encoding": "br",
        "Transfer-Encoding": "chunked",
        "Expect": "100-continue",
        "Digest": "x",
        "Accept": "text/html",
        "If-None-Match": '"x"',
    }
    post = hop(method="POST", headers=headers, body=b"body", expects_continue=True)
    same = redirected_hop(post, 307, "/x")
    assert (same.method, same.body, same.expects_continue) == ("POST", b"body", True)
    assert same.headers == post.headers
    other = redirected_hop(post, 303, "/x")
    assert (other.method, other.body, other.expects_continue) == ("GET", None, False)
    assert dict(other.headers) == {
        "Accept": "text/html",
        "If-None-Match": '"x"',
        "Host": "home.example",
    }
    assert "Content-Type" in post.headers  # they are its own


def test_who_may_repeat():
    post = hop(method="POST", body=b"")
    assert not redirected_hop(post, 307, "/").repeatable
    assert redirected_hop(post, 307, "/", idempotent=True).repeatable
    assert redirected_hop(post, 303, "/").repeatable
    assert not redirected_hop(post, 303, "/", idempotent=False).repeatable


def test_producers():
    async def produce(write):
        await write(b"x")

    post = hop(method="POST", producer=produce)
    assert redirected_hop(post, 308, "/").producer is produce
    produce.repeatable = False
    with pytest.raises(ValueError, match="body"):
        redirected_hop(post, 308, "/")
    assert redirected_hop(post, 303, "/").producer is None


SECRETS = {
    "Authorization": "Basic x",
    "Cookie": "a=b",
    "Proxy-Authorization": "Basic y",
    "Host": "virtual.example",
}


@pytest.mark.parametrize(
    ("location", "same"),
    [
        ("/elsewhere", True),
        ("http://HOME.example:80/", True),
        ("http://home.example:81/", False),
        ("https://home.example/", False),
        ("http://www.home.example/", False),
        ("http://home.example./", False),
        ("http://home.example@evil.example/", False),
    ],
)
def test_credentials_never_cross_origins(location, same):
    before = hop(headers={**SECRETS, "X": "y"}, way=Way(ssl_options={"certfile": "mine"}))
    following = redirected_hop(before, 302, location)
    if same:
        assert following.headers == before.headers
        assert following.way is before.way
    else:
        assert dict(following.headers) == {"X": "y", "Host": following.address.authority}
        assert following.way.ssl_options is None


@given(
    st.sampled_from(["http", "https"]),
    st.sampled_from(["home.example", "evil.example", "HOME.EXAMPLE", "[::1]"]),
    st.sampled_from(["", ":80", ":443", ":8080"]),
    st.sampled_from(sorted(METHODS)),
)
def test_nothing_is_carried_over(scheme, host, port, status):
    before = hop("https://home.example/", "PUT", headers=SECRETS, body=b"")
    following = redirected_hop(before, status, f"{scheme}://{host}{port}/")
    is_home = following.address.origin == ("https", "home.example", 443)
    for name, value in SECRETS.items():
        assert (following.headers.get(name) == value) == is_home


def test_unix_sockets_have_one_server():
    before = hop(way=Way(unix_socket="/socket"))
    assert redirected_hop(before, 302, "/x").way == before.way
    with pytest.raises(ValueError, match="Unix socket"):
        redirected_hop(before, 302, "http://else.example/")


def test_contexts_without_our_certificate(certs):
    context = certs.client_context(certs.client)
    before = hop(way=Way(ssl_options=context))
    other = redirected_hop(before, 302, "https://else.example/").way.ssl_options
    assert isinstance(other, ssl.SSLContext)
    assert other is not context


# Whole conversations


@on_jumping_clock
async def test_a_way_of_three():
    engine, talk, answer = await converse(
        HOME + "#top", to("/one"), to("http://two.example/#here", 301), to("/three", 307), ok()
    )
    assert answer.status == 200
    assert engine.urls == [
        *("http://home.example/dir/page?q", "http://home.example/one"),
        *("http://two.example/", "http://two.example/three"),
    ]
    assert engine.sent("Host") == ["home.example"] * 2 + ["two.example"] * 2
    assert talk.effective_url == "http://two.example/three#here"
    assert [(past.code, past.effective_url) for past in talk.history] == [
        (302, HOME + "#top"),
        (301, "http://home.example/one#top"),
        (307, "http://two.example/#here"),
    ]


@on_jumping_clock
async def test_what_is_given_as_it_is():
    for answer in [
        ScriptedAnswer(302),
        ScriptedAnswer(300, ("Location", "/x")),
        ScriptedAnswer(304, ("Location", "/x")),
        ScriptedAnswer(305, ("Location", "/x")),
        ScriptedAnswer(200, ("Location", "/x")),
    ]:
        _, talk, given = await converse(HOME, answer)
        assert given is answer
        assert talk.effective_url == HOME
    _, _, given = await converse(HOME, to("/x"), follow_redirects=False)
    assert given.status == 302


def completed(talk, answer):
    response = HTTPResponse(talk._plan.request, answer.status, answer.headers)
    talk.complete(response)
    return response


@on_jumping_clock
async def test_too_many():
    loop = [to("/a"), to("/b")]
    _, talk, answer = await converse(HOME, *loop, to("/last"), max_redirects=2)
    response = completed(talk, answer)
    assert (response.code, response.headers["Location"]) == (302, "/last")
    assert isinstance(response.error, TooManyRedirectsError)
    assert response.error.response is response
    assert response.error.code == 302
    assert "more than 2 redirects" in str(response.error)
    assert [past.headers["Location"] for past in response.history] == ["/a", "/b"]
    _, talk, answer = await converse(HOME, to("/a"), max_redirects=0)
    assert (
        type(completed(talk, answer).error) is HTTPClientError
    )  # as in Tornado: they are not followed


@on_jumping_clock
async def test_redirects_to_nowhere():
    _, talk, answer = await converse(HOME, to("ftp://home.example/"))
    response = completed(talk, answer)
    assert isinstance(response.error, BadRedirectError)
    assert isinstance(response.error, ValueError)  # which programs for Tornado expect
    assert (response.error.code, response.error.response) == (302, response)
    assert "Unsupported url scheme: 'ftp'" in str(response.error)
    assert response.history == []


@on_jumping_clock
async def test_two_locations():
    """Somebody may have smuggled in the second; nobody can tell which one is meant."""
    _, talk, answer = await converse(HOME, to("/a", 302, ("Location", "/b")))
    assert "several places" in str(completed(talk, answer).error)
    engine, _, _ = await converse(HOME, to("/a", 302, ("Location", "/a")), ok())
    assert engine.urls[1] == "http://home.example/a"


@on_jumping_clock
async def test_credentials_do_not_come_back():
    engine, _, _ = await converse(
        "http://user:secret@home.example/",
        *(to("/again"), to("http://evil.example/"), to("http://home.example/pay"), ok()),
        headers={"Cookie": "by=hand"},
        cookies={"own": "cookie"},
    )
    authorization = "Basic dXNlcjpzZWNyZXQ="
    assert engine.sent("Authorization") == [authorization] * 2 + [None] * 2
    assert engine.sent("Cookie") == ["own=cookie; by=hand"] * 2 + [None] * 2


@on_jumping_clock
async def test_proxies_of_the_environment(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "near.example")
    monkeypatch.delenv("REQUEST_METHOD", raising=False)
    script = [to("http://near.example/"), to("http://far.example/"), ok()]
    engine, _, _ = await converse(HOME, *script, trust_env=True)
    assert [hop.way.proxy is None for hop in engine.hops] == [False, True, False]
    script = [to("http://near.example/"), ok()]
    engine, _, _ = await converse(HOME, *script, trust_env=True, proxy="http://mine.example:1")
    assert [hop.way.proxy.host for hop in engine.hops] == ["mine.example"] * 2


@on_jumping_clock
async def test_bodies_of_redirects_are_taken():
    """What has come of them: then the connection may be kept."""
    redirect = ScriptedAnswer(302, ("Location", "/x"), body=b"Over there!")
    await converse(HOME, redirect, ok())
    assert redirect.pieces == []
