"""What the readers of requests and of responses have in common: the buffer, bodies, states, faults."""

from ..httputil import HTTPInputError
from .body import ChunkedBody, EndOfMessage, LengthBody, UntilEndBody
from .fields import CONTROL_IN_PART
from .limits import Limits
from .states import END_OF_BODY, FAULT, SPENT, Event, State, Table

Body = LengthBody | ChunkedBody | UntilEndBody


class EndedTooSoon(HTTPInputError):
    """The connection ended in the middle of a message, or before one that was due."""


class Spent:
    """Stands in place of a body once the peer has broken the protocol: nothing can be read any more."""

    def read(self, buffer: bytes, position: int, max_size: int) -> tuple[None, int]:
        raise HTTPInputError("Nothing can be read behind a malformed message")


class MessageReader:
    """Reads the messages of one connection."""

    __slots__ = (
        "_body",
        "_buffer",
        "_ended",
        "_limits",
        "_line_judged",
        "_position",
        "_searched",
        "complete",
        "max_body_size",
        "state",
    )

    _table: Table

    def __init__(self, limits: Limits, state: State) -> None:
        self._limits = limits
        self._buffer = b""
        self._position = 0
        self._searched = 0
        self._line_judged = False
        self._ended = False
        self._body: Body | Spent | None = None
        self.state = state
        """Where the reader stands (:mod:`~tornadolike.http1.states`)."""
        self.complete = True
        """Whether the message whose head came last is whole."""
        self.max_body_size = limits.max_body_size
        """How large the body of the message whose head came last may be, in bytes.

        It is that of the limits again at each head that is followed by a body, and may be set to another
        until the body is read."""

    def feed(self, data: bytes) -> None:
        """Take bytes from the peer."""
        if self._ended:
            raise RuntimeError("Nothing can be fed behind feed_eof()")
        if self._position < len(self._buffer):
            self._buffer = self._buffer[self._position :] + data
        else:
            self._buffer = data
        self._position = 0

    def feed_eof(self) -> None:
        """The peer will send no more. If something is missing, :meth:`next_event` will say so.

        Without it a body that only the end of the connection ends never does, and what is cut off is waited
        for.
        """
        self._ended = True

    @property
    def buffered(self) -> int:
        """How many bytes wait to be read as part of an event."""
        return len(self._buffer) - self._position

    def unread(self) -> bytes:
        """Take out the bytes that are no part of any event yet (after an upgrade: the other protocol's)."""
        rest = self._buffer[self._position :]
        self._buffer = b""
        self._position = 0
        self._searched = 0
        return rest

    # States

    def _go(self, event: Event) -> None:
        self.state = self._table[self.state, event]

    def _fail(self) -> None:
        """Read nothing any more: the peer has broken the protocol."""
        if self.state is not SPENT:
            self._body = Spent()
            self._go(FAULT)

    # The head

    def _judge_part_of_head(self, buffer: bytes, start: int) -> None:
        """More is needed; but what can never become a head is refused now.

        Each byte is looked at once, however slowly they come.
        """
        searched = self._searched
        # The pattern looks back for the CR of an LF, but not into the message before.
        if buffer.startswith(b"\n", start) or CONTROL_IN_PART.search(buffer, start + searched):
            raise HTTPInputError("Control character or bare line break in a head")
        # The last three bytes may belong to the line breaks that end the head.
        size = len(buffer) - start - 3
        if not searched:
            self._line_judged = False
        if not self._line_judged:
            line_end = buffer.find(b"\r\n", start + searched)
            if line_end < 0:
                self._judge_part_of_line(buffer, start, size)
            else:
                self._line_judged = True
                self._judge_line(buffer[start:line_end])
        if size > self._limits.max_header_size:
            raise self._head_too_large()
        if self._ended:
            raise EndedTooSoon("The connection ended in the middle of a head")
        self._searched = max(size, 0)

    def _head_too_large(self) -> HTTPInputError:
        return HTTPInputError(f"Headers larger than {self._limits.max_header_size} bytes", 431)

    def _judge_part_of_line(self, buffer: bytes, start: int, size: int) -> None:
        """Refuse what can never become a start line."""
        raise NotImplementedError

    def _judge_line(self, line: bytes) -> None:
        """Refuse what is no start line."""
        raise NotImplementedError

    # The body

    def _expect_body(self, body: Body, event: Event) -> None:
        self.complete = False
        self._body = body
        self._go(event)

    def _read_body(self, body: Body | Spent) -> bytes | EndOfMessage | None:
        event, self._position = body.read(self._buffer, self._position, self.max_body_size)
        if event is None:
            if self._position == len(self._buffer):
                self._buffer = b""  # a stalled upload holds no buffer
                self._position = 0
            if self._ended:
                return self._end_in_body()
        elif type(event) is EndOfMessage:
            self._end_body(END_OF_BODY)
        # A piece leaves us where we are, by each of the tables.
        return event

    def _end_body(self, event: Event) -> None:
        self._body = None
        self.complete = True
        self._go(event)

    def _end_in_body(self) -> EndOfMessage | None:
        raise EndedTooSoon("The connection ended in the middle of a body")
