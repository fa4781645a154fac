"""From a request to the environ of PEP 3333."""

import pytest

from tornadolike.httputil import HTTPHeaders, HTTPInputError, HTTPServerRequest
from tornadolike.wsgi.environ import make_environ, to_wsgi_str


class Context:
    remote_ip = "192.0.2.7"
    protocol = "http"


class Secure(Context):
    protocol = "https"


class Connection:
    def __init__(self, context):
        self.context = context


def environ_of(uri="/", *fields, method="GET", body=b"", context=Context, script_name=""):
    headers = HTTPHeaders()
    for field in fields:
        headers.parse_line(field)
    request = HTTPServerRequest(
        method, uri, "HTTP/1.1", headers, body, connection=Connection(context())
    )
    return make_environ(request, multithread=True, script_name=script_name)


def test_what_every_request_tells():
    environ = environ_of("/a?b=1&c", "Host: example.com:8080")
    told = {name: value for name, value in environ.items() if not name.startswith("wsgi.")}
    assert told == {
        "HTTP_HOST": "example.com:8080",
        "PATH_INFO": "/a",
        "QUERY_STRING": "b=1&c",
        "REMOTE_ADDR": "192.0.2.7",
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": "/a?b=1&c",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "example.com",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "tornadolike",
    }
    assert type(environ) is dict
    assert environ["wsgi.version"] == (1, 0)
    assert environ["wsgi.url_scheme"] == "http"
    assert (environ["wsgi.multithread"], environ["wsgi.run_once"]) == (True, False)


@pytest.mark.parametrize(
    ("host", "context", "expected"),
    [
        ("example.com", Context, ("example.com", "80", None)),
        ("example.com:", Context, ("example.com", "80", None)),
        ("example.com", Secure, ("example.com", "443", "on")),
        ("example.com:1", Secure, ("example.com", "1", "on")),
        ("[::1]:8080", Context, ("[::1]", "8080", None)),
        ("[::1]", Context, ("[::1]", "80", None)),
    ],
)
def test_the_server_is_the_one_that_was_asked(host, context, expected):
    environ = environ_of("/", f"Host: {host}", context=context)
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"], environ.get("HTTPS")) == expected


def test_without_a_host_there_is_a_server_name_still():
    environ = environ_of()
    assert "HTTP_HOST" not in environ
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("127.0.0.1", "80")


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("/a%20b+c", "/a b+c"),
        ("/caf%C3%A9", "/cafÃ©"),  # bytes of UTF-8, each a character
        ("/caf\xc3\xa9", "/cafÃ©"),  # the same from a client that did not encode them
        ("/a%2Fb", "/a/b"),
        ("/%", "/%"),
        ("/%zz%4", "/%zz%4"),
        ("/a%00%0d%0ab", "/a\0\r\nb"),
        ("/a//b/../c", "/a//b/../c"),
        # An application that redirects to its own path must not send anybody to the host evil.
        ("//evil/x", "/evil/x"),
        ("/%2Fevil/x", "/evil/x"),
        ("*", "/"),
    ],
)
def test_paths(uri, path):
    assert environ_of(uri)["PATH_INFO"] == path
    assert environ_of(uri)["REQUEST_URI"] == uri


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("/shop", ("/shop", "")),
        ("/shop/", ("/shop", "/")),
        ("/sh%6fp/a?b", ("/shop", "/a")),
        ("/shopping", 404),
        ("/", 404),
    ],
)
def test_an_application_below_a_path(uri, expected):
    if expected == 404:
        with pytest.raises(HTTPInputError, match="not below /shop") as caught:
            environ_of(uri, script_name="/shop")
        assert caught.value.status == 404
    else:
        environ = environ_of(uri, script_name="/shop")
        assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == expected


def test_a_connect_is_nothing_for_an_application():
    with pytest.raises(HTTPInputError) as caught:
        environ_of("example.com:443", method="CONNECT")
    assert caught.value.status == 501


def test_headers():
    environ = environ_of(
        "/",
        "X-Thing: a",
        "X-Thing: b",
        "Cookie: a=1",
        "Cookie: b=2",
        "X_Thing: spoof",
        "X-Forwarded_For: spoof",
        "Proxy: http://evil",
        "Content-Type: text/x",
        "Transfer-Encoding: chunked",
        "X-Bytes: \xc3\xa9",
        body=b"12345",
    )
    assert {name: value for name, value in environ.items() if name.startswith(("HTTP_", "C"))} == {
        "HTTP_X_THING": "a,b",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_X_BYTES": "\xc3\xa9",
        "CONTENT_TYPE": "text/x",
        "CONTENT_LENGTH": "5",  # also of a body that came in chunks
    }


@pytest.mark.parametrize(
    ("fields", "body", "length"),
    [
        ((), b"", None),
        (("Content-Length: 0",), b"", "0"),
        (("Transfer-Encoding: chunked",), b"", "0"),
        (("Content-Length: 3", "Content-Encoding: gzip"), b"unpacked", "8"),
    ],
)
def test_the_length_is_that_of_the_body(fields, body, length):
    assert environ_of("/", *fields, body=body).get("CONTENT_LENGTH") == length


def test_the_input_has_all_methods():
    stream = environ_of("/", body=b"one\ntwo\nthree\nfour")["wsgi.input"]
    assert (stream.read(2), stream.readline(), stream.readline(2)) == (b"on", b"e\n", b"tw")
    assert stream.readlines(1) == [b"o\n"]
    assert list(stream) == [b"three\n", b"four"]
    assert (stream.read(), stream.read(5), stream.readline()) == (b"", b"", b"")


def test_bytes_as_text():
    assert to_wsgi_str(bytes(range(256))).encode("latin1") == bytes(range(256))
