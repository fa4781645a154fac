""":class:`ConnectionStream`: what programs ask of ``request.connection.stream``, as with Tornado."""

from collections.abc import Callable
from typing import Any, Protocol

from ..ioloop import IOLoop


class Streamlike(Protocol):
    """What of a connection is needed to look like a stream."""

    transport: Any

    def abort(self) -> None:
        """Close now."""
        ...

    def set_close_callback(self, callback: Callable[[], object] | None) -> None:
        """Tell of the end."""
        ...


class ConnectionStream:
    """The face of a stream, without one: a server's connection reads and writes by itself.

    To read or write past HTTP take the connection by ``request.connection.detach()``.
    """

    def __init__(self, connection: Streamlike) -> None:
        self._connection = connection

    @property
    def socket(self) -> Any:
        """What :meth:`asyncio.BaseTransport.get_extra_info` calls so."""
        return self._connection.transport.get_extra_info("socket")

    @property
    def io_loop(self) -> IOLoop:
        """The loop that the connection is on."""
        return IOLoop.current()

    def closed(self) -> bool:
        """Whether the connection has ended, or is about to."""
        closing: bool = self._connection.transport.is_closing()
        return closing

    def close(self) -> None:
        """Cut the connection."""
        self._connection.abort()

    def set_close_callback(self, callback: Callable[[], object] | None) -> None:
        """Call ``callback()`` if the connection is lost before the current response is whole."""
        self._connection.set_close_callback(callback)

    def set_nodelay(self, value: bool) -> None:
        """Nothing: small pieces are always sent at once."""
