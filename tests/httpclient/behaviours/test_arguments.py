"""What makes no sense is refused before anything is sent: no argument brings in a second request, or a field."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.httpclient.behaviours.engines import Engine
from tests.httpclient.behaviours.scripted import Scripted, answering, ok

Play = Callable[..., Scripted]

INJECTED = "a\r\nX-Injected: b"
SMUGGLED = "a HTTP/1.1\r\nHost: x\r\n\r\nGET /smuggled"

REFUSED: dict[str, dict[str, Any]] = {
    "a line in a field": {"headers": {"A": INJECTED}},
    "a line feed in a field": {"headers": {"A": "a\nX-Injected: b"}},
    "a carriage return in a field": {"headers": {"A": "a\rX-Injected: b"}},
    "a NUL in a field": {"headers": {"A": "a\0"}},
    "a line in a name": {"headers": {"A\r\nX-Injected": "b"}},
    "a colon in a name": {"headers": {"A:b": "c"}},
    "an empty name": {"headers": {"": "b"}},
    "a line in the agent": {"user_agent": INJECTED},
    "a line in the host": {"headers": {"Host": INJECTED}},
    "two hosts": {"headers": {"Host": "a, b"}},
    "a path in the host": {"headers": {"Host": "a/b@c"}},
    "a path that ends early": {"unix_socket": "/tmp/x\0.sock"},
    "a host of a proxy that is none": {"proxy_host": "a\r\nX-Injected: b", "proxy_port": 1},
    "a line in a cookie": {"cookies": {"a": INJECTED}},
    "a line in the name of a cookie": {"cookies": {INJECTED: "a"}},
    "a cookie in a cookie": {"cookies": {"a": "b; c=d"}},
    "no body": {"method": "POST"},
    "a body where none is": {"body": b"hello"},
    "two bodies": {"method": "POST", "body": b"hello", "json": {}},
}


@pytest.mark.parametrize("name", REFUSED)
def test_arguments(engine: Engine, play: Play, name: str) -> None:
    server = play(answering(ok()))
    with pytest.raises((ValueError, KeyError)):
        engine.outcome(server.url, **REFUSED[name])
    assert server.heard == []


@pytest.mark.parametrize("method", [SMUGGLED, "GET /", "", "GÉT", "CONNECT"], ids=ascii)
def test_methods_that_are_none(engine: Engine, play: Play, method: str) -> None:
    server = play(answering(ok()))
    with pytest.raises(ValueError, match="method"):
        engine.outcome(server.url, method=method, allow_nonstandard_methods=True)
    assert server.heard == []


@pytest.mark.parametrize(
    "fields",
    [{"Content-Length": "3"}, {"Content-Length": "5", "Transfer-Encoding": "chunked"}],
    ids=["another length", "length and chunks"],
)
def test_a_body_has_one_length(engine: Engine, play: Play, fields: dict[str, str]) -> None:
    """Its own: whatever else is said of it is put right, or refused."""
    server = play(answering(ok()))
    try:
        assert (
            engine.outcome(server.url, method="POST", body=b"hello", headers=fields) == "200 hello"
        )
    except ValueError:
        assert server.heard == []
    else:
        head, _, body = server.heard[0].partition(b"\r\n\r\n")
        assert head.lower().count(b"content-length: 5") == 1
        assert head.lower().count(b"content-length") == 1
        assert b"transfer-encoding" not in head.lower()
        assert body == b"hello"


@pytest.mark.parametrize(
    "path",
    ["/a b", "/a\r\nX-Injected: b", "/a\nb", "/a\tb", "/\0", "/\\a", "/ HTTP/1.1\r\n\r\nGET /b"],
    ids=ascii,
)
def test_paths(engine: Engine, play: Play, path: str) -> None:
    server = play(answering(ok()))
    with pytest.raises(ValueError, match="URL"):
        engine.outcome(server.url + path)
    assert server.heard == []


@pytest.mark.parametrize(
    "url",
    ["", "/a", "127.0.0.1", "//127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd", "http://"],
)
def test_urls(engine: Engine, url: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)url"):
        engine.outcome(url)


def test_unknown_methods(engine: Engine, play: Play) -> None:
    """As in Tornado they are a KeyError, unless they are allowed."""
    server = play(answering(ok()))
    with pytest.raises(KeyError):
        engine.outcome(server.url, method="PURGE")
    assert server.heard == []
    assert engine.outcome(server.url, method="PURGE", allow_nonstandard_methods=True) == "200 hello"
    assert server.heard[0].startswith(b"PURGE / HTTP/1.1\r\n")
