"""What arrives: the events of :meth:`.protocol.WebSocketCore.next_event`.

A whole text message is a plain :class:`str` and a whole binary message plain :class:`bytes`: for them,
which is nearly always, there is nothing to make and nothing to unwrap. All else is one of these.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ping:
    """A ping; its pong is in the output already (or held back, see ``hold_pongs``)."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pong:
    """A pong, in answer to a ping of ours or unasked for."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The last event: the peer sent a Close frame, and the closing handshake is complete.

    ``code`` and ``reason`` are the peer's, None if it gave none.
    """

    code: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Failed:
    """The last event: the connection ended without the peer's Close frame.

    The peer broke the protocol, and ``code`` and ``reason`` are what our Close frame tells it; or its
    bytes just ended (``code`` 1006: nothing is sent).
    """

    code: int
    reason: str


Event = str | bytes | Ping | Pong | Closed | Failed
