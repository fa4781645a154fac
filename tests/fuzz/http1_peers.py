"""What other parsers make of the same input: h11, llhttp (node's) through httptools, and aiohttp's own."""

import re
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import h11
import httptools
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import BadHttpMessage, PayloadEncodingError
from aiohttp.http_parser import HttpRequestParserPy

from tests.http1.feeding import read

Seen = tuple[str, str, bytes]
"""Method, target and body of a whole message: what a front end and a back end must agree on."""


@dataclass(frozen=True)
class Verdict:
    """What a parser saw in some input."""

    messages: tuple[Seen, ...]
    end: str
    """What then: ``""`` (ready for the next), ``waits``, ``refused`` or ``closed`` (listens no longer)."""

    def differs_from(self, other: "Verdict") -> str:
        """How the other parser sees it, if it does otherwise."""
        mine, others = self.messages, other.messages
        common = min(len(mine), len(others))
        if mine[:common] != others[:common]:
            return "reads otherwise"
        if self.end == "refused" and len(others) > common:
            return "accepts"
        if other.end == "closed":
            return "" if self.end != "refused" or len(mine) > common else "accepts"
        if (self.end, len(mine)) == (other.end, len(others)):
            return ""
        if other.end == "refused":
            return "refuses"
        if self.end == "refused":
            return "waits" if other.end == "waits" else "accepts"
        return "reads otherwise"


def ours(data: bytes) -> Verdict:
    reading = read([data])
    seen = tuple((m.method, m.uri, m.body) for m in reading.messages)
    if reading.status is not None:
        return Verdict(seen, "refused")
    return Verdict(seen, "waits" if reading.waiting_for else "")


def without_authority(target: str) -> str:
    """As our reader gives a target in absolute form."""
    match = re.match(r"(?i:https?)://[^/?]*(.*)", target)
    if match is None:
        return target
    return match[1] if match[1].startswith("/") else f"/{match[1]}"


def by_h11(data: bytes) -> Verdict:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=64 * 1024)
    connection.receive_data(data)
    seen: list[Seen] = []
    method, target, body = "", "", b""
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            return Verdict(tuple(seen), "refused")
        if isinstance(event, h11.Request):
            method, target = event.method.decode(), event.target.decode("latin1")
            body = b""
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            seen.append((method, without_authority(target), body))
            connection.send(h11.Response(status_code=404, headers=[("Content-Length", "0")]))
            connection.send(h11.EndOfMessage())
            if connection.their_state is not h11.DONE:
                return Verdict(tuple(seen), "closed")
            connection.start_next_cycle()
        else:
            waits = connection.their_state is not h11.IDLE or connection.trailing_data[0]
            return Verdict(tuple(seen), "waits" if waits else "")


@dataclass
class _Collector:
    """What httptools calls."""

    seen: list[Seen] = field(default_factory=list)
    parser: Any = None
    inside: bool = False
    target: bytes = b""
    body: bytes = b""

    def on_message_begin(self) -> None:
        self.inside, self.target, self.body = True, b"", b""

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        method = self.parser.get_method().decode()
        self.seen.append((method, without_authority(self.target.decode("latin1")), self.body))
        self.inside = False


def by_llhttp(data: bytes) -> Verdict:
    collector = _Collector()
    parser = collector.parser = httptools.HttpRequestParser(collector)
    try:
        parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        # It leaves all behind the head to its user, the request's body too.
        return Verdict(tuple(collector.seen[:-1]), "closed")
    except httptools.HttpParserError:
        return Verdict(tuple(collector.seen), "refused")
    return Verdict(tuple(collector.seen), "waits" if collector.inside else "")


def as_sent(decoded: str) -> str:
    """A target that was decoded from UTF-8, each byte a character again."""
    return decoded.encode("utf-8", "surrogateescape").decode("latin1")


def by_aiohttp(data: bytes) -> Verdict:
    """By the parser that aiohttp has in Python; the one in C that it prefers is llhttp.

    It puts methods into capitals.
    """
    loop: Any = SimpleNamespace(get_debug=bool)
    parser = HttpRequestParserPy(BaseProtocol(loop), loop, 2**16)
    messages: list[Any] = []
    end = ""
    try:
        # Bytewise, so that the messages before an error are not lost with it.
        for at in range(len(data)):
            found, upgraded, _ = parser.feed_data(data[at : at + 1])
            messages += found
            if upgraded:
                end = "closed"
                break
    except (BadHttpMessage, PayloadEncodingError, ValueError):
        end = "refused"
    seen = [
        (message.method, without_authority(as_sent(message.path)), body.read_nowait(-1))
        for message, body in messages
        if body.is_eof()
    ]
    if not end and (len(seen) < len(messages) or parser._tail or parser._lines):
        end = "waits"
    return Verdict(tuple(seen), end)


PEERS = {"h11": by_h11, "llhttp": by_llhttp}


@dataclass(frozen=True)
class Difference:
    peers: str
    does: str
    """What the peer does where we do otherwise: ``accepts`` or ``waits`` for more (where we refuse),
    ``refuses`` (what we accept), ``reads otherwise``."""
    reason: str
    names: set[str]


def expected_of(differences: list[Difference], peer: str) -> dict[str, str]:
    """What the peer does otherwise, by the names of the transcripts, each of which has one reason."""
    expected: dict[str, str] = {}
    for difference in differences:
        if peer in difference.peers.split():
            assert difference.names.isdisjoint(expected), difference
            expected.update(dict.fromkeys(difference.names, difference.does))
    return expected
