"""What we, and other parsers, make of the same responses: h11, llhttp through httptools, and aiohttp's own."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import h11
import httptools
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import BadHttpMessage, PayloadEncodingError
from aiohttp.http_parser import HttpResponseParserPy

from tests.fuzz.http1_peers import Seen, Verdict
from tests.fuzz.responses import Response
from tornadolike.http1 import EndOfMessage, Limits, ResponseHead, ResponseReader, State
from tornadolike.httputil import HTTPInputError


def ours(response: Response) -> Verdict:
    reader = ResponseReader(Limits())
    for method in response.asked:
        reader.expect(method)
    reader.feed(response.data)
    seen: list[Seen] = []
    body = b""
    try:
        for step in range(2):
            if step and response.ends:
                reader.feed_eof()
            while (event := reader.next_event()) is not None:
                if isinstance(event, ResponseHead):
                    status, reason, body = str(event.status), event.start_line.reason.strip(), b""
                    if event.interim or reader.state is State.OTHER_PROTOCOL:
                        seen.append((status, reason, b""))
                elif isinstance(event, EndOfMessage):
                    seen.append((status, reason, body))
                else:
                    body += event
    except HTTPInputError:
        return Verdict(tuple(seen), "refused")
    if reader.state in (State.ENDED, State.OTHER_PROTOCOL):
        return Verdict(tuple(seen), "closed")
    return Verdict(tuple(seen), "" if reader.state is State.IDLE else "waits")


def by_h11(response: Response) -> Verdict:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=64 * 1024)
    seen: list[Seen] = []
    status, reason, body = "", "", b""
    connection.receive_data(response.data)
    ended = False
    for method in response.asked:
        connection.send(h11.Request(method=method, target="x:1", headers=[("Host", "x")]))
        connection.send(h11.EndOfMessage())
        while True:
            try:
                event = connection.next_event()
            except h11.RemoteProtocolError:
                return Verdict(tuple(seen), "refused")
            if isinstance(event, (h11.Response, h11.InformationalResponse)):
                status, reason = str(event.status_code), event.reason.decode("latin1").strip()
                body = b""
                if isinstance(event, h11.InformationalResponse):
                    seen.append((status, reason, b""))
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                seen.append((status, reason, body))
                break
            elif event is h11.NEED_DATA and response.ends and not ended:
                ended = True
                connection.receive_data(b"")
            elif event is h11.PAUSED:
                if connection.their_state is h11.SWITCHED_PROTOCOL:
                    seen += [(status, reason, b"")] if method == "CONNECT" else []
                return Verdict(tuple(seen), "closed")
            else:
                return Verdict(tuple(seen), "waits")
        if ended or connection.their_state is not h11.DONE:
            return Verdict(tuple(seen), "closed")
        connection.start_next_cycle()
    # What nobody has asked for is left to its user, who cannot go on with such a connection.
    return Verdict(tuple(seen), "refused" if connection.trailing_data[0] else "")


@dataclass
class _Collector:
    """What httptools calls."""

    seen: list[Seen] = field(default_factory=list)
    parser: Any = None
    inside: bool = False
    last: bool = False
    reason: bytes = b""
    body: bytes = b""

    def on_message_begin(self) -> None:
        self.inside, self.reason, self.body = True, b"", b""

    def on_status(self, reason: bytes) -> None:
        self.reason += reason

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        status = str(self.parser.get_status_code())
        self.seen.append((status, self.reason.decode("latin1").strip(), self.body))
        self.inside = False
        self.last = not self.parser.should_keep_alive() and not status.startswith("1")


def by_llhttp(response: Response) -> Verdict:
    """httptools cannot say what was asked, nor that the connection has ended."""
    collector = _Collector()
    parser = collector.parser = httptools.HttpResponseParser(collector)
    try:
        parser.feed_data(response.data)
    except httptools.HttpParserUpgrade:
        return Verdict(tuple(collector.seen), "closed")
    except httptools.HttpParserError:
        return Verdict(tuple(collector.seen), "refused")
    if collector.inside:
        return Verdict(tuple(collector.seen), "waits")
    return Verdict(tuple(collector.seen), "closed" if collector.last else "")


def by_aiohttp(response: Response) -> Verdict:
    """By its parser in Python, as lax with servers as it is. It knows the method of one request."""
    loop: Any = SimpleNamespace(get_debug=bool)
    parser = HttpResponseParserPy(
        BaseProtocol(loop),
        loop,
        2**16,
        method=response.asked[0],
        response_with_body=response.asked[0] != "HEAD",
        read_until_eof=True,
        auto_decompress=False,
    )
    messages: list[Any] = []
    end = ""
    try:
        for at in range(len(response.data)):
            found, upgraded, _ = parser.feed_data(response.data[at : at + 1])
            messages += found
            if upgraded:
                end = "closed"
                break
        if response.ends:
            parser.feed_eof()
            end = "closed"
    except (BadHttpMessage, PayloadEncodingError, ValueError):
        end = "refused"
    seen = [
        (str(message.code), message.reason.strip(), body.read_nowait(-1))
        for message, body in messages
        if body.is_eof()
    ]
    if not end and (len(seen) < len(messages) or parser._tail or parser._lines):
        end = "waits"
    return Verdict(tuple(seen), end)


PEERS = {"h11": by_h11, "llhttp": by_llhttp}
