"""The client's side of the opening handshake, on headers."""

import base64

import pytest

from tornadolike.httputil import HTTPHeaders
from tornadolike.websocket.client.handshake import (
    OURS,
    check_accepted,
    check_headers,
    check_subprotocols,
    new_key,
    opening_headers,
)
from tornadolike.websocket.handshake import HandshakeError

# The example of RFC 6455, section 1.3.
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
RIGHT = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
}


def test_keys():
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert {len(base64.b64decode(key, validate=True)) for key in keys} == {16}


def test_what_is_asked():
    least = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
    }
    assert opening_headers(KEY, [], None) == least
    assert opening_headers(KEY, ["a", "b"], "x; y") == least | {
        "Sec-WebSocket-Protocol": "a, b",
        "Sec-WebSocket-Extensions": "x; y",
    }


def test_a_program_leaves_our_headers_alone():
    check_headers(HTTPHeaders({"Origin": "http://x", "Host": "y"}))
    for name in OURS:
        with pytest.raises(ValueError, match=f"its own {name}: leave"):
            check_headers(HTTPHeaders({name.lower(): "x"}))


def test_subprotocols():
    assert check_subprotocols(("a", "b.c")) == ["a", "b.c"]
    with pytest.raises(TypeError, match=r"\['chat'\]"):
        check_subprotocols("chat")
    for names, why in [([""], "name"), (["a b"], "name"), (["a,b"], "name"), (["a", "a"], "once")]:
        with pytest.raises(ValueError, match=why):
            check_subprotocols(names)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"Upgrade": "WebSocket", "Connection": "keep-alive, upgrade"},
        {"Sec-WebSocket-Protocol": "a"},
        {"Sec-WebSocket-Protocol": "b", "Date": "whatever"},
    ],
)
def test_good_answers(said):
    chosen = check_accepted(HTTPHeaders(RIGHT | said), KEY, ["a", "b"])
    assert chosen == said.get("Sec-WebSocket-Protocol")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"Upgrade": None}, "its Upgrade is None"),
        ({"Upgrade": "h2c"}, "its Upgrade is 'h2c'"),
        ({"Upgrade": "websocket, h2c"}, "its Upgrade"),
        ({"Connection": None}, "its Connection is None"),
        ({"Connection": "keep-alive"}, "its Connection"),
        ({"Connection": "upgraded"}, "its Connection"),
        ({"Sec-WebSocket-Accept": None}, "does not answer our key"),
        ({"Sec-WebSocket-Accept": ""}, "does not answer our key"),
        ({"Sec-WebSocket-Accept": "S3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, "does not answer our key"),
        ({"Sec-WebSocket-Accept": RIGHT["Sec-WebSocket-Accept"] + "x"}, "does not answer our key"),
        ({"Sec-WebSocket-Accept": KEY}, "does not answer our key"),
        ({"Sec-WebSocket-Protocol": "c"}, "'c', which was not offered"),
        ({"Sec-WebSocket-Protocol": "A"}, "'A', which was not offered"),
        ({"Sec-WebSocket-Protocol": "a, b"}, "was not offered"),
        ({"Sec-WebSocket-Protocol": ""}, "was not offered"),
    ],
)
def test_wrong_answers(said, why):
    headers = {name: value for name, value in (RIGHT | said).items() if value is not None}
    with pytest.raises(HandshakeError, match=why) as caught:
        check_accepted(HTTPHeaders(headers), KEY, ["a", "b"])
    assert caught.value.status == 101


def test_an_answer_that_comes_twice():
    headers = HTTPHeaders(RIGHT)
    headers.add("Sec-WebSocket-Accept", RIGHT["Sec-WebSocket-Accept"])
    with pytest.raises(HandshakeError, match="key"):
        check_accepted(headers, KEY, [])


def test_a_subprotocol_that_nobody_offered():
    with pytest.raises(HandshakeError, match="not offered"):
        check_accepted(HTTPHeaders(RIGHT | {"Sec-WebSocket-Protocol": "a"}), KEY, [])
