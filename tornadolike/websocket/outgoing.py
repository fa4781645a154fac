"""The half of the protocol that sends: messages in, bytes to send out.

A message is one frame, as a rule. One that is made piece by piece is a frame for each piece (RFC 6455, section 5.4);
frames of two messages may not be mixed, so whole messages that are sent meanwhile are kept *behind* it, in their
order. Pings, pongs and the Close frame go between its pieces.
"""

import os
from collections.abc import Callable, Hashable
from enum import Enum
from typing import Any, Protocol

from .._native import front, own_slots, twin
from .closing import State
from .errors import WebSocketClosedError, WebSocketError
from .frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    FIN,
    FINAL_BINARY,
    FINAL_TEXT,
    PING,
    PONG,
    SHORT,
    TEXT,
    encode_frame,
    encode_message,
)

MOST_BEHIND = 1024 * 1024
"""Bytes that may wait for the end of a message that is sent in pieces, before the next one is refused."""

_BEHIND_COST = 64  # what one counts beside its bytes


class Role(Enum):
    """Which end of the connection this is. Clients mask what they send, servers must not."""

    SERVER = "server"
    CLIENT = "client"


class Extension(Protocol):
    """What permessage-deflate, or another extension that transforms whole messages, has to offer."""

    reserved: int
    """The reserved bits (of a message's first frame) that say: this message was transformed."""

    sharing: Hashable
    """Connections for which this is equal can be sent the same bytes of :meth:`encode_shared`."""

    def decode(self, data: bytes, final: bool, limit: int) -> bytes:
        """The next piece of a transformed message, plain. Pieces are cut anywhere; ``final`` is the last.

        It must raise :exc:`.ProtocolFailure` with 1009 rather than return more than ``limit`` bytes.
        """
        ...

    def encode(self, payload: bytes, binary: bool) -> tuple[int, bytes]:
        """The reserved bits and the payload to send for a message."""
        ...

    def encode_piece(self, piece: bytes, first: bool, final: bool) -> tuple[int, bytes]:
        """The same for a piece of a message; the bits of the first one are the message's."""
        ...

    def encode_shared(self, payload: bytes, binary: bool) -> tuple[int, bytes]:
        """The same for a message that goes to many connections, made without the history of this one."""
        ...

    def sent_shared(self) -> None:
        """What :meth:`encode_shared` of another one has made goes out on this connection."""
        ...

    def release(self) -> bool:
        """Give back what memory there is to be given back while nothing happens; False if this is no time for it."""
        ...


class Shareable(Protocol):
    """A message that many connections are sent: :class:`.PreparedMessage`."""

    payload: bytes
    binary: bool

    def frame(self, extension: Extension | None) -> bytes:
        """The whole frame, unmasked."""
        ...


def random_mask() -> bytes:
    return os.urandom(4)


_CoreFields: Any = front("messages", "CoreFields")


class Outgoing(_CoreFields):  # type: ignore[misc]
    """What one end of a connection has to send.

    :arg role: which end.
    :arg extension: the extension that the handshake agreed on.
    :arg new_mask: makes the mask of each frame that a client sends.
    """

    __slots__ = own_slots(
        _CoreFields,
        "_behind",
        "_held_pong",
        "_in_pieces",
        "_masked",
        "_new_mask",
        "_out",
        "_pongs_held",
        "behind",
        "extension",
        "role",
        "state",
        "unsent",
    )

    def __init__(
        self,
        role: Role,
        extension: Extension | None = None,
        new_mask: Callable[[], bytes] = random_mask,
    ) -> None:
        self.role = role
        self.state = State.OPEN
        self.extension = extension
        self.unsent = 0
        """How many bytes :meth:`data_to_send` would return."""
        self.behind = 0
        """How many bytes of messages wait for the end of one that is sent in pieces, and some for each."""
        self._masked = role is Role.SERVER  # whether what we receive is masked
        self._new_mask = new_mask
        self._out: list[bytes] = []
        self._in_pieces = False
        self._behind: list[tuple[bytes, bool] | Shareable] = []
        self._pongs_held = False
        self._held_pong: bytes | None = None

    @twin("messages")
    def data_to_send(self) -> bytes:
        """What is to be sent to the peer, once."""
        out = self._out
        if not out:
            return b""
        data = out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        self.unsent = 0
        return data

    def send_message(self, payload: bytes, binary: bool) -> None:
        """Send a message; text must be UTF-8.

        Raises :exc:`.WebSocketClosedError` unless open, and :exc:`.WebSocketError` if too much waits for its turn.
        """
        if self.state is not State.OPEN:
            raise WebSocketClosedError("the connection is closed or closing")
        if self._in_pieces:
            self._put_behind((payload, binary), len(payload))
        elif self._masked and self.extension is None:
            frame = encode_message(payload, binary)
            self._out.append(frame)
            self.unsent += len(frame)
        else:
            first = FINAL_BINARY if binary else FINAL_TEXT
            if self.extension is not None:
                reserved, payload = self.extension.encode(payload, binary)
                first |= reserved
            self._send_frame(first, payload)

    def send_prepared(self, message: Shareable) -> None:
        """Send a message that others are sent, too. Raises as :meth:`send_message`."""
        if not self._masked:
            self.send_message(message.payload, message.binary)  # each frame has its own mask
            return
        if self.state is not State.OPEN:
            raise WebSocketClosedError("the connection is closed or closing")
        if self._in_pieces:
            self._put_behind(message, len(message.payload))
            return
        frame = message.frame(self.extension)
        self._out.append(frame)
        self.unsent += len(frame)

    def _put_behind(self, message: tuple[bytes, bool] | Shareable, size: int) -> None:
        if self.behind > MOST_BEHIND:
            raise WebSocketError(
                f"{self.behind} bytes wait for the end of a message that is sent in pieces, more than may: await what "
                "write_message() returns, or end that message sooner"
            )
        self._behind.append(message)
        self.behind += size + _BEHIND_COST

    def send_piece(self, payload: bytes, binary: bool, *, first: bool, final: bool) -> None:
        """Send a piece of a message; the pieces of a text together must be UTF-8.

        One message is sent in pieces at a time: the next can begin when the ``final`` piece of the last one was sent.
        Raises :exc:`.WebSocketClosedError` unless open, and :exc:`RuntimeError` for a piece that is out of turn.
        """
        if self.state is not State.OPEN:
            raise WebSocketClosedError("the connection is closed or closing")
        if first is self._in_pieces:
            raise RuntimeError(
                "one message after another: the last one is still being sent in pieces"
                if first
                else "the first piece of a message is sent with first=True"
            )
        opcode = (BINARY if binary else TEXT) if first else CONTINUATION
        if self.extension is not None:
            reserved, payload = self.extension.encode_piece(payload, first, final)
            if first:
                opcode |= reserved
        self._send_frame(opcode | FIN if final else opcode, payload)
        self._in_pieces = not final
        if final and self._behind:
            self._send_what_is_behind()

    def _send_what_is_behind(self) -> None:
        waiting, self._behind, self.behind = self._behind, [], 0
        for message in waiting:
            if isinstance(message, tuple):
                self.send_message(*message)
            else:
                self.send_prepared(message)

    def send_ping(self, data: bytes = b"") -> None:
        """Send a ping with up to 125 bytes of data. Raises :exc:`.WebSocketClosedError` unless open."""
        if not isinstance(data, bytes):
            raise TypeError(f"the data of a ping are str or bytes, not {data!r}")
        if len(data) > SHORT:
            raise ValueError(f"a ping holds at most {SHORT} bytes, not {len(data)}")
        if self.state is not State.OPEN:
            raise WebSocketClosedError("the connection is closed or closing")
        self._send_frame(FIN | PING, data)

    def hold_pongs(self, hold: bool) -> None:
        """While the peer takes nothing of what we send, keep only the pong to its latest ping.

        Section 5.5.3 allows that, and a peer that pings and never reads cannot make us queue pongs.
        """
        self._pongs_held = hold
        if not hold and self._held_pong is not None:
            pong, self._held_pong = self._held_pong, None
            self._answer_ping(pong)

    def _answer_ping(self, data: bytes) -> None:
        if self._pongs_held:
            self._held_pong = data
        elif self.state is State.OPEN:  # nothing follows our Close frame
            self._send_frame(FIN | PONG, data)

    def _send_close_frame(self, payload: bytes) -> None:
        """The last that is sent: what waited for its turn never goes out."""
        self._held_pong = None
        self._behind.clear()
        self.behind = 0
        self._send_frame(FIN | CLOSE, payload)

    def _send_frame(self, first: int, payload: bytes) -> None:
        frame = encode_frame(first, payload, b"" if self._masked else self._new_mask())
        self._out.append(frame)
        self.unsent += len(frame)
