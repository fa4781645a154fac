"""The opening handshake, on headers alone."""

import base64

import pytest

from tornadolike.websocket.handshake import (
    HandshakeError,
    accept_value,
    check_request,
    header_items,
    response_headers,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # of RFC 6455, section 1.3
GOOD = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}


def test_the_answer_of_the_specification():
    assert accept_value(KEY) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert response_headers(KEY) == {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    }
    assert response_headers(KEY, "chat")["Sec-WebSocket-Protocol"] == "chat"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Upgrade": "WebSocket"},
        {"Upgrade": "h2c, websocket"},
        {"Connection": "keep-alive, Upgrade"},
        {"Connection": "keep-alive,upgrade,"},
        {"Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode()},
    ],
)
def test_good(changes):
    headers = {**GOOD, **changes}
    assert check_request(headers) == headers["Sec-WebSocket-Key"]


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"Upgrade": None}, 400, 'Can "Upgrade" only to "WebSocket".'),
        ({"Upgrade": ""}, 400, 'Can "Upgrade" only to "WebSocket".'),
        ({"Upgrade": "websockets"}, 400, 'Can "Upgrade" only to "WebSocket".'),
        ({"Connection": None}, 400, '"Connection" must be "Upgrade".'),
        ({"Connection": "keep-alive"}, 400, '"Connection" must be "Upgrade".'),
        ({"Connection": "no-upgrade"}, 400, '"Connection" must be "Upgrade".'),
        ({"Sec-WebSocket-Version": None}, 426, "Only version 13"),
        ({"Sec-WebSocket-Version": "8"}, 426, "Only version 13"),
        ({"Sec-WebSocket-Version": "013"}, 426, "Only version 13"),
        ({"Sec-WebSocket-Version": "13, 8"}, 426, "Only version 13"),
        ({"Sec-WebSocket-Key": None}, 400, "16 bytes"),
        ({"Sec-WebSocket-Key": ""}, 400, "16 bytes"),
        ({"Sec-WebSocket-Key": "hello"}, 400, "16 bytes"),
        ({"Sec-WebSocket-Key": KEY[:-1]}, 400, "16 bytes"),
        ({"Sec-WebSocket-Key": KEY + ", " + KEY}, 400, "16 bytes"),
        ({"Sec-WebSocket-Key": "*" + KEY}, 400, "16 bytes"),
        ({"Sec-WebSocket-Key": "d\u00fcGhlIHNhbXBsZSBub25jZQ=="}, 400, "16 bytes"),
        ({"Sec-WebSocket-Key": base64.b64encode(bytes(15)).decode()}, 400, "16 bytes"),
        ({"Sec-WebSocket-Key": base64.b64encode(bytes(17)).decode()}, 400, "16 bytes"),
    ],
)
def test_bad(changes, status, message):
    headers = {k: v for k, v in {**GOOD, **changes}.items() if v is not None}
    with pytest.raises(HandshakeError, match=message) as caught:
        check_request(headers)
    assert caught.value.status == status
    if status == 426:
        assert caught.value.headers["Sec-WebSocket-Version"] == "13"


def test_header_items():
    assert header_items("") == []
    assert header_items(" , ,") == []
    assert header_items("a, b ,c") == ["a", "b", "c"]
