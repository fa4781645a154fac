"""Plans: what a request and its client's defaults come to, and what is refused."""

import ssl
from dataclasses import fields
from pathlib import Path

import pytest

from tornadolike.httpclient import HTTPRequest, Proxy
from tornadolike.httpclient.engine import Timeouts, Way
from tornadolike.httpclient.plan import (
    _ASKED_FOR,
    ACCEPT_ENCODING,
    MAX_BUFFER_SIZE,
    Plan,
    Usual,
    plan_for,
)
from tornadolike.httputil import HTTPHeaders

URL = "http://example.com/a?b#c"


def plan(method="GET", defaults=None, url=URL, streamed=False, **options):
    defaults = {**HTTPRequest._DEFAULTS, **(defaults or {})}
    return plan_for(HTTPRequest(url, method, **options), defaults, streamed=streamed)


async def produce(write):
    """A body."""


def test_a_plain_request():
    hop = plan().first_hop()
    assert (hop.method, hop.address.url) == ("GET", "http://example.com/a?b")
    assert dict(hop.headers) == {
        "Host": "example.com",
        "User-Agent": "tornadolike",
        "Accept-Encoding": ACCEPT_ENCODING,
    }
    assert (hop.body, hop.producer, hop.expects_continue, hop.repeatable) == (
        *(None, None, False),
        True,
    )
    assert hop.way == Way()
    assert hop.timeouts == Timeouts(20.0)
    assert hop.max_body_size == MAX_BUFFER_SIZE
    made = plan()
    assert (made.request_timeout, made.follow_redirects, made.max_redirects) == (20.0, True, 5)


def test_headers_of_the_author_stay():
    headers = {"Host": "a", "User-Agent": "b", "Accept-Encoding": "c", "Content-Type": "d"}
    request = HTTPRequest(URL, "POST", headers, "body")
    made = plan_for(request, HTTPRequest._DEFAULTS)
    assert dict(made.headers) == headers | {"Content-Length": "4"}
    assert dict(request.headers) == headers
    assert plan(headers=headers, user_agent="e").headers["User-Agent"] == "e"
    as_bytes = HTTPHeaders()
    as_bytes["X-Mine"] = b"1"  # as Tornado takes them
    assert plan(headers=as_bytes).headers["X-Mine"] == "1"
    assert "Accept-Encoding" not in plan(decompress_response=False).headers


@pytest.mark.parametrize(
    ("options", "length", "kind"),
    [
        ({"method": "POST", "body": "fünf"}, "5", "application/x-www-form-urlencoded"),
        ({"method": "PUT", "body": b""}, "0", None),
        ({"method": "POST", "json": 1}, "1", "application/json"),
        ({"method": "PUT", "body_producer": produce}, None, None),
        (
            {"method": "PUT", "body_producer": produce, "headers": {"content-length": "9"}},
            "9",
            None,
        ),
        ({"method": "PATCH", "allow_nonstandard_methods": True}, "0", None),
        ({"method": "DELETE"}, None, None),
        ({"method": "DELETE", "body": "x", "allow_nonstandard_methods": True}, "1", None),
    ],
)
def test_framing(options, length, kind):
    headers = plan(**options).headers
    assert (headers.get("Content-Length"), headers.get("Content-Type")) == (length, kind)


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
def test_no_body(method):
    for body in ({"body": ""}, {"body_producer": produce}):
        with pytest.raises(ValueError, match=f"Body must be None for method {method} "):
            plan(method, **body)
        assert plan(method, **body, allow_nonstandard_methods=True).method == method


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_body_is_needed(method):
    with pytest.raises(ValueError, match=f"Body must not be None for method {method} "):
        plan(method)


def test_methods():
    with pytest.raises(KeyError, match="unknown method get"):
        plan("get")
    assert plan("BREW", defaults={"allow_nonstandard_methods": True}).method == "BREW"
    repeatable = [m for m in ("GET", "PUT", "POST", "PATCH") if plan(m, **body_for(m)).repeatable]
    assert repeatable == ["GET", "PUT"]
    assert plan("POST", body="", idempotent=True).repeatable
    assert plan("POST", body="", defaults={"idempotent": True}).repeatable
    assert not plan("GET", idempotent=False).repeatable


def body_for(method):
    return {} if method == "GET" else {"body": ""}


def test_expect():
    expecting = plan("POST", body="x", expect_100_continue=True)
    assert expecting.headers["Expect"] == "100-continue"
    assert expecting.first_hop().expects_continue
    # RFC 9110 section 10.1.1: not where there is no body.
    assert "Expect" not in plan(expect_100_continue=True).headers
    assert plan("POST", body="x", defaults={"expect_100_continue": True}).expects_continue


def test_what_is_wrong():
    for kind, match, options in (
        (ValueError, "one body", {"method": "POST", "body": "", "body_producer": produce}),
        (ValueError, "request_timeout cannot be negative", {"request_timeout": -1}),
        (TypeError, "stall_timeout is a number", {"stall_timeout": "1"}),
        (TypeError, "max_redirects is a whole number", {"max_redirects": 1.5}),
        (TypeError, "max_body_size is a whole number", {"max_body_size": "1"}),
        (ValueError, "max_body_size cannot be negative", {"max_body_size": -1}),
        (ValueError, "both proxy_host and proxy_port", {"proxy_host": "p"}),
        (TypeError, "a proxy is a Proxy or the URL", {"proxy": 5}),
        (ValueError, "socks4", {"proxy": "socks4://p"}),
        (ValueError, "scheme", {"url": "ftp://example.com/"}),
    ):
        with pytest.raises(kind, match=match):
            plan(**options)


def test_times():
    made = plan(
        connect_timeout=0, tls_timeout=2, defaults={"first_byte_timeout": 3, "stall_timeout": 4.5}
    )
    assert made.timeouts == Timeouts(0.0, 2, 3, 4.5)
    assert plan(request_timeout=0).request_timeout == 0


def test_how_large_a_body_may_be():
    def size(**options):
        return plan(**options).max_body_size

    assert size(max_body_size=5) == size(defaults={"max_body_size": 5}) == 5
    assert size(max_body_size=1 << 40) == 1 << 40  # who says so has the memory
    assert size(defaults={"max_body_size": 1 << 40}) == MAX_BUFFER_SIZE
    for streamed in ({"streaming_callback": print}, {"streamed": True}):
        assert size(**streamed) is None
        assert size(**streamed, max_body_size=5) == 5
        assert size(**streamed, defaults={"max_body_size": 5}) == 5


def test_the_way(certs):
    assert plan().way is plan().way  # it is the same for most
    proxy = Proxy("p", 1, "me", "secret")
    named = {"proxy_host": "p", "proxy_port": 1, "proxy_username": "me", "proxy_password": "secret"}
    for way in (
        plan(proxy=proxy).way,
        plan(proxy="http://me:secret@p:1").way,
        plan(**named).way,
        plan(defaults=named).way,
        plan(defaults={"proxy": proxy}).way,
    ):
        assert way == Way(proxy)
    assert plan(unix_socket=Path("/run/x")).way == Way(unix_socket="/run/x")
    assert plan(allow_ipv6=False, network_interface="127.0.0.2").way == Way(
        allow_ipv6=False, source_ip="127.0.0.2"
    )
    assert plan(defaults={"allow_ipv6": False}).way == Way(allow_ipv6=False)
    unverified = Way(ssl_options={"cert_reqs": ssl.CERT_NONE})
    assert plan(validate_cert=False).way == unverified
    assert plan(defaults={"validate_cert": False}).way == unverified
    assert plan(defaults={"validate_cert": False}, validate_cert=True).way == Way()
    assert plan(defaults={"ca_certs": certs.ca}).way == Way(ssl_options={"ca_certs": certs.ca})
    context = certs.client_context()
    assert plan(ssl_options=context).way.ssl_options is context


def test_the_environment_is_asked_when_that_is_wanted(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://p:1")
    assert plan().way.proxy is None
    assert plan(trust_env=True).way.proxy == Proxy("p", 1)
    assert plan(defaults={"trust_env": True}).way.proxy == Proxy("p", 1)
    assert plan(trust_env=True, proxy="http://q:2").way.proxy == Proxy("q", 2)
    assert plan(trust_env=True, unix_socket="/x").way.proxy is None


def test_options_by_their_names():
    made = plan(auth_mode="digest", defaults={"auth_mode": "basic", "trace": 1})
    assert (made.option("auth_mode"), made.option("trace"), made.option("auth")) == (
        *("digest", 1),
        None,
    )


def test_default_headers_are_none_of_the_requests():
    defaults = {"headers": {"X-A": "1", "x-b": "1"}}
    made = plan(defaults=defaults, headers={"X-B": "2"})
    assert (made.headers["X-A"], made.headers["X-B"]) == ("1", "2")
    assert made.request.headers == {"X-B": "2"}


def usual_plans():
    """A client's plans: of the same settings as long as its requests say nothing."""
    usual = Usual()

    def make(defaults, url=URL, max_buffer_size=MAX_BUFFER_SIZE, streamed=False, **options):
        request = HTTPRequest(url, **options)
        kept = {"max_buffer_size": max_buffer_size, "streamed": streamed}
        made = plan_for(request, defaults, usual=usual, **kept)
        alone = plan_for(request, defaults, **kept)
        assert made.first_hop() == alone.first_hop()
        for each in fields(Plan):
            if each.name != "option":
                assert getattr(made, each.name) == getattr(alone, each.name)
        for option in vars(request):
            if option[0] != "_":
                assert made.option(option) == alone.option(option) or option in _ASKED_FOR
        return made

    return make


def test_plans_of_one_client_are_those_that_each_request_would_have_alone():
    make = usual_plans()
    defaults = dict(HTTPRequest._DEFAULTS)
    first = make(defaults)
    assert first.is_plain
    assert make(defaults).timeouts is first.timeouts
    assert make(defaults, connect_timeout=1).timeouts.connect == 1
    assert make(defaults).timeouts is first.timeouts
    assert not make(defaults, url="http://user@example.com/").is_plain
    assert make(defaults, streamed=True).max_body_size is None
    assert make(defaults, max_buffer_size=5).max_body_size == 5
    for option, value in {
        "auth": ("a", "b"),
        "cookies": {},
        "auth_username": "x",
        "retries": object(),
        "trace": object(),
    }.items():
        assert not make(defaults, **{option: value}).is_plain
        assert not make({**defaults, option: value}).is_plain


def test_defaults_that_change_count_at_once():
    make = usual_plans()
    defaults = dict(HTTPRequest._DEFAULTS)
    make(defaults)
    defaults.update(first_byte_timeout=3.0, max_body_size=7, allow_ipv6=False, max_redirects=2)
    made = make(defaults)
    assert (made.timeouts.first_byte, made.max_body_size, made.max_redirects) == (3.0, 7, 2)
    assert not made.way.allow_ipv6
    defaults["max_redirects"] = "5"
    for _ in range(2):
        with pytest.raises(TypeError, match="max_redirects"):
            plan_for(HTTPRequest(URL), defaults, usual=Usual())


def test_secrets_are_not_shown():
    """Neither by a plan nor by a hop: tracebacks and logs may have them."""
    made = plan(
        "POST",
        url="http://user:s3cret@h.example/",
        headers={"Authorization": "Bearer s3cret"},
        body="s3cret",
        cookies={"a": "s3cret"},
        auth_password="s3cret",
        proxy="http://user:s3cret@proxy.example",
    )
    for shown in (repr(made), repr(made.first_hop()), repr(made.way), str(made.way.proxy)):
        assert "s3cret" not in shown
