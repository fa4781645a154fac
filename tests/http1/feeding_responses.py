"""As :mod:`~tests.http1.feeding`, for the reader of responses."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest

from tests.http1.feeding import Pairs, bytewise, ways
from tornadolike.http1 import (
    EndedTooSoon,
    EndOfMessage,
    Limits,
    ResponseHead,
    ResponseReader,
    State,
)
from tornadolike.httputil import HTTPInputError

NEXT = b"HTTP/1.1 299 Next\r\nContent-Length: 4\r\n\r\nnext"


@dataclass(frozen=True)
class Response:
    """A response that was read whole."""

    status: int = 200
    fields: Pairs = ()
    body: bytes = b""
    reason: str = "OK"
    version: str = "HTTP/1.1"
    trailers: Pairs = ()
    interim: tuple[tuple[int, Pairs], ...] = ()
    """The heads that came before it."""


NEXT_READ = Response(299, (("Content-Length", "4"),), b"next", "Next")


@dataclass(frozen=True)
class ResponseReading:
    """What became of some input: whole responses, and then."""

    responses: tuple[Response, ...] = ()
    refused: str = ""
    """What was wrong with the rest: ``malformed``, or ``too soon`` for the end of the connection."""
    waiting_for: str = ""
    """The rest of a ``head``, of a ``body``, or the ``end`` of the connection."""
    handed_over: bytes | None = None
    """What was there of another protocol behind the last response, whose head is all there is of it."""
    keep_alive: bool = True
    """Whether the connection may be used again."""


@dataclass
class _Conversation:
    """What is collected while a reader is fed."""

    reader: ResponseReader
    responses: list[Response] = field(default_factory=list)
    interim: list[tuple[int, Pairs]] = field(default_factory=list)
    head: ResponseHead | None = None
    body: bytes = b""

    def take_all(self) -> None:
        while (event := self.reader.next_event()) is not None:
            if isinstance(event, ResponseHead):
                self._take_head(event)
            elif isinstance(event, bytes):
                assert event
                assert self.head is not None
                assert not self.reader.complete
                self.body += event
            else:
                assert isinstance(event, EndOfMessage)
                self._finish(event)

    def _take_head(self, head: ResponseHead) -> None:
        assert self.head is None
        if head.interim:
            self.interim.append((head.status, tuple(head.headers.get_all())))
        elif self.reader.state is State.OTHER_PROTOCOL:
            self.head = head
            self._finish(EndOfMessage())
        else:
            assert not self.reader.complete
            self.head = head

    def _finish(self, end: EndOfMessage) -> None:
        assert self.reader.complete
        assert self.head is not None
        version, status, reason = self.head.start_line
        fields = tuple(self.head.headers.get_all())
        trailers = tuple(end.trailers.get_all())
        interim = tuple(self.interim)
        self.responses.append(
            Response(status, fields, self.body, reason, version, trailers, interim)
        )
        self.interim.clear()
        self.head, self.body = None, b""


def read_responses(
    pieces: Iterable[bytes],
    methods: Iterable[str] = ("GET",),
    limits: Limits | None = None,
    *,
    eof: bool = False,
) -> ResponseReading:
    """Feed a reader that expects answers to ``methods``, asking it after each piece for all it can tell."""
    reader = ResponseReader(limits or Limits())
    for method in methods:
        reader.expect(method)
    conversation = _Conversation(reader)
    try:
        for piece in pieces:
            reader.feed(piece)
            conversation.take_all()
        if eof:
            reader.feed_eof()
            conversation.take_all()
            assert reader.next_event() is None
    except HTTPInputError as error:
        assert not reader.keep_alive
        if not eof:
            reader.feed(NEXT)
        with pytest.raises(HTTPInputError):  # who is not trusted is not listened to again
            reader.next_event()
        refused = "too soon" if isinstance(error, EndedTooSoon) else "malformed"
        return ResponseReading(tuple(conversation.responses), refused, keep_alive=False)
    state = reader.state
    handed_over = reader.unread() if state is State.OTHER_PROTOCOL else None
    waiting_for = {State.HEAD: "head", State.BODY: "body", State.UNTIL_END: "end"}.get(state, "")
    assert reader.complete == (state not in (State.BODY, State.UNTIL_END))
    return ResponseReading(
        tuple(conversation.responses),
        "",
        waiting_for,
        handed_over,
        reader.keep_alive,
    )


@dataclass(frozen=True)
class ResponseCase:
    """A transcript of responses. ``section`` is that of RFC 9112 unless it says otherwise."""

    section: str
    name: str
    data: bytes
    expected: ResponseReading
    methods: tuple[str, ...] = ("GET",)
    eof: bool = False
    """Whether the connection ends behind it."""

    def __str__(self) -> str:
        return f"{self.section} {self.name}"

    def check(self) -> None:
        """Every way of feeding gives what is expected; and with more behind it as it should."""
        for way in ways(self.data):
            found = read_responses(way, self.methods, eof=self.eof)
            assert found == self.expected, (way, found)
        if self.eof or self.expected.waiting_for:
            return
        for data, methods, followed in self._followed():
            for way in ([data], bytewise(data), [self.data, data[len(self.data) :]]):
                found = read_responses(way, methods)
                assert found == followed, (way, found)

    def _followed(self) -> Iterable[tuple[bytes, tuple[str, ...], ResponseReading]]:
        expected = self.expected
        data = self.data + NEXT
        if expected.handed_over is not None:
            rest = expected.handed_over + NEXT
            yield data, self.methods, replace(expected, handed_over=rest)
        elif expected.refused:
            yield data, self.methods, expected
        elif not expected.keep_alive:
            yield data, self.methods, expected  # behind the last nothing is listened to
            yield data, (*self.methods, "GET"), replace(expected, refused="too soon")
        else:
            both = (*expected.responses, NEXT_READ)
            yield data, (*self.methods, "GET"), replace(expected, responses=both)
            yield data, self.methods, replace(expected, refused="malformed", keep_alive=False)
