"""The WebSocket protocol without sockets: bytes in, events out, and bytes to send.

.. code-block:: python

    core = WebSocketCore(Role.SERVER)
    core.receive_data(bytes_from_the_peer)
    while (event := core.next_event()) is not None:
        if isinstance(event, (str, bytes)):
            core.send_message(b"thank you", binary=False)
    transport.write(core.data_to_send())

Events are *pulled*, one at a time, and bytes are looked at only when somebody asks for the next event.
So what a program says in answer to one event leaves before the answer to the next, and a message that
came in one packet with a Close frame can still be answered.

How it reads. Between messages :func:`.frames.read_whole_message` is asked first: what is not very large and there
whole is cut out, unmasked and decoded with nothing else done. Everything else goes the long way:

* A frame's head is checked as soon as its two first bytes are there, and its length as soon as that is
  there: before any of its payload is kept.
* A control frame (at most 125 bytes) is waited for.
* The payload of a data frame is taken as it comes: unmasked, checked (text: UTF-8 up to the last byte
  that has arrived) and added to the message. So there is never more in memory than the message so far,
  a wrong byte is found when it arrives, and the time is linear in the bytes, in however many pieces
  and fragments they come. (A fragment costs its head and no memory, even if it is empty.)
"""

from collections.abc import Callable
from enum import Enum
from typing import Final

from .._native import install, own_slots, references, twin
from .closing import ABNORMAL, TOO_BIG, TRANSITIONS, State, Step, decode_close, encode_close
from .errors import ProtocolFailure
from .events import Closed, Event, Failed, Ping, Pong
from .frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    FIN,
    FINAL_BINARY,
    FINAL_TEXT,
    INVALID_PAYLOAD,
    MASKED,
    OPCODE,
    PING,
    PONG,
    PROTOCOL_ERROR,
    RESERVED,
    SHORT,
    TEXT,
    apply_mask,
    check_utf8,
    read_head,
    read_whole_message,
)
from .outgoing import Extension, Outgoing, Role, random_mask

__all__ = ["DEFAULT_MAX_MESSAGE_SIZE", "Extension", "Role", "WebSocketCore"]

DEFAULT_MAX_MESSAGE_SIZE: Final = 10 * 1024 * 1024


class _NeedMore(Enum):
    """Says that what is there is not a whole frame; distinct from None, which says "no event yet"."""

    DATA = "data"
    LEAVE = "somebody's leave to go on"


class WebSocketCore(Outgoing):
    """One end of a WebSocket connection, from after the handshake.

    :arg role: which end.
    :arg max_message_size: the most bytes that a message may have; a longer one ends the connection
        with 1009 as soon as its length is known.
    :arg extension: the extension that the handshake agreed on.
    :arg new_mask: makes the mask of each frame that a client sends.
    """

    __slots__ = own_slots(
        Outgoing,
        "_agreed",
        "_at",
        "_between",
        "_chunks",
        "_data",
        "_ended",
        "_final",
        "_hold_close",
        "_left",
        "_mask",
        "_max_message_size",
        "_message",
        "_opcode",
        "_reserved",
        "_tail",
        "close_held",
    )

    def __init__(
        self,
        role: Role,
        *,
        max_message_size: int = DEFAULT_MAX_MESSAGE_SIZE,
        extension: Extension | None = None,
        new_mask: Callable[[], bytes] = random_mask,
    ) -> None:
        super().__init__(role, extension, new_mask)
        self._max_message_size = max_message_size
        # Input: what is being read, from _at on, and what came after it.
        self._data = b""
        self._at = 0
        self._chunks: list[bytes] = []
        self._ended = False
        self._hold_close = False
        self.close_held = False
        self._agreed = (
            extension.reserved if extension else 0
        )  # the reserved bits that have a meaning
        self._between = True  # whether a message may begin with what comes next
        # The data frame that is being read: how many bytes are to come.
        self._left = 0
        self._final = False
        self._mask = b""
        # The message that is being read: None between messages.
        self._message: bytearray | None = None
        self._opcode = CONTINUATION
        self._reserved = 0
        self._tail = b""

    # Input

    @twin("messages")
    def receive_data(self, data: bytes) -> None:
        """Take bytes that the peer sent. :meth:`next_event` says what they mean."""
        if self.state is State.CLOSED:
            return
        if self._at == len(self._data) and not self._chunks:
            self._data = data
            self._at = 0
        else:
            self._chunks.append(data)

    @property
    def pending(self) -> bool:
        """Whether there are bytes that :meth:`next_event` has not looked at, or not used."""
        return self._at < len(self._data) or bool(self._chunks)

    def hold_close(self, hold: bool) -> None:
        """Leave a Close frame where it is when it comes, and what is behind it: :attr:`close_held` tells.

        So what came before it can be looked at while somebody is still answering, which its Close frame would forbid.
        """
        self._hold_close = hold
        self.close_held = False

    def receive_eof(self) -> None:
        """The peer will send nothing more (or the connection is lost)."""
        self._ended = True

    @twin("messages")
    def next_event(self) -> Event | None:
        """The next thing that happened, or None until there are more bytes (or for ever, when closed)."""
        if self._between:
            frame = None
            if self._at < len(self._data):
                frame = read_whole_message(
                    self._data, self._at, self._masked, self._agreed, self._max_message_size
                )
            elif not self._chunks and not self._ended:
                self._data = b""  # an idle connection holds no buffer
                self._at = 0
                return None
            if frame is not None:
                first, payload, self._at = frame
                if first == FINAL_BINARY:
                    return payload
                try:
                    if first != FINAL_TEXT:
                        assert self.extension is not None
                        payload = self.extension.decode(payload, True, self._max_message_size)
                        if first & BINARY:
                            return payload
                    return str(payload, "utf-8")
                except UnicodeDecodeError:
                    return self._fail(INVALID_PAYLOAD, "text is not UTF-8")
                except ProtocolFailure as failure:
                    return self._fail(failure.code, failure.reason)
        elif self.state is State.CLOSED:
            return None
        try:
            return self._next_event()
        except ProtocolFailure as failure:
            return self._fail(failure.code, failure.reason)

    def _next_event(self) -> Event | None:
        while True:
            event: Event | _NeedMore | None
            if self._at == len(self._data):
                event = _NeedMore.DATA
            elif self._left:
                event = self._read_payload()
            else:
                event = self._read_frame()
            if event is _NeedMore.DATA:
                if not self._refill():
                    return self._end() if self._ended else None
            elif event is _NeedMore.LEAVE:
                return None
            elif event is not None:
                return event

    def _refill(self) -> bool:
        """Put what came later behind what is left; False if there is nothing.

        What is left is then the beginning of a head or of a control frame, a few bytes: nothing long
        is ever copied twice, and an idle connection holds no buffer.
        """
        rest = self._data[self._at :]
        self._at = 0
        if not self._chunks:
            self._data = rest
            return False
        self._data = b"".join((rest, *self._chunks))
        self._chunks.clear()
        return True

    def _read_frame(self) -> Event | _NeedMore | None:
        """Read a frame, or the head and the beginning of one."""
        data, at = self._data, self._at
        if len(data) < at + 2:
            return _NeedMore.DATA
        first = data[at]
        control = first & 0x08
        self._check_start(first, data[at + 1])
        head = read_head(data, at)
        if head is None:
            return _NeedMore.DATA
        length, start = head
        if not control:
            self._check_length(first, length)
        mask = b""
        if self._masked:
            mask = data[start : start + 4]
            start += 4
        end = start + length
        if len(data) < end and (control or len(data) < start):
            return _NeedMore.DATA
        if control:
            if self._hold_close and first & OPCODE == CLOSE:
                self.close_held = True
                return _NeedMore.LEAVE
            self._at = end
            payload = data[start:end]
            return self._control(first & OPCODE, apply_mask(mask, payload) if mask else payload)
        self._at = start
        self._mask = mask
        self._left = length
        self._final = first >= FIN
        if self._message is None:
            self._opcode = first & OPCODE
            self._reserved = first & RESERVED
            if self._final and len(data) >= end:
                return self._read_whole_message()
            self._message = bytearray()
            self._between = False
        return self._read_payload()

    def _check_start(self, first: int, second: int) -> None:
        """Refuse a frame whose first two bytes are wrong here (sections 5.2, 5.4, 5.5)."""
        opcode = first & OPCODE
        if second & MASKED and not self._masked:
            raise ProtocolFailure(PROTOCOL_ERROR, "masked frame from a server")
        if not second & MASKED and self._masked:
            raise ProtocolFailure(PROTOCOL_ERROR, "unmasked frame from a client")
        if first & RESERVED:
            # An extension's bits mark the first frame of a message, and only that.
            agreed = self._agreed if opcode in (TEXT, BINARY) else 0
            if first & RESERVED & ~agreed:
                raise ProtocolFailure(PROTOCOL_ERROR, "unexpected reserved bits")
        if opcode >= CLOSE:
            if opcode > PONG:
                raise ProtocolFailure(PROTOCOL_ERROR, "unknown opcode")
            if not first & FIN:
                raise ProtocolFailure(PROTOCOL_ERROR, "fragmented control frame")
            if second & ~MASKED > SHORT:
                raise ProtocolFailure(PROTOCOL_ERROR, "control frame too long")
        elif opcode > BINARY:
            raise ProtocolFailure(PROTOCOL_ERROR, "unknown opcode")
        elif opcode == CONTINUATION:
            if self._message is None:
                raise ProtocolFailure(PROTOCOL_ERROR, "continuation of nothing")
        elif self._message is not None:
            raise ProtocolFailure(PROTOCOL_ERROR, "new message inside a fragmented one")

    def _check_length(self, first: int, length: int) -> None:
        """Refuse a message that is going to be too big, before any of this frame is kept."""
        if self._message is None:
            transformed, so_far = first & RESERVED, 0
        else:
            transformed, so_far = self._reserved, len(self._message)
        # The limit is on the plain message; its extension minds it while it decodes.
        if not transformed and so_far + length > self._max_message_size:
            raise ProtocolFailure(TOO_BIG, "message too big")

    def _read_whole_message(self) -> str | bytes:
        """Cut out a message that is one frame and lies whole in the buffer: no copy on the way."""
        end = self._at + self._left
        payload = self._data[self._at : end]
        self._at = end
        self._left = 0
        if self._mask:
            payload = apply_mask(self._mask, payload)
        if self._reserved:
            assert self.extension is not None
            payload = self.extension.decode(payload, True, self._max_message_size)
        if self._opcode == BINARY:
            return payload
        try:
            return str(payload, "utf-8")
        except UnicodeDecodeError:
            raise ProtocolFailure(INVALID_PAYLOAD, "text is not UTF-8") from None

    def _read_payload(self) -> str | bytes | None:
        """Add what has arrived of a frame to its message; the message, if that ends it."""
        message = self._message
        assert message is not None
        data = self._data[self._at : self._at + self._left]
        self._at += len(data)
        self._left -= len(data)
        if self._mask:
            turn = len(data) & 3
            data = apply_mask(self._mask, data)
            self._mask = self._mask[turn:] + self._mask[:turn]
        last = self._final and self._left == 0
        if self._reserved:
            assert self.extension is not None
            data = self.extension.decode(data, last, self._max_message_size - len(message))
        if self._opcode == TEXT:
            self._tail = check_utf8(self._tail, data)
        message += data
        if not last:
            return None
        if self._tail:
            raise ProtocolFailure(INVALID_PAYLOAD, "text is not UTF-8")
        self._message = None
        self._between = True
        return message.decode() if self._opcode == TEXT else bytes(message)

    def _control(self, opcode: int, payload: bytes) -> Event:
        if opcode == PING:
            self._answer_ping(payload)
            return Ping(payload)
        if opcode == PONG:
            return Pong(payload)
        code, reason = decode_close(payload)
        self._step(Step.RECEIVE_CLOSE, encode_close(code, None))
        return Closed(code, reason)

    # The end

    def send_close(self, code: int | None = None, reason: str | None = None) -> None:
        """Begin to close, if nobody has. Raises :exc:`ValueError` for what may not be sent."""
        self._step(Step.SEND_CLOSE, encode_close(code, reason))

    def _step(self, step: Step, close: bytes) -> None:
        """Change the state as the table says, and send our Close frame if the table says so."""
        self.state, says_close = TRANSITIONS[self.state, step]
        if says_close:
            self._send_close_frame(close)
        if self.state is State.CLOSED:
            self._between = False
            self._message = None
            self._data = b""
            self._at = 0
            self._chunks.clear()

    def _fail(self, code: int, reason: str) -> Failed:
        self._step(Step.FAIL, encode_close(code, reason))
        return Failed(code, reason)

    def _end(self) -> Failed:
        self._step(Step.END, b"")
        return Failed(ABNORMAL, "the connection ended without a Close frame")


install("messages", State.OPEN, State.CLOSED, references["messages.next_event"])
