"""HTTPRequest: Tornado's arguments, defaults and attributes."""

import datetime
import inspect
import ssl
import time

import pytest
import tornado.httpclient

from tornadolike.httpclient import HTTPRequest
from tornadolike.httpclient.requests import RequestWithDefaults, tls_options, with_default
from tornadolike.httputil import HTTPHeaders
from tornadolike.tls import ssl_options_to_context

URL = "http://example.com/"


def described(kind):
    """The names of a constructor's parameters, with their defaults; but for ours, which have names only."""
    parameters = inspect.signature(kind).parameters.values()
    return [(p.name, p.default) for p in parameters if p.kind is not p.KEYWORD_ONLY]


def ours_only(kind):
    """The names of the others, whose default is None or empty."""
    parameters = inspect.signature(kind).parameters.values()
    assert all(not p.default for p in parameters if p.kind is p.KEYWORD_ONLY)
    return {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}


MADE_OF_OTHERS = {"params", "json", "form", "files"}
"""Of our arguments those that are no attributes: the URL and the body are made of them."""


def test_it_is_made_as_tornados():
    theirs = tornado.httpclient.HTTPRequest
    assert described(HTTPRequest) == described(theirs)
    assert not ours_only(theirs)
    assert theirs._DEFAULTS == HTTPRequest._DEFAULTS


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"body": "fünf", "method": "POST", "headers": {"content-type": "text/plain"}},
        {"use_gzip": False},
        {"use_gzip": True, "decompress_response": False},
        {"if_modified_since": 1_000_000_000, "user_agent": "x", "validate_cert": False},
        {"if_modified_since": datetime.datetime(2001, 9, 9, tzinfo=datetime.UTC)},
        {"body_producer": print, "expect_100_continue": True, "proxy_host": "p", "proxy_port": 1},
    ],
)
def test_its_attributes_are_tornados(arguments):
    ours, theirs = HTTPRequest(URL, **arguments), tornado.httpclient.HTTPRequest(URL, **arguments)
    assert abs(ours.start_time - time.time()) < 10
    for name, value in vars(theirs).items():
        if name == "_headers":
            assert dict(ours.headers) == dict(HTTPHeaders(value))
        elif name != "start_time":
            assert getattr(ours, name) == value, name
    more = ours_only(HTTPRequest) - MADE_OF_OTHERS
    assert vars(ours).keys() == vars(theirs).keys() | more
    assert all(getattr(ours, name) is None for name in more)


@pytest.mark.parametrize(
    ("arguments", "attributes"),
    [
        ({"params": {"a": "1 2"}}, {"url": URL + "?a=1+2"}),
        ({"params": [("a", "1"), ("a", "2")]}, {"url": URL + "?a=1&a=2"}),
        ({"params": {"a": [1, "2"], "b": 3.5}}, {"url": URL + "?a=1&a=2&b=3.5"}),
        ({"params": {}}, {"url": URL}),
        ({"json": {"a": [1, None]}}, {"body": b'{"a":[1,null]}'}),
        ({"json": []}, {"body": b"[]"}),
        ({"form": {"a": "1 2"}}, {"body": b"a=1+2"}),
        ({"idempotent": True, "stall_timeout": 3}, {"idempotent": True, "stall_timeout": 3}),
    ],
)
def test_what_is_ours(arguments, attributes):
    request = HTTPRequest(URL, "POST", **arguments)
    assert {name: getattr(request, name) for name in attributes} == attributes


def test_a_body_has_its_type():
    types = [
        HTTPRequest(URL, "POST", **arguments).headers.get("Content-Type")
        for arguments in (
            {"json": 1},
            {"form": {}},
            {"json": 1, "headers": {"content-type": "application/ld+json"}},
            {"body": b""},
        )
    ]
    assert types == [
        *("application/json", "application/x-www-form-urlencoded"),
        *("application/ld+json", None),
    ]
    for other in ("body", "body_producer", "form"):
        with pytest.raises(ValueError, match="body"):
            HTTPRequest(URL, "POST", json=1, **{other: b""})


def test_with_its_clients_defaults():
    request = HTTPRequest(URL, user_agent="mine", connect_timeout=0)
    both = RequestWithDefaults(request, {"user_agent": "us", "connect_timeout": 5, "ca_certs": "x"})
    assert (both.user_agent, both.connect_timeout, both.ca_certs) == ("mine", 0, "x")
    assert (both.url, both.request, both.proxy) == (URL, request, None)
    assert RequestWithDefaults(request, None).ca_certs is None
    with pytest.raises(AttributeError, match="nothing"):
        _ = both.nothing
    theirs = tornado.httpclient._RequestProxy(tornado.httpclient.HTTPRequest(URL), {"ca_certs": 1})
    assert vars(both).keys() == vars(theirs).keys()


def test_headers():
    shared = HTTPHeaders({"X-Mine": "1"})
    request = HTTPRequest(URL, headers=shared)
    assert request.headers is shared
    dated = HTTPRequest(URL, headers=shared, if_modified_since=1_000_000_000)
    assert dated.headers["If-Modified-Since"] == "Sun, 09 Sep 2001 01:46:40 GMT"
    assert "If-Modified-Since" not in shared
    assert HTTPRequest(URL, headers={"x-mine": "1"}).headers.get_list("X-Mine") == ["1"]
    request.headers = None
    assert request.headers == HTTPHeaders()
    as_bytes = HTTPRequest(URL, headers={"X-Mine": b"1"})  # as Tornado takes them
    assert as_bytes.headers == HTTPHeaders({"X-Mine": "1"})


def test_what_cannot_be_a_body():
    with pytest.raises(TypeError, match="int"):
        HTTPRequest(URL, body=5)


def test_defaults():
    request = HTTPRequest(URL, connect_timeout=0, ca_certs="x")
    options = ("connect_timeout", "request_timeout", "ca_certs", "proxy_host")
    assert [with_default(request, option) for option in options] == [0, 20.0, "x", None]


def test_tls_options(certs):
    assert tls_options(HTTPRequest(URL)) == {}
    plain = HTTPRequest(URL, ca_certs=certs.ca, client_cert=certs.client, client_key=certs.client)
    assert tls_options(plain) == {
        "ca_certs": certs.ca,
        "certfile": certs.client,
        "keyfile": certs.client,
    }
    assert ssl_options_to_context(tls_options(plain), False).verify_mode == ssl.CERT_REQUIRED
    unverified = ssl_options_to_context(tls_options(HTTPRequest(URL, validate_cert=False)), False)
    assert unverified.verify_mode == ssl.CERT_NONE
    context = certs.client_context()
    both = HTTPRequest(URL, ssl_options=context, validate_cert=False)
    assert tls_options(both) is context
