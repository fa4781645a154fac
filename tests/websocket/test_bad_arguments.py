"""Arguments, settings and overridden methods that make no sense: told early, in words that help."""

import contextlib
import math
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.websocket.connection.test_delivering import Bench, in_loop
from tests.websocket.test_handler import Peer
from tornadolike.web import Application
from tornadolike.websocket import SlowReaders, WebSocketHandler, broadcast, websocket_connect

URL = "wss://127.0.0.1:9/"

OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"connect_timeout": "5"}, "connect_timeout is a number, not '5'"),
    ({"connect_timeout": math.nan}, "connect_timeout cannot be negative: nan"),
    ({"callback": "x"}, "callback is a function, or None, not 'x'"),
    ({"on_message_callback": 5}, "on_message_callback is a function, or None, not 5"),
    ({"ping_interval": "20"}, "ping_interval is a number, not '20'"),
    ({"ping_timeout": math.nan}, "ping_timeout cannot be negative: nan"),
    ({"max_message_size": None}, "max_message_size is a number, not None"),
    ({"max_message_size": "1"}, "max_message_size is a number, not '1'"),
    ({"subprotocols": 5}, r"subprotocols are a list of names: \[5\]"),
    ({"subprotocols": [1]}, "the name of a subprotocol is a str, not 1"),
    ({"resolver": 5}, "resolver is a Resolver, not 5"),
    ({"headers": 5}, "headers are a dict of names and values"),
    ({"headers": "x: y"}, "headers are a dict of names and values"),
    ({"headers": {1: "x"}}, "headers are a dict of names and values"),
    ({"headers": {"X": 1}}, "the header X is a str, not int"),
    ({"headers": {"X": b"secret"}}, "the header X is a str, not bytes"),
    ({"cookies": "a=b"}, "cookies are a dict of names and values, or a CookieJar, not str"),
    ({"cookies": {"a": 1}}, "the name and the value of a cookie are strs, not int: 'a'"),
    ({"origin": 5}, "the header Origin is a str, not int"),
    ({"ssl_options": True}, "ssl_options is a dict or an ssl.SSLContext, not True"),
    ({"proxy": 5}, "proxy is the URL of a proxy or a Proxy, not 5"),
    ({"unix_socket": 5}, "unix_socket is a path, not 5"),
    ({"follow_redirects": 1.5}, "follow_redirects is a whole number, not 1.5"),
    ({"follow_redirects": -1}, "follow_redirects cannot be negative: -1"),
    ({"close_timeout": None}, "close_timeout is a number, not None"),
]


@pytest.mark.parametrize(("options", "text"), OPTIONS)
def test_what_connects_to_nothing_is_told_at_once(io_loop, options, text):
    async def connect():
        websocket_connect(URL, **options)

    with pytest.raises((TypeError, ValueError), match=text):
        io_loop.run_until_complete(connect())


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("websocket_close_timeout", "5", TypeError),
        ("websocket_close_timeout", -1, ValueError),
        ("websocket_close_timeout", True, TypeError),
        ("websocket_ping_interval", math.nan, ValueError),
        ("websocket_ping_timeout", -0.5, ValueError),
        ("websocket_max_message_size", -1, ValueError),
    ],
)
def test_a_setting_is_looked_at_when_the_application_is_made(name, value, error):
    with pytest.raises(error, match=f"the setting {name} "):
        Application(**{name: value})


class Echo(WebSocketHandler):
    def on_message(self, message):
        self.write_message(message)


def test_a_setting_that_is_none_is_none(serve):
    settings = {"websocket_max_message_size": None, "websocket_close_timeout": None}
    with Peer(serve(Application([("/", Echo)], **settings))) as peer:
        assert peer.status == 101


@contextlib.contextmanager
def failing(expect_log: Any, text: str) -> Iterator[None]:
    """The handler fails with this text, and the client is told 500."""
    with (
        expect_log("tornadolike.access", "^500"),
        expect_log("tornadolike.application", "Uncaught exception") as logged,
    ):
        yield
    assert text in str(logged.matched[0].exc_info[1])


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("ping_interval", "20", "ping_interval is a number, not '20'"),
        ("ping_timeout", -1, "ping_timeout cannot be negative: -1"),
        ("max_message_size", "10", "max_message_size is a number, not '10'"),
        ("close_timeout", None, "close_timeout is a number, not None"),
    ],
)
def test_what_a_handler_says_itself_is_looked_at_before_the_handshake(
    serve, expect_log, name, value, text
):
    handler = type("Odd", (Echo,), {name: value})
    with failing(expect_log, text), Peer(serve(Application([("/", handler)]))) as peer:
        assert peer.status == 500


@pytest.mark.parametrize("site", [None, "cross-site"])
def test_a_coroutine_function_lets_no_other_origin_in(serve, expect_log, site):
    class Trusting(Echo):
        async def check_origin(self, origin):  # type: ignore[override]
            return False

    server = serve(Application([("/", Trusting)]))
    with (
        failing(expect_log, "check_origin() is no coroutine function"),
        Peer(server, Origin="https://evil.example", Sec_Fetch_Site=site) as peer,
    ):
        assert peer.status == 500


def test_on_close_is_no_coroutine_function(serve, expect_log):
    class Slow(Echo):
        async def on_close(self):  # type: ignore[override]
            raise AssertionError

    server = serve(Application([("/", Slow)]))
    with (
        expect_log("tornadolike.application", "Uncaught exception", count=1) as logged,
        Peer(server) as peer,
    ):
        peer.sock.shutdown(socket.SHUT_WR)
        assert peer.sock.recv(1) == b""
    assert "on_close() is no coroutine function" in str(logged.matched[0].exc_info[1])


class TestCalls:
    @in_loop
    async def test_pings_and_closing(self):
        connection = Bench().connection
        for data in (5, None, [1], bytearray(b"x")):
            with pytest.raises(TypeError, match="the data of a ping are str or bytes, not"):
                connection.write_ping(data)  # type: ignore[arg-type]
        for code in ("1000", 1000.0, 3000.5, True):
            with pytest.raises(TypeError, match="a close code is an int, not"):
                connection.close(code)  # type: ignore[arg-type]
        for reason in (5, b"x"):
            with pytest.raises(TypeError, match="a close reason is a str, not"):
                connection.close(1000, reason)  # type: ignore[arg-type]
        assert not connection.is_closing()
        connection._transport.lose()  # type: ignore[union-attr]

    @in_loop
    async def test_broadcasts(self):
        bench = Bench()
        for options, text in (
            ({"slow": "skip"}, "slow is one of SlowReaders, not 'skip'"),
            ({"limit": "x"}, "limit is a number, not 'x'"),
            ({"slow": SlowReaders.SKIP, "high_water": None}, "high_water is a number, not None"),
        ):
            with pytest.raises(TypeError, match=text):
                broadcast([bench.connection], "x", **options)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="limit cannot be negative: -1"):
            broadcast([bench.connection], "x", limit=-1)
        assert not bench.transport.written
        assert not bench.connection.is_closing()
        bench.transport.lose()
