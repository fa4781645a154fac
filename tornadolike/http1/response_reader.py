"""The sans-I/O reader of responses (RFC 9112): bytes in, events out.

:meth:`ResponseReader.expect` tells it what was asked, :meth:`~ResponseReader.feed` gives it the bytes that come,
and :meth:`~ResponseReader.next_event` gives, each time it is called, the next of

* a :class:`ResponseHead`. If it is an interim one then another head follows;
* ``bytes``: pieces of the body, as they come;
* :class:`~.body.EndOfMessage`: the response is whole. It ends every final response, also one without a body;
* ``None``: nothing more can be said before more bytes are fed.

Behind a 101, and behind a 2xx to CONNECT, the connection belongs to another protocol: the head is the last
event, :attr:`~ResponseReader.state` is ``OTHER_PROTOCOL``, and :meth:`~ResponseReader.unread` gives what has come
of it already.

What the protocol does not allow raises :exc:`~tornadolike.httputil.HTTPInputError`, and so does the end of the
connection where something is missing (:exc:`EndedTooSoon`, one of its kind). After that the reader is spent.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from ..httputil import HTTPHeaders, HTTPInputError, ResponseStartLine
from ..httputil.headers import copy_fields
from .body import END, ChunkedBody, EndOfMessage, LengthBody, UntilEndBody
from .framing import frame_read, kind_of_response
from .framing_rules import (
    CHUNKED,
    EMPTY_RESPONSE,
    LENGTH,
    OTHER_PROTOCOL,
    UNTIL_END,
    UPGRADE,
    Framing,
    Kind,
)
from .limits import Limits
from .reader import EndedTooSoon, MessageReader
from .request_writer import RequestWriter
from .response_heads import ResponseHeadCache, SaidInHead, malformed_line, read_status_line
from .states import (
    ASKED,
    BODY,
    BODY_FOLLOWS,
    END_OF_BODY,
    END_OF_CONNECTION,
    ENDED,
    HAND_OVER,
    HEAD,
    IDLE,
    INTERIM,
    LAST_END,
    RESPONSE_READER,
    SPENT,
    UNTIL_END_FOLLOWS,
    Event,
    State,
)

_BEGINNING: Final = b"HTTP/"


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """The head of a response."""

    start_line: ResponseStartLine
    headers: HTTPHeaders

    @property
    def status(self) -> int:
        """The status code."""
        return self.start_line.code

    @property
    def interim(self) -> bool:
        """Whether another head follows: a status of 1xx but 101."""
        return self.status < 200 and self.status != 101


ResponseEvent = ResponseHead | bytes | EndOfMessage | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request whose response is due."""

    method: str
    request: RequestWriter | None


_NOTHING: Final = _Asked("", None)


class ResponseReader(MessageReader):
    """Reads the responses of one connection.

    :arg limits: of a response as of a request; there is no target.
    :arg max_interim_responses: how many of them may come before a response.
    :arg heads: a cache that the readers of one client share; its ``max_count`` must be that of ``limits``. By default
        nothing is remembered.
    """

    __slots__ = ("_asked", "_due", "_heads", "_interim", "_max_interim", "_stays_open")

    _table = RESPONSE_READER

    def __init__(
        self,
        limits: Limits,
        max_interim_responses: int = 32,
        heads: ResponseHeadCache | None = None,
    ) -> None:
        super().__init__(limits, IDLE)
        if heads is not None and heads.max_count != limits.max_header_count:
            raise ValueError("The cache of heads was made for another max_header_count")
        self._heads = heads
        self._max_interim = max_interim_responses
        self._interim = 0
        self._asked = _NOTHING
        """What the response that is read, or was read last, answers."""
        self._due: deque[_Asked] = deque()
        """What the responses behind it will answer."""
        self._stays_open = True

    def expect(self, method: str, request: RequestWriter | None = None) -> None:
        """Say that a request is sent, before it is. Several may wait for their responses, in their order.

        :arg method: the request's, on which depends what its response may be.
        :arg request: its writer, if there is one. Then a 101 is taken only if it asks for an upgrade, and
            :attr:`keep_alive` considers whether it was sent whole and whether it says that it is the last.

        Raises :exc:`RuntimeError` if no further response can come on the connection.
        """
        if self._ended or self.state not in (IDLE, HEAD, BODY):
            raise RuntimeError(
                f"No response can come any more ({self.state}): use another connection"
            )
        self._due.append(_Asked(method, request))
        # What came before anything was asked answers nothing: it stays to be refused.
        if self.state is IDLE and not self.buffered:
            self._take_turn()

    @property
    def keep_alive(self) -> bool:
        """Whether the connection may be used for another request once the response is whole.

        So far as its version, its Connection header and its framing tell, and its request; and the server
        must not have said more than it was asked.
        """
        request = self._asked.request
        return (
            self._stays_open
            and not self._ended
            and self.state not in (ENDED, State.OTHER_PROTOCOL, SPENT)
            and (self.state is not IDLE or not self.buffered)
            and (request is None or request.complete)
        )

    @property
    def stays_open(self) -> bool:
        """Whether the response whose head came last leaves the connection open behind it, once it is whole."""
        return self._stays_open

    def next_event(self) -> ResponseEvent:
        """The next event, or None. Raises :exc:`HTTPInputError`."""
        try:
            if self._body is not None:
                return self._read_body(self._body)
            if self.state is HEAD:
                return self._read_head()
            self._rest()
            return None
        except HTTPInputError:
            self._fail()
            raise

    # Between the messages

    def _take_turn(self) -> None:
        """The next response is read now."""
        self._asked = self._due.popleft()
        self._interim = 0
        self._go(ASKED)

    def _rest(self) -> None:
        """No message is due."""
        if self.state is State.OTHER_PROTOCOL:
            return
        if self.state is ENDED:
            if self._due:
                raise EndedTooSoon("The connection ended before all requests were answered")
            return
        if self.buffered:
            raise HTTPInputError("A response that nobody has asked for")
        self.unread()  # an idle connection holds no buffer
        if self._ended:
            self._go(END_OF_CONNECTION)

    # The head

    def _read_head(self) -> ResponseHead | None:
        buffer = self._buffer
        start = self._position
        end = buffer.find(b"\r\n\r\n", start + self._searched)
        if end < 0:
            if self._ended and start == len(buffer):
                raise EndedTooSoon("The connection ended before a response came")
            self._judge_part_of_head(buffer, start)
            return None
        self._searched = 0
        if end - start > self._limits.max_header_size:
            raise self._head_too_large()
        raw = buffer[start:end]
        heads = self._heads
        said = SaidInHead(raw, self._limits.max_header_count) if heads is None else heads[raw]
        self._position = end + 4
        self._start_message(said)
        fields = said.fields if heads is None else copy_fields(said.fields)
        return ResponseHead(said.start_line, HTTPHeaders.from_fields(fields))

    def _judge_part_of_line(self, buffer: bytes, start: int, size: int) -> None:
        beginning = buffer[start : start + len(_BEGINNING)]
        if not _BEGINNING.startswith(beginning):
            raise malformed_line(beginning)

    def _judge_line(self, line: bytes) -> None:
        read_status_line(line)

    # The body

    def _start_message(self, said: SaidInHead) -> None:
        version, status, _ = said.start_line
        kind = kind_of_response(self._asked.method, status)
        framing = frame_read(kind, version, said.coding, said.length, said.fields)
        if kind is EMPTY_RESPONSE and status < 200:
            self._count_interim()
            return
        if framing is OTHER_PROTOCOL:
            self._hand_over(kind)
            return
        self.max_body_size = self._limits.max_body_size
        self._stays_open = self._will_stay_open(said, framing)
        if framing is UNTIL_END:
            self._expect_body(UntilEndBody(), UNTIL_END_FOLLOWS)
        elif framing is CHUNKED:
            self._expect_body(ChunkedBody(self._limits), BODY_FOLLOWS)
        else:
            announced = said.size if framing is LENGTH else 0
            self._expect_body(LengthBody(announced or 0), BODY_FOLLOWS)

    def _count_interim(self) -> None:
        self._interim += 1
        if self._interim > self._max_interim:
            raise HTTPInputError(f"More than {self._max_interim} interim responses")
        self._go(INTERIM)

    def _hand_over(self, kind: Kind) -> None:
        request = self._asked.request
        if kind is UPGRADE and request is not None and not request.upgrades:
            raise HTTPInputError("101 Switching Protocols to a request that has not asked for it")
        self._due.clear()
        self._go(HAND_OVER)

    def _will_stay_open(self, said: SaidInHead, framing: Framing) -> bool:
        request = self._asked.request
        return (
            framing is not UNTIL_END and said.stays_open and (request is None or request.keep_alive)
        )

    def _end_body(self, event: Event) -> None:
        # Behind a response that is the last nothing is one, whatever it looks like (RFC 9112 section 9.6).
        if event is END_OF_BODY and not self._stays_open:
            event = LAST_END
        super()._end_body(event)
        if self._due and self.state is IDLE:
            self._take_turn()

    def _end_in_body(self) -> EndOfMessage | None:
        if self.state is not State.UNTIL_END:
            return super()._end_in_body()
        self._end_body(END_OF_CONNECTION)
        return END
