"""Heads as bytes: nothing breaks out of its line."""

import pytest

from tornadolike.http1 import DefaultHeads, ResponseWriter, encode_head, encode_request_head
from tornadolike.http1.heads import good_names
from tornadolike.httputil import HTTPHeaders, HTTPOutputError


def test_a_head() -> None:
    fields = [("A", "b"), ("Set-Cookie", "c"), ("Set-Cookie", "d"), ("E", ""), ("F", "\tg \xe9")]
    assert encode_head(200, "All right", fields) == (
        b"HTTP/1.1 200 All right\r\nA: b\r\nSet-Cookie: c\r\nSet-Cookie: d\r\nE: \r\nF: \tg \xe9\r\n"
    )
    assert encode_head(999, "", []) == b"HTTP/1.1 999 \r\n"


INJECTIONS = [
    *(f"a{chr(code)}b" for code in (*range(9), *range(10, 32), 127)),
    "a\r\nSet-Cookie: b",
    "a\r\n\r\n<script>",
    "\r\n",
    "\n",
    "\r",
    "a\n b",
    "a\0",
]


def test_nothing_is_smuggled_into_a_value_or_a_reason() -> None:
    for evil in INJECTIONS:
        headers = HTTPHeaders()
        headers["A"] = evil  # as update() and [] do, without a look
        for attempt in (
            lambda evil=evil: encode_head(200, "OK", [("A", evil)]),
            lambda evil=evil: encode_head(200, evil, []),
            lambda headers=headers: ResponseWriter("GET", "HTTP/1.1", True).head(200, "", headers),
            lambda evil=evil: DefaultHeads().get(200, "OK", evil, 1.0),
            lambda evil=evil: DefaultHeads().get(200, evil, "text/plain", 1.0),
        ):
            with pytest.raises(HTTPOutputError, match="control character"):
                attempt()


NO_NAMES = [
    *("", " ", "A ", " A", "A B", "A:", ":", "A: b\r\nB", "A\n", "A\r", "A\0", "A\t"),
    *("(A)", "\xc9", "A/B", '"A"', "A\x7f"),
]


def test_a_name_is_a_token() -> None:
    for name in NO_NAMES * 2:
        with pytest.raises(HTTPOutputError, match="name"):
            encode_head(200, "OK", [(name, "b")])


def test_remembered_names_are_bounded() -> None:
    for number in range(2 * good_names.LIMIT):
        encode_head(200, "OK", [(f"X-{number}", "")])
    assert len(good_names) <= good_names.LIMIT
    good_names.clear()


def test_what_latin_1_cannot_say() -> None:
    for text in (
        "\u0100",
        "\u2028",
        "\ud800",
        "\u560a\u560d",
    ):  # the last become CR LF in one byte each
        for fields, reason in (([("A", text)], "OK"), ([], text)):
            with pytest.raises(HTTPOutputError, match="latin-1"):
                encode_head(200, reason, fields)


def test_a_status_has_three_digits() -> None:
    for status in (-1, 0, 1, 20, 99, 1000, 2000):
        with pytest.raises(HTTPOutputError, match="status"):
            encode_head(status, "OK", [])


# Of requests


def test_a_request_head() -> None:
    assert encode_request_head("GET", "/a?b", [("Host", "a"), ("C", "d")]) == (
        b"GET /a?b HTTP/1.1\r\nHost: a\r\nC: d\r\n"
    )
    assert encode_request_head("CONNECT", "a:1", [], "HTTP/1.0") == b"CONNECT a:1 HTTP/1.0\r\n"


def test_nothing_is_smuggled_into_a_request_line() -> None:
    for evil in ["/ HTTP/1.1\r\nHost: b\r\n\r\n", *(f"/{evil}" for evil in INJECTIONS)]:
        with pytest.raises(HTTPOutputError, match="percent-encoded"):
            encode_request_head("GET", evil, [])
        with pytest.raises(HTTPOutputError, match="method"):
            encode_request_head("GET" + evil, "/", [])


@pytest.mark.parametrize("value", ["s3cret\n", "s3cret…"])
def test_what_is_wrong_is_named_and_not_shown(value: str) -> None:
    """A token that was read from a file with its line break is wrong, and a secret."""
    fields = [("Cookie", "s3cret"), ("Authorization", value)]
    with pytest.raises(HTTPOutputError, match=r"in the value of Authorization$"):
        encode_head(200, "OK", fields)
    with pytest.raises(HTTPOutputError, match=r"in its first line$"):
        encode_head(200, value, [])
