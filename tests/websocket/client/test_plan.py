"""What is asked for, and what is refused before anybody is asked."""

import pytest

from tests.running import on_every_loop
from tests.websocket.client.answering import GOODBYE, answering, ask, switching
from tornadolike.httpclient import HTTPRequest
from tornadolike.httputil import HTTPHeaders
from tornadolike.websocket import websocket_connect


@on_every_loop
async def test_what_is_sent():
    async with answering(switching(behind=GOODBYE)) as (server, url):
        await ask(f"{url}/a?b")
    lines = server.heads[0].split("\r\n")
    key = lines.pop(4)
    assert key.startswith("Sec-Websocket-Key: ")
    assert lines == [
        "GET /a?b HTTP/1.1",
        f"Host: {url.removeprefix('ws://')}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-Websocket-Version: 13",
        "User-Agent: tornadolike",
        "",
        "",
    ]


@on_every_loop
async def test_what_a_program_adds():
    headers = HTTPHeaders({"Host": "other.example", "Cookie": "x=y"})
    headers.add("X-Twice", "1")
    headers.add("X-Twice", "2")
    async with answering(switching(behind=GOODBYE)) as (server, url):
        await ask(
            HTTPRequest(url, headers=headers, user_agent="me"),
            headers={"X-More": "3"},
            cookies={"a": "b"},
            origin="http://page.example",
            subprotocols=["p", "q"],
            compression_options={},
        )
    head = server.heads[0]
    for line in (
        "Host: other.example",
        "X-Twice: 1",
        "X-Twice: 2",
        "X-More: 3",
        "Cookie: x=y; a=b",
    ):
        assert f"\r\n{line}\r\n" in head
    assert server.field("Origin") == "http://page.example"
    assert server.field("User-Agent") == "me"
    assert server.field("Sec-WebSocket-Protocol") == "p, q"
    assert server.field("Sec-WebSocket-Extensions").startswith("permessage-deflate")
    assert sorted(headers.get_all()) == [
        ("Cookie", "x=y"),
        ("Host", "other.example"),
        ("X-Twice", "1"),
        ("X-Twice", "2"),
    ]


@on_every_loop
async def test_who_is_asking():
    async with answering(*[switching(behind=GOODBYE)] * 3) as (server, url):
        await ask(url.replace("//", "//user:p%C3%A4ss@"))
        await ask(HTTPRequest(url, auth_username="user", auth_password="päss"))
        await ask(HTTPRequest(url, headers={"Authorization": "Bearer x"}))
    told = [server.field("Authorization", request) for request in range(3)]
    assert told == ["Basic dXNlcjpww6Rzcw=="] * 2 + ["Bearer x"]


@on_every_loop
async def test_subprotocols_among_the_headers():
    async with answering(switching("Sec-WebSocket-Protocol: q", behind=GOODBYE)) as (server, url):
        request = HTTPRequest(url, headers={"Sec-WebSocket-Protocol": "p,q"})
        async with websocket_connect(request) as connection:
            assert connection.selected_subprotocol == "q"
    assert server.field("Sec-WebSocket-Protocol") == "p, q"


@on_every_loop
async def test_arguments_that_make_no_sense():
    for url, options, why in [
        ("http//x", {}, "ws://"),
        ("ws://x/#y", {}, "fragment"),
        (HTTPRequest("ws://x", "POST", body=""), {}, "GET"),
        (HTTPRequest("ws://x", body="x"), {}, "without a body"),
        (HTTPRequest("ws://x", auth_username="a", auth_mode="digest"), {}, "auth_mode"),
        (HTTPRequest("ws://x", proxy_host="a"), {}, "proxy_port"),
        ("ws://x", {"headers": {"Upgrade": "h2c"}}, "its own Upgrade"),
        ("ws://x", {"headers": {"content-length": "1"}}, "its own Content-Length"),
        ("ws://x", {"headers": {"X": "a\r\nY: b"}}, "header value"),
        ("ws://x", {"headers": {"X:": "a"}}, "header name"),
        ("ws://x", {"headers": {"X": "ł"}}, "header value"),
        ("ws://x", {"headers": {"Host": "a b"}}, "Host"),
        ("ws://x", {"origin": "http://x\r\nY: b"}, "header value"),
        ("ws://x", {"cookies": {"a": "b\r\nc"}}, "cookie"),
        ("ws://x", {"subprotocols": ["a b"]}, "subprotocol"),
        (
            HTTPRequest("ws://x", headers={"Sec-WebSocket-Protocol": "a"}),
            {"subprotocols": ["b"]},
            "twice",
        ),
        ("ws://x", {"proxy": "socks4://x"}, "socks4"),
        ("ws://x", {"compression_options": {"level": 3}}, "level"),
        ("ws://x", {"follow_redirects": -1}, "follow_redirects"),
        ("ws://x", {"connect_timeout": -1}, "connect_timeout"),
        ("ws://x", {"max_message_size": -1}, "max_message_size"),
        ("ws://x", {"ping_interval": -1}, "ping_interval"),
        ("ws://x", {"ping_interval": 1, "ping_timeout": -1}, "ping_timeout"),
        ("ws://x", {"close_timeout": -1}, "close_timeout"),
    ]:
        with pytest.raises(ValueError, match=why):
            websocket_connect(url, **options)
    with pytest.raises(TypeError, match=r"\['chat'\]"):
        websocket_connect("ws://x", subprotocols="chat")
