"""What comes of what a server says, byte by byte: a response, or one class of the documented tree."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.httpclient.behaviours import differences
from tests.httpclient.behaviours.engines import Engine
from tests.httpclient.behaviours.scripted import Script, Scripted, ok, saying

ROOT = Path(__file__).parents[3]

Play = Callable[..., Scripted]

PROTOCOL = "HTTPProtocolError"
CLOSED = "HTTPStreamClosedError"
HELLO = "200 hello"
LAST = b"0\r\n\r\n"
GZIP = b"Content-Encoding: gzip"


@dataclass(frozen=True)
class Case:
    """A server that says something."""

    name: str
    script: Script
    expected: str
    curl: tuple[str, str] | None = None
    """What comes of it with curl, if that is something else; and which difference that is."""
    options: dict[str, Any] = field(default_factory=dict)

    def expected_of(self, engine: Engine) -> str:
        return self.curl[0] if self.curl is not None and engine.name == "curl" else self.expected

    def __str__(self) -> str:
        return self.name


def case(
    name: str,
    expected: str,
    *pieces: bytes,
    ends: bool = False,
    curl: tuple[str, str] | None = None,
    **options: Any,
) -> Case:
    return Case(name, saying(*pieces, ends=ends), expected, curl, options)


def head(*fields: bytes, line: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join([line, *fields, b"", b""])


def chunked(*pieces: bytes) -> bytes:
    return head(b"Transfer-Encoding: chunked") + b"".join(pieces)


def by_bytes(data: bytes) -> Iterable[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


WHOLE = [
    case("by length", HELLO, ok()),
    case("byte by byte", HELLO, *by_bytes(ok())),
    case("by length, and the end", HELLO, ok(), ends=True),
    case("nothing", "200", ok(b"")),
    case("in chunks", HELLO, chunked(b"2\r\nhe\r\n3\r\nllo\r\n", LAST)),
    case("in chunks with extensions", HELLO, chunked(b"5;a=b\r\nhello\r\n", LAST)),
    case("in chunks with trailers", HELLO, chunked(b"5\r\nhello\r\n0\r\nA: b\r\n\r\n")),
    case("until the end", HELLO, head(), b"hello", ends=True),
    case("nothing until the end", "200", head(), ends=True),
    case("of HTTP/1.0", HELLO, ok(line=b"HTTP/1.0 200 OK")),
    case("without a reason", HELLO, ok(line=b"HTTP/1.1 200 ")),
    case("of an unknown 2xx", "299 hello", ok(line=b"HTTP/1.1 299 Odd")),
    case("of an unknown 4xx", "HTTPError 499", ok(line=b"HTTP/1.1 499 Odd")),
    case("204", "204", head(line=b"HTTP/1.1 204 No Content")),
    case("304", "HTTPError 304", head(b"Content-Length: 5", line=b"HTTP/1.1 304 Not Modified")),
    case("to HEAD", "200", head(b"Content-Length: 5"), method="HEAD"),
    case("to HEAD in chunks", "200", head(b"Transfer-Encoding: chunked"), method="HEAD"),
    case("behind 103", HELLO, head(b"Link: </a>", line=b"HTTP/1.1 103 Early Hints") + ok()),
    case("behind 100s", HELLO, head(line=b"HTTP/1.1 100 Continue") * 3, ok()),
    case("404", "HTTPError 404", ok(line=b"HTTP/1.1 404 Not Found")),
    case("500", "HTTPError 500", ok(line=b"HTTP/1.1 500 Oh")),
    case("to HEAD, compressed", "200", head(b"Content-Length: 5", GZIP), method="HEAD"),
    case("204, compressed", "204", head(GZIP, line=b"HTTP/1.1 204 No Content")),
    case("of an unknown coding", HELLO, ok(b"hello", b"Content-Encoding: nonsense")),
    case("of the coding that is none", HELLO, ok(b"hello", b"Content-Encoding: identity")),
    case("two equal lengths", HELLO, ok(b"hello", b"Content-Length: 5")),
    case("many fields", HELLO, ok(b"hello", *[b"A: b"] * 90)),
]

BROKEN_OFF = [
    case("nothing at all", CLOSED, ends=True),
    case("half a status line", CLOSED, b"HTTP/1.1 2", ends=True),
    case("half a head", CLOSED, b"HTTP/1.1 200 OK\r\nContent-Le", ends=True),
    case("half a body", CLOSED, head(b"Content-Length: 50"), b"hello", ends=True),
    case("a head, and no body", CLOSED, head(b"Content-Length: 50"), ends=True),
    case("half a chunk", CLOSED, chunked(b"5\r\nhel"), ends=True),
    case("no last chunk", CLOSED, chunked(b"5\r\nhello\r\n"), ends=True),
    case("half the last chunk", CLOSED, chunked(b"5\r\nhello\r\n0\r\n"), ends=True),
    case("only 100", CLOSED, head(line=b"HTTP/1.1 100 Continue"), ends=True),
]

MALFORMED = [
    case("mail", PROTOCOL, b"220 mail.example ESMTP\r\n\r\n"),
    case("a shell", PROTOCOL, b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n"),
    case("random bytes", PROTOCOL, bytes(range(128, 256)) * 20 + b"\r\n\r\n"),
    case("a status of two digits", PROTOCOL, head(line=b"HTTP/1.1 20 OK")),
    case("a status of letters", PROTOCOL, head(line=b"HTTP/1.1 abc OK")),
    case("HTTP/2.0 in text", PROTOCOL, ok(line=b"HTTP/2.0 200 OK")),
    case("HTTP/3.7", PROTOCOL, ok(line=b"HTTP/3.7 200 OK")),
    case("a field without colon", PROTOCOL, ok(b"hello", b"Nonsense")),
    case("a field without name", PROTOCOL, ok(b"hello", b": b")),
    case("a space before the colon", PROTOCOL, ok(b"hello", b"A : b")),
    case(
        "a folded field", PROTOCOL, ok(b"hello", b"A: b", b" c"), curl=(HELLO, differences.FOLDED)
    ),
    case("a NUL in a field", PROTOCOL, ok(b"hello", b"A: b\0c")),
    case("a bare CR in a field", PROTOCOL, ok(b"hello", b"A: b\rc")),
    case("lines that end in LF", PROTOCOL, ok().replace(b"\r\n", b"\n"), ends=True),
    case("two lengths", PROTOCOL, ok(b"hello", b"Content-Length: 6")),
    case("a list of lengths", PROTOCOL, head(b"Content-Length: 5, 6"), b"hello!"),
    case("a negative length", PROTOCOL, head(b"Content-Length: -5"), b"hello"),
    case("a length with a sign", PROTOCOL, head(b"Content-Length: +5"), b"hello"),
    case("a length in words", PROTOCOL, head(b"Content-Length: five"), b"hello"),
    case("a length beyond all bounds", PROTOCOL, head(b"Content-Length: " + b"9" * 30), b"hello"),
    case(
        "length and chunks",
        PROTOCOL,
        head(b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"5\r\nhello\r\n" + LAST,
    ),
    case("an unknown coding", PROTOCOL, head(b"Transfer-Encoding: nonsense"), b"hello", ends=True),
    case("chunked twice", PROTOCOL, head(b"Transfer-Encoding: chunked, chunked") + LAST),
    case(
        "chunks of HTTP/1.0",
        PROTOCOL,
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + LAST,
    ),
    case(
        "a size that is none",
        PROTOCOL,
        chunked(b"no\r\nhello\r\n", LAST),
    ),
    case("a size with 0x", PROTOCOL, chunked(b"0x5\r\nhello\r\n", LAST)),
    case(
        "a negative size",
        PROTOCOL,
        chunked(b"-5\r\nhello\r\n", LAST),
    ),
    case(
        "a size of 80 bits",
        PROTOCOL,
        chunked(b"f" * 20 + b"\r\nhello\r\n", LAST),
    ),
    case(
        "a chunk that is longer",
        PROTOCOL,
        chunked(b"5\r\nhello, world\r\n", LAST),
    ),
    case("100 with a body", PROTOCOL, ok(line=b"HTTP/1.1 100 Continue") + ok()),
    case(
        "101 unasked",
        PROTOCOL,
        head(b"Connection: upgrade", b"Upgrade: x", line=b"HTTP/1.1 101 Switching Protocols"),
    ),
]

ENDLESS_NOISE = b"A: " + b"b" * 4093 + b"\r\n"


def endless(start: bytes, again: bytes) -> Script:
    """Goes on as long as there is somebody to listen; up to 400 MB, for the test has to end."""

    def script(peer: Any) -> None:
        peer.request()
        data = again * (65536 // len(again) + 1)
        if peer.send(start):
            for _ in range(6400):
                if not peer.send(data):
                    return

    return script


OVERSIZED = [
    case("a field of a megabyte", PROTOCOL, ok(b"hello", b"A: " + b"b" * 1_000_000)),
    case("a reason of a megabyte", PROTOCOL, ok(line=b"HTTP/1.1 200 " + b"O" * 1_000_000)),
    case("fields without number", PROTOCOL, ok(b"hello", *[b"A: b"] * 100_000)),
    Case("a head without end", endless(b"HTTP/1.1 200 OK\r\n", ENDLESS_NOISE), PROTOCOL),
    Case("a line without end", endless(b"HTTP/1.1 200 ", b"O"), PROTOCOL),
    Case("interim heads without end", endless(b"", head(line=b"HTTP/1.1 103 Hi")), PROTOCOL),
    Case(
        "trailers without end",
        endless(chunked(b"5\r\nhello\r\n0\r\n"), ENDLESS_NOISE),
        PROTOCOL,
    ),
    Case(
        "a chunk extension without end",
        endless(chunked(b"5;"), b"x"),
        PROTOCOL,
        curl=(CLOSED, differences.EXTENSIONS),
    ),
    Case(
        "a body without end",
        endless(head(), b"hello"),
        PROTOCOL,
        options={"max_body_size": 1_000_000},
    ),
    Case(
        "chunks without end",
        endless(chunked(), b"5\r\nhello\r\n"),
        PROTOCOL,
        options={"max_body_size": 1_000_000},
    ),
    case(
        "more than may be, as said before",
        PROTOCOL,
        head(b"Content-Length: 1000001"),
        max_body_size=1_000_000,
    ),
    case("just as much as may be", "200 hello", ok(), max_body_size=5),
    case("one byte more than may be", PROTOCOL, ok(), max_body_size=4),
]

CASES = WHOLE + BROKEN_OFF + MALFORMED + OVERSIZED


@pytest.mark.parametrize("case", CASES, ids=str)
def test_answers(engine: Engine, play: Play, case: Case) -> None:
    server = play(case.script)
    assert engine.outcome(server.url, **case.options) == case.expected_of(engine)


@pytest.mark.parametrize("case", [*WHOLE[:3], *BROKEN_OFF[:3], *MALFORMED[:3]], ids=str)
def test_answers_on_a_foreign_loop(guest_engine: Engine, play: Play, case: Case) -> None:
    server = play(case.script)
    assert guest_engine.outcome(server.url, **case.options) == case.expected_of(guest_engine)


def test_a_difference_is_one() -> None:
    for each in CASES:
        if each.curl is not None:
            outcome, difference = each.curl
            assert outcome != each.expected, each
            assert difference in differences.ALL


def test_every_difference_is_told_and_shown() -> None:
    """docs/client-engines.rst has an item for each, and no other item; and a test here meets each."""
    text = " ".join((ROOT / "docs/client-engines.rst").read_text().split())
    listed = text.partition("Differences ")[2].partition(" ..")[0]
    assert listed.count(" - ") == len(differences.ALL)
    for difference in differences.ALL:
        assert f" - {difference}" in listed
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for name in vars(differences):
        assert not name.isupper() or name == "ALL" or f"differences.{name}" in tests, name
