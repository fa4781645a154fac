"""HTTPRequest: Tornado's arguments, defaults and attributes."""

import datetime
import inspect
import ssl
import time

import pytest
import tornado.httpclient

from tornadolike.httpclient import HTTPRequest
from tornadolike.httpclient.requests import tls_options, with_default
from tornadolike.httputil import HTTPHeaders
from tornadolike.tls import ssl_options_to_context

URL = "http://example.com/"


def described(kind):
    """The names of a constructor's parameters, with their defaults."""
    return [(p.name, p.default) for p in inspect.signature(kind).parameters.values()]


def test_it_is_made_as_tornados():
    theirs = tornado.httpclient.HTTPRequest
    assert described(HTTPRequest) == described(theirs)
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
    assert vars(ours).keys() == vars(theirs).keys()


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
