"""What is said to an HTTP proxy, and in which pieces its answer may come. Refusals are in test_tunnels.py."""

import pytest

from tornadolike.httpclient import Proxy, ProxyError
from tornadolike.httpclient.by_connect import connect_conversation

PROXY = Proxy("p", 1)


def after(conversation, pieces):
    """What is behind the answer that comes in these pieces."""
    *pieces, last = pieces
    for piece in pieces:
        assert conversation.send(piece) == b""
    with pytest.raises(StopIteration) as end:
        conversation.send(last)
    return end.value.value


def test_the_request():
    def asked(host, proxy=PROXY):
        return next(connect_conversation(proxy, host, 80))

    assert asked("a.example") == b"CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n"
    assert asked("::1").startswith(b"CONNECT [::1]:80 HTTP/1.1\r\n")
    named = asked("a", Proxy("p", 1, "Aladdin", "open sesame"))
    assert b"\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n" in named


def test_answers_in_pieces():
    answer = b"HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 200 Yes\r\nContent-Length: 5\r\n\r\n"
    for cut in range(1, len(answer)):
        conversation = connect_conversation(PROXY, "a", 80)
        next(conversation)
        assert after(conversation, [answer[:cut], answer[cut:] + b"hello"]) == b"hello"


def test_a_wrong_answer_is_seen_at_once():
    conversation = connect_conversation(PROXY, "a", 80)
    next(conversation)
    with pytest.raises(ProxyError, match="not HTTP"):
        conversation.send(b"S")
