"""What is said to a SOCKS5 proxy, as tables of bytes."""

import pytest

from tests.httpclient.test_by_connect import after
from tornadolike.httpclient import Proxy, ProxyError
from tornadolike.httpclient.by_socks import socks_conversation

PROXY = Proxy("p", 1080, socks=True)
NAMED = Proxy("p", 1080, "Ann", "\u00fc", socks=True)
AT = b"\1\x7f\0\0\1\x12\x34"
"""An address of a proxy's end."""

ASKED = {
    "a.example": b"\5\1\0\3\x09a.example\0\x50",
    "192.0.2.1": b"\5\1\0\1\xc0\0\2\1\0\x50",
    "::1": b"\5\1\0\4" + b"\0" * 15 + b"\1\0\x50",
}


def test_without_a_name():
    for host, request in ASKED.items():
        conversation = socks_conversation(PROXY, host, 80)
        assert next(conversation) == b"\5\1\0"
        assert conversation.send(b"\5\0") == request
        assert after(conversation, [b"\5\0\0" + AT]) == b""


def test_with_a_name():
    conversation = socks_conversation(NAMED, "a.example", 80)
    assert next(conversation) == b"\5\2\0\2"
    assert conversation.send(b"\5\2") == b"\1\3Ann\2\xc3\xbc"
    assert conversation.send(b"\1\0") == ASKED["a.example"]
    assert after(conversation, [b"\5\0\0" + AT]) == b""


def test_with_a_name_that_nobody_wants():
    conversation = socks_conversation(NAMED, "a.example", 80)
    next(conversation)
    assert conversation.send(b"\5\0") == ASKED["a.example"]


def test_answers_in_pieces():
    answers = [b"\5\0\0" + AT, b"\5\0\0\4" + b"x" * 18, b"\5\0\0\3\0ab", b"\5\0\0\3\3abcde"]
    for answer in answers:
        for cut in range(1, len(answer)):
            conversation = socks_conversation(PROXY, "a.example", 80)
            next(conversation)
            assert conversation.send(b"\5") == b""
            assert conversation.send(b"\0") == ASKED["a.example"]
            assert after(conversation, [answer[:cut], answer[cut:] + b"hello"]) == b"hello"


REFUSALS = [
    (PROXY, [b"\5\xff"], 407, "socks5://NAME:PASSWORD@HOST:PORT"),
    (PROXY, [b"\5\2"], 407, "socks5://NAME:PASSWORD@HOST:PORT"),
    (NAMED, [b"\5\xff"], 407, "or what is not known here"),
    (NAMED, [b"\5\2", b"\1\1"], 407, "did not take the user name and the password"),
    (PROXY, [b"\4\0"], 599, "not SOCKS5"),
    (PROXY, [b"HTTP/1.1 400 No"], 599, "not SOCKS5"),
    (PROXY, [b"\5\0", b"\4\0"], 599, "not SOCKS5"),
    (PROXY, [b"\5\0", b"\5\1"], 599, "did not open the way: it has failed"),
    (PROXY, [b"\5\0", b"\5\2"], 403, "its rules do not allow that"),
    (PROXY, [b"\5\0", b"\5\5"], 599, "the host has refused the connection"),
    (PROXY, [b"\5\0", b"\5\x63"], 599, "failure 99"),
    (PROXY, [b"\5\0", b"\5\0\0\2x"], 599, "of the unknown kind 2"),
]


@pytest.mark.parametrize(("proxy", "answers", "code", "text"), REFUSALS)
def test_refusals(proxy, answers, code, text):
    conversation = socks_conversation(proxy, "a.example", 80)
    next(conversation)
    for answer in answers[:-1]:
        conversation.send(answer)
    with pytest.raises(ProxyError) as caught:
        conversation.send(answers[-1])
    assert caught.value.code == code
    assert caught.value.message.startswith("the proxy p:1080 ")
    assert text in caught.value.message


def test_what_cannot_be_said():
    wrong = [
        (PROXY, "a" * 256),
        (PROXY, "a b"),
        (PROXY, ""),
        (PROXY, "a:80"),
        (PROXY, "fe80::1%eth0"),
        (Proxy("p", 1, "a" * 256, socks=True), "a"),
        (Proxy("p", 1, "a", "\u00fc" * 128, socks=True), "a"),
    ]
    for proxy, host in wrong:
        with pytest.raises(ValueError, match="a SOCKS proxy"):
            next(socks_conversation(proxy, host, 80))
