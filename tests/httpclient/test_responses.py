"""HTTPResponse and HTTPClientError, beside Tornado's."""

import io

import pytest
import tornado.httpclient
import tornado.httputil

from tests.httpclient.test_requests import URL, described, ours_only
from tornadolike import httpclient
from tornadolike.httpclient import HTTPClientError, HTTPError, HTTPRequest, HTTPResponse
from tornadolike.httpclient.requests import RequestWithDefaults
from tornadolike.httputil import HTTPHeaders


def test_they_are_made_as_tornados():
    assert described(HTTPResponse) == described(tornado.httpclient.HTTPResponse)
    assert ours_only(HTTPResponse) == {"history", "trailers", "version"}
    assert described(HTTPError) == described(tornado.httpclient.HTTPError)
    assert HTTPError is HTTPClientError


def both(*args, **kwargs):
    """The same response, ours and Tornado's."""
    modules = httpclient, tornado.httpclient
    return [m.HTTPResponse(m.HTTPRequest(URL), *args, **kwargs) for m in modules]


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((200,), {}),
        ((204,), {"effective_url": "http://example.com/2", "time_info": {"queue": 1.0}}),
        ((304,), {}),
        ((404,), {"reason": "No"}),
        ((799,), {}),
        ((101,), {}),
        ((599,), {"error": OSError("no")}),
        ((200,), {"error": OSError("no"), "request_time": 1.5, "start_time": 3.0}),
    ],
)
def test_a_response_is_as_tornados(args, kwargs):
    ours, theirs = both(*args, **kwargs)
    for name, value in vars(theirs).items():
        if name not in ("request", "headers", "error"):
            assert getattr(ours, name) == value, name
    assert str(ours.error) == str(theirs.error)
    assert repr(ours.error) == repr(theirs.error)
    assert vars(ours).keys() == vars(theirs).keys() | ours_only(HTTPResponse)
    assert without_parts(ours) == without_parts(theirs)


def without_parts(response):
    """What represents a response, but for how its parts are represented."""
    text = repr(response).replace(repr(response.request), "").replace(repr(response.headers), "")
    return text.replace("history=(),", "").replace(",trailers=None,version=None)", ")")


def test_engines_of_others_give_the_request_that_they_got():
    request = HTTPRequest(URL)
    assert HTTPResponse(RequestWithDefaults(request, {}), 200).request is request


def test_raise_for_status():
    for code in (100, 200, 204, 301, 304, 399):
        response = HTTPResponse(HTTPRequest(URL), code)
        assert response.raise_for_status() is response
    for code in (400, 404, 500, 599):
        with pytest.raises(HTTPError) as caught:
            HTTPResponse(HTTPRequest(URL), code).raise_for_status()
        assert caught.value.code == code


def test_the_body():
    response = HTTPResponse(HTTPRequest(URL), 200, buffer=io.BytesIO(b"fine"))
    assert response.body == b"fine"
    assert response.body is response.body
    assert HTTPResponse(HTTPRequest(URL), 200).body == b""


def test_rethrow():
    HTTPResponse(HTTPRequest(URL), 200).rethrow()
    headers = HTTPHeaders({"Location": "/2"})
    response = HTTPResponse(HTTPRequest(URL), 302, headers)
    with pytest.raises(HTTPError, match=r"^HTTP 302: Found$") as caught:
        response.rethrow()
    assert caught.value.response is response
    assert caught.value.response.headers["Location"] == "/2"
    assert caught.value.args == (302, "Found", response)
    with pytest.raises(OSError, match="no"):
        HTTPResponse(HTTPRequest(URL), 599, error=OSError("no")).rethrow()


def test_a_failure_without_a_response():
    error = HTTPError(599)
    assert (error.code, error.message, error.response) == (599, "Unknown", None)
    assert repr(HTTPError(400, "Bad")) == str(HTTPError(400, "Bad")) == "HTTP 400: Bad"


@pytest.mark.parametrize("tail", ["/x@y", ""])
def test_a_password_in_the_url_is_not_shown(tail):
    response = HTTPResponse(HTTPRequest(f"http://user:p@ss@h.example{tail}"), 200)
    assert f"effective_url='http://h.example{tail}'" in repr(response)
    assert "user" not in repr(response)
    assert response.effective_url == f"http://user:p@ss@h.example{tail}"


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 200_000])
def test_json_that_is_nested_without_end(body):
    response = HTTPResponse(HTTPRequest(URL), 200, buffer=io.BytesIO(body))
    with pytest.raises(ValueError, match="nested too deeply"):
        response.json()
