"""Sec-WebSocket-Extensions: its grammar, offers, answers; and what others answer to the same offers."""

import pytest
from websockets.datastructures import Headers
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.server import ServerProtocol

from tornadolike.websocket.compression.deflate import CompressionOptions, DeflateParameters
from tornadolike.websocket.compression.extensions import (
    accept_offer,
    check_answer,
    make_offer,
    parse_extensions,
)
from tornadolike.websocket.handshake import HandshakeError

USUAL = CompressionOptions()
WIDEST = CompressionOptions(server_max_window_bits=15, client_max_window_bits=15)

HEADERS = {
    "a": [("a", [])],
    "a, b": [("a", []), ("b", [])],
    " a\t,\tb ": [("a", []), ("b", [])],
    ",, a ,,": [("a", [])],
    "a; b": [("a", [("b", None)])],
    "a;b;c=1": [("a", [("b", None), ("c", "1")])],
    "a ; b = 1 , a": [("a", [("b", "1")]), ("a", [])],
    'a; b="1"; c="x\\-y"': [("a", [("b", "1"), ("c", "x-y")])],
    "a; b; b=2": [("a", [("b", None), ("b", "2")])],
    "!#$%&'*+-.^_`|~9": [("!#$%&'*+-.^_`|~9", [])],
}


@pytest.mark.parametrize("header", HEADERS)
def test_parsing(header):
    assert parse_extensions(header) == HEADERS[header]


def test_malformed():
    for header in (
        *("", " ", ",", ";", "a;", "a; ", "a;;b", "a b", "a; b c", "a; b=", "a; b=, c", "a; =1"),
        *(
            "a/b",
            "a; b/c",
            'a; b="',
            'a; b=""',
            'a; b="x y"',
            'a; b="x,y"',
            'a; b="x"y',
            'a; b="\\',
        ),
        *(
            '"a"',
            'a; "b"',
            "a; b='x y'",
            "\xe4",
            "a; b=\xe4",
            "a\n",
            "a; b=1\r\nc: d",
            'a; b="1\n"',
        ),
    ):
        with pytest.raises(ValueError, match="malformed"):
            parse_extensions(header)


def test_parsing_takes_linear_time():
    for header in (
        "a" * 60000 + "/",
        "a; " * 20000,
        'a; b="' + "\\a" * 30000,
        "a," + " " * 60000 + "/",
    ):
        with pytest.raises(ValueError, match="malformed"):
            parse_extensions(header)


PMD = "permessage-deflate"
OFFERS = {
    # offer: (what we answer as usual, and with the widest windows); "" declines
    PMD: ("server_max_window_bits=12", "+"),
    "x-webkit-deflate-frame": ("", ""),
    f"{PMD}; client_max_window_bits": (
        "server_max_window_bits=12; client_max_window_bits=12",
        "+",
    ),
    f"{PMD}; client_max_window_bits=15": (
        "server_max_window_bits=12; client_max_window_bits=12",
        "+",
    ),
    f"{PMD}; client_max_window_bits=9": (
        "server_max_window_bits=12; client_max_window_bits=9",
        "client_max_window_bits=9",
    ),
    f"{PMD}; client_max_window_bits=8": (
        "server_max_window_bits=12; client_max_window_bits=8",
        "client_max_window_bits=8",
    ),
    f"{PMD}; server_max_window_bits=15": (
        "server_max_window_bits=12",
        "server_max_window_bits=15",
    ),
    f"{PMD}; server_max_window_bits=9": ("server_max_window_bits=9", "server_max_window_bits=9"),
    f"{PMD}; server_max_window_bits=8": ("server_max_window_bits=8", "server_max_window_bits=8"),
    f'{PMD}; server_max_window_bits="10"': (
        "server_max_window_bits=10",
        "server_max_window_bits=10",
    ),
    f"{PMD}; server_no_context_takeover": (
        "server_no_context_takeover; server_max_window_bits=12",
        "server_no_context_takeover",
    ),
    f"{PMD}; client_no_context_takeover": (
        "client_no_context_takeover; server_max_window_bits=12",
        "client_no_context_takeover",
    ),
    f"{PMD}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; "
    "client_max_window_bits=11": (
        "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; "
        "client_max_window_bits=11",
    )
    * 2,
    # The second of several
    f"foo; bar=1, {PMD}": ("server_max_window_bits=12", "+"),
    f"{PMD}; foo, {PMD}; server_max_window_bits=10": ("server_max_window_bits=10",) * 2,
    f"{PMD}; server_max_window_bits=10, {PMD}": ("server_max_window_bits=10",) * 2,
    # What cannot be
    f"{PMD}; foo": ("", ""),
    f"{PMD}; foo=1": ("", ""),
    f"{PMD}; server_max_window_bits": ("", ""),
    f"{PMD}; server_max_window_bits=7": ("", ""),
    f"{PMD}; server_max_window_bits=16": ("", ""),
    f"{PMD}; server_max_window_bits=08": ("", ""),
    f"{PMD}; server_max_window_bits=1e1": ("", ""),
    f"{PMD}; client_max_window_bits=7": ("", ""),
    f"{PMD}; client_max_window_bits=16": ("", ""),
    f"{PMD}; client_max_window_bits=+9": ("", ""),
    f"{PMD}; server_no_context_takeover=1": ("", ""),
    f"{PMD}; client_no_context_takeover=true": ("", ""),
    f"{PMD}; server_no_context_takeover; server_no_context_takeover": ("", ""),
    f"{PMD}; server_max_window_bits=10; server_max_window_bits=10": ("", ""),
    f"{PMD}; client_max_window_bits; client_max_window_bits=10": ("", ""),
    "Permessage-Deflate": ("", ""),
}


def whole(answer: str) -> str:
    if not answer:
        return ""
    return PMD if answer == "+" else f"{PMD}; {answer}"


@pytest.mark.parametrize("offer", OFFERS)
def test_our_answer(offer):
    for options, answer in zip((USUAL, WIDEST), OFFERS[offer], strict=True):
        agreed, header = accept_offer(offer, options)
        assert header == whole(answer)
        assert (agreed is None) == (not header)
        if agreed is not None:
            said = dict(parse_extensions(header)[0][1])
            assert agreed == DeflateParameters(
                "server_no_context_takeover" in said,
                "client_no_context_takeover" in said,
                int(said.get("server_max_window_bits", 15)),
                int(said.get("client_max_window_bits", 15)),
            )


def test_a_server_that_wants_no_takeover():
    options = CompressionOptions(server_no_context_takeover=True, client_no_context_takeover=True)
    agreed, header = accept_offer(PMD, options)
    assert agreed == DeflateParameters(True, True, 12, 15)
    assert header == (
        f"{PMD}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12"
    )


def test_our_offer():
    assert make_offer(USUAL) == f"{PMD}; server_max_window_bits=12; client_max_window_bits=12"
    assert make_offer(WIDEST) == f"{PMD}; client_max_window_bits"
    everything = CompressionOptions(
        server_no_context_takeover=True,
        client_no_context_takeover=True,
        server_max_window_bits=9,
        client_max_window_bits=15,
    )
    assert make_offer(everything) == (
        f"{PMD}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; "
        "client_max_window_bits"
    )
    for options in (USUAL, WIDEST, everything):
        agreed, answer = accept_offer(make_offer(options), options)
        assert check_answer(answer, options) == agreed


ANSWERS = {
    # answer: what it agrees on
    PMD: DeflateParameters(client_max_window_bits=12),
    f"{PMD}; server_max_window_bits=10": DeflateParameters(False, False, 10, 12),
    f"{PMD}; server_max_window_bits=8; client_max_window_bits=8": DeflateParameters(
        False, False, 8, 8
    ),
    f"{PMD}; client_max_window_bits=12": DeflateParameters(False, False, 15, 12),
    f"{PMD}; client_max_window_bits=15": DeflateParameters(
        False, False, 15, 12
    ),  # no more than we use
    f'{PMD}; client_max_window_bits="9"': DeflateParameters(False, False, 15, 9),
    f"{PMD}; server_no_context_takeover; client_no_context_takeover": DeflateParameters(
        True, True, 15, 12
    ),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_good_answers(answer):
    assert check_answer(answer, USUAL) == ANSWERS[answer]


def test_no_answer():
    assert check_answer(None, USUAL) is None
    assert check_answer("", USUAL) is None
    assert check_answer(None, None) is None


def test_what_we_have_announced_we_do():
    options = CompressionOptions(client_no_context_takeover=True)
    agreed = check_answer(PMD, options)
    assert agreed is not None
    assert agreed.client_no_context_takeover


def test_bad_answers():
    for answer in (
        *("foo", f"{PMD}, foo", f"foo, {PMD}", f"{PMD}, {PMD}", "Permessage-Deflate"),
        *(f"{PMD}; foo", f"{PMD};", f"{PMD}; client_max_window_bits", "a b"),
        f"{PMD}; server_max_window_bits=13",
        *(f"{PMD}; server_max_window_bits=7", f"{PMD}; server_max_window_bits"),
        f"{PMD}; server_no_context_takeover=1",
        f"{PMD}; client_no_context_takeover; client_no_context_takeover",
    ):
        with pytest.raises(HandshakeError, match="The server answers with"):
            check_answer(answer, USUAL)
    with pytest.raises(HandshakeError, match="no extension was offered"):
        check_answer(PMD, None)


@pytest.mark.parametrize("offer", OFFERS)
def test_websockets_answers_the_same(offer):
    """With the same limits; but a window of 8 bits it declines, and we send what is not compressed."""
    limits = ServerPerMessageDeflateFactory(server_max_window_bits=12, client_max_window_bits=12)
    headers = Headers({"Sec-WebSocket-Extensions": offer})
    theirs = ServerProtocol(extensions=[limits]).process_extensions(headers)[0]
    if "server_max_window_bits=8" in offer:
        assert theirs is None
    else:
        assert accept_offer(offer, USUAL)[1] == (theirs or "")
