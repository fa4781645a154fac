"""Pulling: a protocol that takes bytes when it wants them, rather than being given them.

A transport pushes: it receives whatever comes and hands it to its protocol. To a :class:`PullProtocol` it
does not. It tells when something could be done, and the protocol does it, or not:

=========================  ====================================================================
the protocol calls         and the transport
=========================  ====================================================================
``want(events)``           calls ``on_ready(events)`` whenever one of them is possible
``receive_into(buffer)``   gives what there is now
``send_now(pieces)``       takes what it can take now, and keeps nothing back
``close()``, ``abort()``   ends at once, and does not say so, if nothing that was written waits
=========================  ====================================================================

``connection_lost`` comes only for an end that the protocol did not make itself. Everything else about
such a transport is as always, and ``set_protocol`` leads from one manner to the other.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol

from .pieces import Piece

LAST_RECEIVINGS: Final = 16
"""How often a connection that is given up is asked for what it has received: the peer may never stop."""


class PullProtocol(asyncio.BaseProtocol):
    """A protocol that takes bytes when it wants them."""

    __slots__ = ()

    def on_ready(self, events: int) -> None:
        """What :meth:`~PullTransport.want` asked for is possible.

        Called again at every turn of the loop until it is done or not wanted any more.

        :arg events: bits of :mod:`~tornadolike.ioloop.poller`: READ if there are bytes, an end or an
            error to be received, WRITE if there is room for bytes to be sent, or an error.
        """
        raise NotImplementedError


class PullTransport(Protocol):
    """What a :class:`PullProtocol` needs of its transport."""

    def want(self, events: int) -> None:
        """Call ``on_ready`` when one of ``events`` (READ, WRITE, both or 0) is possible."""
        ...

    def receive_into(self, buffer: Any) -> int | None:
        """Move what there is now into ``buffer``; how many bytes that was.

        None if there is nothing now, 0 at the peer's end. Raises :exc:`OSError` if the connection is
        broken; it is the protocol's to close it then.
        """
        ...

    def send_now(self, pieces: Sequence[Piece]) -> int:
        """Send what can be sent now of ``pieces`` (at least one, none empty); how many bytes that was.

        Raises :exc:`OSError` if the connection is broken; it is the protocol's to close it then.
        """
        ...

    def close(self) -> None:
        """End the connection properly, behind what was sent. Idempotent."""
        ...

    def abort(self) -> None:
        """End the connection now. Idempotent."""
        ...

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What :class:`asyncio.BaseTransport` tells, depending on its kind."""
        ...


def what_had_come(
    receive_into: Callable[[Any], int | None], memory: memoryview
) -> Iterator[memoryview]:
    """What a connection that is given up has received; each part is to be used at once.

    Left unread, it would turn our end to a reset, which eats what was written last.

    :arg receive_into: the transport's.
    :arg memory: where the parts are received.
    """
    try:
        for _ in range(LAST_RECEIVINGS):
            count = receive_into(memory)
            if not count:
                break
            yield memory[:count]
    except OSError:
        pass  # it is reset already
