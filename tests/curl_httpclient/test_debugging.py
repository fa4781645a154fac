"""What goes into the log."""

import logging

import pytest

from tests.curl_httpclient.helpers import Server, body_of, engine, hop
from tests.running import on_every_loop
from tornadolike.curl_httpclient import debugging


@pytest.mark.parametrize(
    ("kind", "data", "logged"),
    [
        (0, b"Connected to x\n", ["* Connected to x"]),
        (1, b"Set-Cookie: a=secret\r\n", ["< Set-Cookie: ..."]),
        (
            2,
            b"GET / HTTP/1.1\r\nAuthorization: Basic secret\r\nX: y\r\n",
            ["> GET / HTTP/1.1", "> Authorization: ...", "> X: y"],
        ),
        (2, b"proxy-authorization: secret\r\ncookie: secret", 2 * ["..."]),
        (0, b"[HTTP/2] [1] [authorization: secret]", ["* [HTTP/2] [1] [authorization: ..."]),
        (3, b"secret", ["< 6 bytes"]),
        (4, b"secret", ["> 6 bytes"]),
        (5, b"of TLS", []),
    ],
)
def test_each_kind(caplog, kind, data, logged):
    with caplog.at_level(logging.DEBUG, debugging.curl_log.name):
        debugging.tell(kind, data)
    assert len(caplog.messages) == len(logged)
    assert all(text in message for text, message in zip(logged, caplog.messages, strict=True))
    assert "secret" not in caplog.text


@on_every_loop
async def test_only_where_it_is_wanted(caplog):
    async with Server().running() as where, engine() as client:
        assert await body_of(await client.send(hop(where))) == b"ok"
        assert not caplog.messages
        with caplog.at_level(logging.DEBUG, debugging.curl_log.name):
            await body_of(await client.send(hop(where, headers={"Cookie": "secret"})))
    assert "> GET / HTTP/1.1" in caplog.messages
    assert "< HTTP/1.1 200 OK" in caplog.messages
    assert "> Cookie: ..." in caplog.messages
    assert "secret" not in caplog.text
