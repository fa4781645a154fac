"""Bytes into a reader in every way that they may arrive, and what it made of them.

A transcript must be read the same whole, byte by byte, cut anywhere, and with more behind it.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tornadolike.http1 import EndOfMessage, FieldSectionCache, Limits, RequestReader
from tornadolike.httputil import HTTPInputError, HTTPServerRequest

if TYPE_CHECKING:
    from tests.http1.transcripts import Case

Pairs = tuple[tuple[str, str], ...]

NEXT = b"GET /next HTTP/1.1\r\nHost: next\r\n\r\n"


@dataclass(frozen=True)
class Message:
    """A request that was read whole."""

    method: str = "GET"
    uri: str = "/"
    version: str = "HTTP/1.1"
    fields: Pairs = (("Host", "a"),)
    body: bytes = b""
    trailers: Pairs = ()


@dataclass(frozen=True)
class Reading:
    """What became of some input: whole messages, and then."""

    messages: tuple[Message, ...] = ()
    status: int | None = None
    """Of the refusal, if the input was refused."""
    waiting_for: str = ""
    """The rest of a ``head`` or ``body``."""


@dataclass
class _Unfinished:
    request: HTTPServerRequest
    pieces: list[bytes] = field(default_factory=list)

    def finish(self, end: EndOfMessage) -> Message:
        request = self.request
        assert not request.body
        return _message(request, b"".join(self.pieces), tuple(end.trailers.get_all()))


def _message(request: HTTPServerRequest, body: bytes, trailers: Pairs = ()) -> Message:
    assert request.method is not None
    assert request.uri is not None
    assert (request.path, request.query) == request.uri.partition("?")[::2]
    return Message(
        request.method,
        request.uri,
        request.version,
        tuple(request.headers.get_all()),
        body,
        trailers,
    )


def read(
    pieces: Iterable[bytes],
    limits: Limits | None = None,
    field_sections: FieldSectionCache | None = None,
) -> Reading:
    """Feed a reader, asking it after each piece for all that it can tell."""
    reader = RequestReader(limits or Limits(), field_sections)
    messages: list[Message] = []
    unfinished: _Unfinished | None = None
    try:
        for piece in pieces:
            reader.feed(piece)
            while (event := reader.next_event()) is not None:
                if type(event) is HTTPServerRequest:
                    assert unfinished is None
                    if reader.complete:
                        messages.append(_message(event, event.body))
                    else:
                        unfinished = _Unfinished(event)
                elif type(event) is bytes:
                    assert event
                    assert unfinished is not None
                    assert not reader.complete
                    unfinished.pieces.append(event)
                else:
                    assert type(event) is EndOfMessage
                    assert unfinished is not None
                    assert reader.complete
                    messages.append(unfinished.finish(event))
                    unfinished = None
    except HTTPInputError as error:
        reader.feed(NEXT)
        with pytest.raises(HTTPInputError):  # whoever is not trusted is not listened to again
            reader.next_event()
        return Reading(tuple(messages), error.status)
    assert reader.complete == (unfinished is None)
    if unfinished is not None:
        return Reading(tuple(messages), None, "body")
    return Reading(tuple(messages), None, "head" if reader.buffered else "")


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def ways(data: bytes) -> Iterator[list[bytes]]:
    """Whole, byte by byte, and cut in two at every position (at some, if there are many)."""
    yield [data]
    yield bytewise(data)
    for at in range(1, len(data), 1 + len(data) // 500):
        yield [data[:at], data[at:]]


def assert_linear(feed: Callable[[list[bytes]], object], drip: Callable[[int], bytes]) -> None:
    """Four times the bytes, one by one, take about four times the time, and not sixteen times."""
    short, long = bytewise(drip(6000)), bytewise(drip(24000))
    ratios = []
    for _ in range(5):
        once = _seconds(lambda: feed(short))
        ratios.append(_seconds(lambda: feed(long)) / once)
        if ratios[-1] < 6:
            return
    assert min(ratios) < 8, ratios


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def assert_reads(data: bytes, expected: Reading, limits: Limits | None = None) -> None:
    """Every way of feeding ``data`` gives ``expected``; and with a request behind it that one too."""
    for way in ways(data):
        found = read(way, limits)
        assert found == expected, (way, found)
    if expected.waiting_for:
        return
    if expected.status is None:
        followed = Reading((*expected.messages, Message(uri="/next", fields=(("Host", "next"),))))
    else:
        followed = expected
    for way in ([data + NEXT], bytewise(data + NEXT), [data, NEXT]):
        found = read(way, limits)
        assert found == followed, (way, found)


def assert_refuses(data: bytes, status: int, limits: Limits | None = None) -> None:
    """Every way of feeding ``data`` ends with ``status`` before a message was whole."""
    assert_reads(data, Reading(status=status), limits)


def assert_all(cases: "Iterable[Case]") -> None:
    """Every transcript, however it arrives. All that fail are named at once."""
    wrong = {}
    for case in cases:
        try:
            assert_reads(case.data, case.expected)
        except AssertionError as error:
            wrong[str(case)] = error
    assert not wrong
