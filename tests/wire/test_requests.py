"""Transcripts of the request side: what is sent, what comes back, and what becomes of the connection.

Each is played in one piece, in its own pieces and byte by byte, to an application that answers at once or
later, by a function or in a conversation; what comes back must be the same to the byte.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.wire.client import PLAIN_AND_TLS, error, expect, expect_end, get, ok, read_all
from tests.wire.site import SHAPES

IDLE = "stays open"
CLOSED = "closes"


@dataclass
class Transcript:
    name: str
    pieces: list[bytes]
    answers: list[bytes]
    then: str = IDLE
    options: dict[str, Any] = field(default_factory=dict)
    ways: tuple[str, ...] = ("in one piece", "in its pieces", "byte by byte")


T = Transcript

KEEP_ALIVE = [
    T("one request", [get("/a")], [ok("GET /a")]),
    T("a query", [get("/a?b=c&d")], [ok("GET /a?b=c&d")]),
    T("no answer to HEAD has a body", [get(method="HEAD")], [ok("", length=6)]),
    T("any method", [get("/x", method="BREW")], [ok("BREW /x")]),
    T(
        "pipelined",
        [get("/1") + get("/2", "X-Y: z"), get("/3")],
        [ok("GET /1"), ok("GET /2"), ok("GET /3")],
    ),
    T(
        "pipelined bodies",
        [
            get("/1", "Content-Length: 3", method="POST") + b"abc" + get("/2"),
            get("/3", "Transfer-Encoding: chunked", method="PUT") + b"1\r\nx\r\n0\r\n\r\n",
            get("/4"),
        ],
        [ok("POST /1 [abc]"), ok("GET /2"), ok("PUT /3 [x]"), ok("GET /4")],
    ),
    T(
        "the last is told to be",
        [get("/", "Connection: close")],
        [ok("GET /", "Connection: close")],
        CLOSED,
    ),
    T(
        "what is behind the last is not served",
        [get("/1", "Connection: close") + get("/2")],
        [ok("GET /1", "Connection: close")],
        CLOSED,
        # Sent later than the answer, it would be a fault of the client that may cost it the answer.
        ways=("in one piece",),
    ),
    T(
        "close among other options",
        [get("/", "Connection: foo, Close")],
        [ok("GET /", "Connection: close")],
        CLOSED,
    ),
    T(
        "close outweighs keep-alive",
        [get("/", "Connection: keep-alive, close")],
        [ok("GET /", "Connection: close")],
        CLOSED,
    ),
    T(
        "options in several lines",
        [get("/", "Connection: keep-alive", "Connection: foo", "Connection: close")],
        [ok("GET /", "Connection: close")],
        CLOSED,
    ),
    T("an option that is part of a word", [get("/", "Connection: closed, xclose")], [ok("GET /")]),
    T(
        "Keep-Alive and Proxy-Connection say nothing",
        [get("/", "Keep-Alive: timeout=0", "Proxy-Connection: close")],
        [ok("GET /")],
    ),
    T(
        "nor for HTTP/1.0",
        [get("/", "Keep-Alive: 300", "Proxy-Connection: keep-alive", version="1.0")],
        [ok("GET /", "Connection: close")],
        CLOSED,
    ),
    T(
        "an upgrade that nobody wants",
        [get("/", "Connection: Upgrade", "Upgrade: h2c")],
        [ok("GET /")],
    ),
    T("HTTP/1.0 closes", [get(version="1.0")], [ok("GET /", "Connection: close")], CLOSED),
    T(
        "HTTP/1.0 without a Host",
        [b"GET / HTTP/1.0\r\n\r\n"],
        [ok("GET /", "Connection: close")],
        CLOSED,
    ),
    T(
        "HTTP/1.0 may ask to stay",
        [get("/1", "Connection: keep-alive", version="1.0"), get("/2")],
        [ok("GET /1", "Connection: Keep-Alive"), ok("GET /2")],
    ),
    T(
        "HTTP/1.0 pipelined",
        [get("/1", "Connection: keep-alive", version="1.0") + get("/2", version="1.0")],
        [ok("GET /1", "Connection: Keep-Alive"), ok("GET /2", "Connection: close")],
        CLOSED,
    ),
    T(
        "HTTP/1.0 may send bodies and stay",
        [
            get("/", "Connection: Keep-Alive", "Content-Length: 2", method="POST", version="1.0"),
            b"hi",
        ],
        [ok("POST / [hi]", "Connection: Keep-Alive")],
    ),
    T(
        "HEAD of HTTP/1.0",
        [get("/", "Connection: keep-alive", method="HEAD", version="1.0")],
        [ok("", "Connection: Keep-Alive", length=6)],
    ),
    T(
        "HTTP/1.0 that contradicts itself closes",
        [get("/", "Connection: close, keep-alive", version="1.0")],
        [ok("GET /", "Connection: close")],
        CLOSED,
    ),
    T("a later minor version is served", [get(version="1.9")], [ok("GET /")]),
    T(
        "a server without keep-alive",
        [get("/1")],
        [ok("GET /1", "Connection: close")],
        CLOSED,
        {"no_keep_alive": True},
    ),
    T(
        "empty lines before a request",
        [b"\r\n\r\n" + get("/1") + b"\r\n" + get("/2")],
        [ok("GET /1"), ok("GET /2")],
    ),
]

TARGETS = [
    T("in absolute form", [get("http://y/a?b")], [ok("GET /a?b")]),
    T("in absolute form without a path", [get("http://y")], [ok("GET /")]),
    T("the whole server", [get("*", method="OPTIONS")], [ok("OPTIONS *")]),
    T("the whole server, by GET", [get("*")], [error(400)], CLOSED),
    T(
        "CONNECT that is granted: no more HTTP",
        [get("y:1", method="CONNECT") + get("/poison")],
        [ok("", length=0).replace(b"Content-Length: 0\r\n", b"")],
        CLOSED,
        ways=("in one piece",),
    ),
    T("CONNECT without a port", [get("y", method="CONNECT")], [error(400)], CLOSED),
]

BODIES = [
    T(
        "by length",
        [get("/", "Content-Length: 5", method="POST"), b"he", b"llo"],
        [ok("POST / [hello]")],
    ),
    T("of no length", [get("/", "Content-Length: 0", method="POST")], [ok("POST /")]),
    T(
        "in chunks",
        [
            get("/", "Transfer-Encoding: chunked", method="POST"),
            b"5\r\nhello\r\n",
            b"00006; a=b\r\n world\r\n0\r\n",
            b"\r\n",
        ],
        [ok("POST / [hello world]")],
    ),
    T(
        "in chunks with trailers",
        [
            get("/", "Transfer-Encoding: Chunked", method="POST")
            + b"1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n"
        ],
        [ok("POST / [a]")],
    ),
    T(
        "trailers that would say where it ends",
        [
            get("/", "Transfer-Encoding: chunked", method="POST"),
            b"1\r\na\r\n0\r\nContent-Length: 1\r\n\r\n",
        ],
        [error(400)],
        CLOSED,
    ),
    T(
        "in chunks, of HTTP/1.0",
        [get("/", "Transfer-Encoding: chunked", method="POST", version="1.0"), b"0\r\n\r\n"],
        [error(400)],
        CLOSED,
    ),
    T(
        "of no chunks",
        [get("/", "Transfer-Encoding: chunked", method="POST") + b"0\r\n\r\n"],
        [ok("POST /")],
    ),
    T("of a GET", [get("/", "Content-Length: 1") + b"z"], [ok("GET / [z]")]),
]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

EXPECTATIONS = [
    T(
        "no invitation for a body that is not there",
        [get("/", "Expect: 100-continue")],
        [ok("GET /")],
    ),
    T(
        "none to HTTP/1.0",
        [
            get("/", "Expect: 100-continue", "Content-Length: 2", method="POST", version="1.0"),
            b"hi",
        ],
        [ok("POST / [hi]", "Connection: close")],
        CLOSED,
    ),
    T(
        "two of them",
        [get("/", "Expect: 100-continue, 100-continue", "Content-Length: 1", method="PUT"), b"1"],
        [error(417)],
        CLOSED,
    ),
    T("an unknown one", [get("/", "Expect: 200-maybe")], [error(417)], CLOSED),
    T(
        "an unknown one with a body",
        [get("/", "Expect: tea", "Content-Length: 5", method="PUT"), b"12345"],
        [error(417)],
        CLOSED,
    ),
]

BAD = error(400)
LIMITS = {
    "max_target_size": 100,
    "max_header_size": 400,
    "max_header_count": 5,
    "max_body_size": 50,
}

REFUSED = [
    T("no HTTP", [b"hello there\r\n\r\n"], [BAD], CLOSED),
    T("TLS", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40)], [BAD], CLOSED),
    T("HTTP/2", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], [error(505)], CLOSED),
    T("no version", [b"GET /\r\n\r\n"], [BAD], CLOSED),
    T("no host", [b"GET / HTTP/1.1\r\n\r\n"], [BAD], CLOSED),
    T("two hosts", [get("/", "Host: y")], [BAD], CLOSED),
    T("bare line feeds", [b"GET / HTTP/1.1\nHost: x\n\n"], [BAD], CLOSED),
    T("a bare carriage return", [get("/", "X: a\rb")], [BAD], CLOSED),
    T("a folded line", [get("/", "X: a", " b")], [BAD], CLOSED),
    T("a space before a colon", [get("/", "X : a")], [BAD], CLOSED),
    T("a NUL", [get("/", "X: \0")], [BAD], CLOSED),
    T("two lengths", [get("/", "Content-Length: 1", "Content-Length: 1") + b"a"], [BAD], CLOSED),
    T(
        "length and chunks",
        [get("/", "Content-Length: 1", "Transfer-Encoding: chunked") + b"0\r\n\r\n"],
        [BAD],
        CLOSED,
    ),
    T("an unknown coding", [get("/", "Transfer-Encoding: gzip, chunked")], [error(501)], CLOSED),
    T(
        "a coding that is not the last",
        [get("/", "Transfer-Encoding: chunked, gzip")],
        [BAD],
        CLOSED,
    ),
    T(
        "a chunk that is no chunk",
        [get("/", "Transfer-Encoding: chunked", method="POST"), b"hello\r\n"],
        [BAD],
        CLOSED,
    ),
    T(
        "a chunk that is too long",
        [get("/", "Transfer-Encoding: chunked", method="POST"), b"1\r\nab\r\n"],
        [BAD],
        CLOSED,
    ),
    T("a long target", [get("/" + "x" * 100)], [error(414)], CLOSED, LIMITS),
    T(
        "long headers",
        [get("/", "X: " + "x" * 400)],
        [error(431)],
        CLOSED,
        LIMITS,
    ),
    T(
        "many headers",
        [get("/", *["X: y"] * 5)],
        [error(431)],
        CLOSED,
        LIMITS,
    ),
    T(
        "a large body by length",
        [get("/", "Content-Length: 51", method="POST"), b"x" * 51],
        [error(413)],
        CLOSED,
        LIMITS,
    ),
    T(
        "a large body by length, uninvited",
        [get("/", "Content-Length: 51", "Expect: 100-continue", method="POST")],
        [error(413)],
        CLOSED,
        LIMITS,
    ),
    T(
        "a large body in chunks",
        [
            get("/", "Transfer-Encoding: chunked", method="POST"),
            b"19\r\n" + b"x" * 25 + b"\r\n1A\r\n",
        ],
        [error(413)],
        CLOSED,
        LIMITS,
    ),
    T(
        "a bad one behind good ones",
        [get("/1") + get("/2"), b"oops\r\n\r\n"],
        [ok("GET /1"), ok("GET /2"), BAD],
        CLOSED,
    ),
    T("what is behind a bad one is not served", [b"oops\r\n\r\n" + get("/2")], [BAD], CLOSED),
]

SECTIONS = {
    "RFC 9112 9, persistence": KEEP_ALIVE,
    "RFC 9112 3.2, targets": TARGETS,
    "RFC 9112 6 and 7, bodies": BODIES,
    "RFC 9110 10.1.1, Expect": EXPECTATIONS,
    "RFC 9112 2 to 7, refusals": REFUSED,
}
TABLE = [
    pytest.param(transcript, id=f"{section}: {transcript.name}")
    for section, transcripts in SECTIONS.items()
    for transcript in transcripts
]


PLAYED: dict[str, Callable[[Transcript], list[bytes]]] = {
    "in one piece": lambda transcript: [b"".join(transcript.pieces)],
    "in its pieces": lambda transcript: transcript.pieces,
    "byte by byte": lambda transcript: [bytes([byte]) for byte in b"".join(transcript.pieces)],
}


@PLAIN_AND_TLS
@pytest.mark.parametrize("transcript", TABLE)
def test_transcript(serve: Any, transcript: Transcript, wire: str) -> None:
    # Each connection over TLS costs a handshake; two shapes show all that may differ there.
    shapes = SHAPES if wire == "plain" else ("at once", "in a slow conversation")
    for shape in shapes:
        server = serve(SHAPES[shape], **transcript.options)
        for way in transcript.ways:
            with server.connect() as sock:
                try:
                    play(sock, PLAYED[way](transcript), transcript)
                except BaseException as error:
                    error.add_note(f"played {way} to an application that answers {shape}")
                    raise


def play(sock: socket.socket, pieces: list[bytes], transcript: Transcript) -> None:
    expected = b"".join(transcript.answers)
    for piece in pieces:
        sock.sendall(piece)
    if transcript.then is CLOSED:
        expect_end(sock, expected)
    else:
        expect(sock, expected)
        # It is in step: what comes next is understood, and its answer is the next.
        sock.sendall(get("/next", "Connection: close"))
        expect_end(sock, ok("GET /next", "Connection: close"))


def test_refusals_say_what_is_wrong(serve: Any) -> None:
    """And nothing of what was sent, which may be another's where a proxy was led astray."""
    server = serve(SHAPES["at once"])
    for sent, told in (
        (b"GET / HTTP/1.1\r\n\r\n", b"Missing Host header"),
        (b"GET / HTTP/1.1\r\nHost: se cret\r\n\r\n", b"Invalid Host header"),
        (b"secret\r\n\r\n", b"Malformed HTTP request line"),
        (get("/", "secret"), b"no colon in header line"),
        (get("/", "se cret: x"), b"Invalid header name"),
        (get("/", "X: secret\x00"), b"Control character or bare line break in a head"),
        (get("/", "Content-Length: secret"), b"Content-Length"),
        (get("/", "Transfer-Encoding: secret"), b"Transfer-Encoding"),
        (get("/", "Expect: secret"), b"Unknown expectation"),
        (get("/" + "x" * 20_000), b"Request target larger than 16384 bytes"),
    ):
        with server.connect() as sock:
            sock.sendall(sent)
            answer = read_all(sock, bare=False)
        _, detail, end = answer.partition(b"\r\n\r\n")[2].split(b"\n")
        assert told in detail
        assert b"cret" not in detail
        assert end == b""
