""":func:`broadcast`: one message to many connections, framed and compressed once, whatever some of them do.

Nobody is waited for, as nobody who sends to many can wait for the slowest. What a connection has not taken is kept for
it, and how much of that there may be is what a policy says (:class:`SlowReaders`): so a reader that has stopped costs a
bounded amount of memory, and the others nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from .._native import twin
from ..escape import json_encode
from ..log import app_log, gen_log
from ..util import check_not_negative
from .closing import INTERNAL_ERROR, TRY_AGAIN_LATER
from .connection import SendingConnection
from .errors import WebSocketClosedError
from .prepared import PreparedMessage

HIGH_WATER = 64 * 1024
"""Bytes that may wait for a connection before it is slow, for ``SKIP`` and ``CLOSE``."""

LIMIT = 1024 * 1024
"""Bytes that may wait for a connection before it is closed, for ``QUEUE``."""

TOO_SLOW = "reads too slowly"
"""The reason that a connection is given which is closed because it is slow."""


class SlowReaders(Enum):
    """What becomes of a message for a connection that has not taken what it was sent before."""

    SKIP = "skip"
    """It is left out for a connection for which more than ``high_water`` bytes wait.

    For what the next message makes good: prices, positions, the state of a game.
    """
    CLOSE = "close"
    """Such a connection is closed, with 1013 and the reason "reads too slowly"."""
    QUEUE = "queue"
    """It is kept, as long as no more than ``limit`` bytes wait; then the connection is closed as with ``CLOSE``.

    For what nobody may miss unknowingly: a chat. Who was closed comes back and asks what there was.
    """


@dataclass(frozen=True, slots=True)
class Broadcast:
    """What became of a message: how many connections got it (or will, when they read), and how many did not."""

    sent: int
    skipped: int
    """Were slow, and went without."""
    closed: int
    """Were slow and are being closed, or something went wrong in our own code."""
    gone: int
    """Were closed or closing already."""


class HasConnection(Protocol):
    """A :class:`.WebSocketHandler`, or a client's connection."""

    @property
    def ws_connection(self) -> SendingConnection | None: ...


def broadcast(
    connections: "Iterable[HasConnection | SendingConnection]",
    message: str | bytes | dict[str, Any] | PreparedMessage,
    binary: bool = False,
    *,
    slow: SlowReaders = SlowReaders.QUEUE,
    high_water: int = HIGH_WATER,
    limit: int = LIMIT,
) -> Broadcast:
    """Send a message to many connections at once, and tell how many got it.

    .. code-block:: python

        def on_message(self, message):
            broadcast(room.members, f"{self.name}: {message}")

    It is framed once, and compressed once for all whose compression is alike. Nothing is waited for: when it returns,
    each connection has the message, or keeps it until its client reads on. So two messages arrive everywhere in the
    order in which they were sent. A connection that is closed, or that fails, makes no difference to the others.

    :arg connections: handlers, clients' connections, in any iterable; it may change meanwhile.
    :arg message: text, a dict as JSON, or bytes.
    :arg binary: whether bytes are sent as binary; otherwise they have to be UTF-8.
    :arg slow: what is done about connections that do not take what they are sent.
    :arg high_water: bytes that may wait for a connection before it counts as slow, with ``SKIP`` and ``CLOSE``.
    :arg limit: the same with ``QUEUE``.

    What counts is what waits in this process before the message: an idle connection is sent a message of any size. A
    connection that is closed for its slowness has its ``close_timeout`` to take what waits, and is cut off then.

    Raises :exc:`TypeError` for what is no connection and no message, and :exc:`ValueError` for bytes that are not
    UTF-8 and a negative limit, before anybody is sent anything.
    """
    if not isinstance(slow, SlowReaders):
        raise TypeError(f"slow is one of SlowReaders, not {slow!r}")
    most = limit if slow is SlowReaders.QUEUE else high_water
    check_not_negative(**{"limit" if slow is SlowReaders.QUEUE else "high_water": most})
    targets = [_connection_of(connection) for connection in connections]
    if isinstance(message, dict):
        message = json_encode(message)
    if not isinstance(message, PreparedMessage):
        message = PreparedMessage(message, binary)
    sent, gone, slow_ones, failed = send_to_all(targets, message, most)
    open_ones = [target for target in slow_ones if not target.is_closing()]
    gone += len(slow_ones) - len(open_ones)
    if slow is SlowReaders.SKIP:
        skipped, closed = len(open_ones), 0
    else:
        skipped, closed = 0, len(open_ones)
        _close_slow(open_ones)
    _close_failed(failed)
    return Broadcast(sent, skipped, closed + len(failed), gone)


@twin("conversation")
def send_to_all(
    targets: list[SendingConnection | None], message: PreparedMessage, most: int
) -> tuple[int, int, list[SendingConnection], list[tuple[SendingConnection, Exception]]]:
    """How many were sent it and how many are gone; those for whom too much waits, and those for whom it failed."""
    sent = gone = 0
    slow_ones: list[SendingConnection] = []
    failed: list[tuple[SendingConnection, Exception]] = []
    for target in targets:
        if target is None:
            gone += 1
            continue
        try:
            if target.unsent > most:
                slow_ones.append(target)
                continue
            target.write_message(message)
        except WebSocketClosedError:
            gone += 1
        except Exception as error:
            failed.append((target, error))
        else:
            sent += 1
    return sent, gone, slow_ones, failed


def _connection_of(connection: HasConnection | SendingConnection) -> SendingConnection | None:
    if isinstance(connection, SendingConnection):
        return connection
    try:
        return connection.ws_connection
    except AttributeError:
        raise TypeError(
            f"broadcast() sends to WebSocketHandlers and WebSocketClientConnections, not to {connection!r}"
        ) from None


def _close_slow(connections: list[SendingConnection]) -> None:
    if not connections:
        return
    for connection in connections:
        connection.close(TRY_AGAIN_LATER, TOO_SLOW)
    gen_log.info("closing %d WebSockets with %d: %s", len(connections), TRY_AGAIN_LATER, TOO_SLOW)


def _close_failed(failed: list[tuple[SendingConnection, Exception]]) -> None:
    """What fails for one fails for many, most often: it is logged once."""
    if not failed:
        return
    for connection, _ in failed:
        connection.close(INTERNAL_ERROR)
    error = failed[0][1]
    app_log.error(
        "a broadcast failed for %d WebSockets, which are closed with %d",
        len(failed),
        INTERNAL_ERROR,
        exc_info=error,
    )
