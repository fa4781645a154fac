"""Messages that are sent while they are made: piece by piece, each in a frame of its own (RFC 6455, section 5.4).

How far the client takes them decides how fast they are made, so a message of any size costs the memory of a piece. One
is sent at a time on a connection: who begins another waits for his turn, and whole messages that are sent meanwhile
follow behind it.

A message that is broken off cannot be ended: its receiver would take the half for the whole. So then the connection is
closed.
"""

import asyncio
from types import TracebackType

from ..web.streams.generators import Source, Turns, close_items, items_of
from .closing import INTERNAL_ERROR
from .connection import SendingConnection
from .connection.in_turn import InTurn
from .errors import ProtocolFailure, WebSocketClosedError
from .frames import check_utf8
from .prepared import encoded

BROKEN_OFF = "a message broke off"


class MessageInPieces:
    """A message that is being sent, as ``async with`` gives it: see :meth:`SendsInPieces.begin_message`."""

    __slots__ = ("_begun", "_binary", "_connection", "_entered", "_open", "_tail", "_turn")

    _turn: InTurn

    def __init__(self, connection: SendingConnection, binary: bool) -> None:
        self._connection = connection
        self._binary = binary
        self._begun = False
        self._tail = b""  # the beginning of a character
        self._entered = False
        self._open = False  # whether inside "async with"

    async def write(self, piece: str | bytes) -> None:
        """Send a piece, and wait while the client is behind with reading. An empty one sends nothing.

        A piece of a text is ``str``, or ``bytes`` of UTF-8, which may be cut anywhere.

        Raises :exc:`TypeError` and :exc:`ValueError` for what cannot be sent, :exc:`.WebSocketClosedError` if the
        connection is closed or closing, and :exc:`RuntimeError` outside of ``async with``.
        """
        if not self._open:
            raise RuntimeError(
                "write() is called inside `async with self.begin_message() as message`"
            )
        payload = self._checked(piece)
        if payload:
            first = not self._begun
            self._begun = True
            await self._connection.write_piece(payload, self._binary, first=first, final=False)

    def _checked(self, piece: str | bytes) -> bytes:
        if self._binary or (isinstance(piece, str) and not self._tail):
            return encoded(piece, True)
        payload = encoded(piece, True)
        try:
            self._tail = check_utf8(self._tail, payload)
        except ProtocolFailure:
            raise ValueError(
                "the pieces of a text are UTF-8; other bytes are sent with binary=True"
            ) from None
        return payload

    async def __aenter__(self) -> "MessageInPieces":
        if self._entered:
            raise RuntimeError("a message is sent once: call begin_message() again")
        self._entered = True
        connection = self._connection
        if connection.in_turn is None:
            connection.in_turn = InTurn()
        self._turn = connection.in_turn
        await self._turn.begin()
        if connection.is_closing():
            await self._turn.leave(None, None, None)
            self._turn.end()
            raise WebSocketClosedError("the connection is closed or closing")
        self._open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open = False
        whole = False
        try:
            await self._turn.leave(kind, error, traceback)
            if kind is None:
                self._finish()
            whole = kind is None or not self._begun
        finally:
            if not whole:
                self._connection.close(INTERNAL_ERROR, BROKEN_OFF)
            self._turn.end()
        if kind is None:
            await self._connection

    def _finish(self) -> None:
        if self._tail:
            raise ValueError("a text ends inside a character")
        self._connection.write_piece(b"", self._binary, first=not self._begun, final=True)


class SendsInPieces:
    """What a handler and a client's connection have in common."""

    @property
    def ws_connection(self) -> SendingConnection | None:
        """The connection while it is open."""
        raise NotImplementedError

    def begin_message(self, binary: bool = False) -> MessageInPieces:
        """Send a message that is not there as a whole yet.

        .. code-block:: python

            async with self.begin_message(binary=True) as message:
                while piece := await camera.read(65536):
                    await message.write(piece)

        Each piece leaves at once, and ``write()`` waits while the client is behind with reading. The message ends with
        the block; if the block is left by an exception, the rest of the connection is lost with it: it is closed with
        1011 (unless nothing was written yet). If the connection is lost, what the block waits for is cancelled, and
        :exc:`.WebSocketClosedError` is raised in its place.

        Messages that are sent meanwhile by ``write_message`` follow behind this one, and another ``begin_message``
        waits for its end. To the client it is one message: that it came in pieces may show, or may not.

        :arg binary: whether it is binary; otherwise it is text.

        Raises :exc:`.WebSocketClosedError` if the connection is closed or closing.
        """
        connection = self.ws_connection
        if connection is None:
            raise WebSocketClosedError("the WebSocket is not open")
        return MessageInPieces(connection, binary)

    async def send_stream(self, pieces: Source, binary: bool = False) -> None:
        """Send a message of the pieces that a generator makes; return when the client has taken enough of the last.

        As :meth:`begin_message` with a ``write()`` for each of them, so the next one is asked for when there is room
        for it. The generator is closed whatever happens.

        :arg pieces: an asynchronous generator, a generator, or another iterable, of ``str`` or ``bytes``.
        :arg binary: whether it is binary; otherwise it is text.

        Raises as :meth:`begin_message` does, and :exc:`TypeError` for what is not made of pieces.
        """
        items = items_of(pieces)
        turns = Turns()
        try:
            async with self.begin_message(binary) as message:
                async for piece in items:
                    await message.write(piece)
                    if turns.is_over(len(piece)):
                        await asyncio.sleep(0)
        finally:
            await close_items(items)
