""":class:`WatchedSocket`: a socket that a transport owns, and what the loop watches it for."""

import asyncio
import socket
import warnings

from ..core import Core


class WatchedSocket(asyncio.WriteTransport):
    """What every transport over a socket has of it.

    The socket is watched for what matters now and for nothing else. One for which nothing does is not
    watched at all, because its errors would be reported at every poll.
    """

    __slots__ = ()

    _closing: bool
    _events: int
    _fd: int
    _loop: Core
    _lost: bool
    _sock: socket.socket

    def _wanted_events(self) -> int:
        """What matters now: bits of :mod:`~tornadolike.ioloop.poller`."""
        raise NotImplementedError

    def _on_events(self, events: int) -> None:
        raise NotImplementedError

    def _watch(self, events: int) -> None:
        self._loop.watch(self._fd, self._on_events, events)

    def _update_events(self) -> None:
        """Watch for what matters now."""
        if not self._lost:
            self._watch_for(self._wanted_events())

    def _watch_for(self, events: int) -> None:
        if events == self._events:
            return
        if not events:
            self._loop.unwatch(self._fd)
        elif not self._events:
            self._watch(events)
        else:
            self._loop.rewatch(self._fd, events)
        self._events = events  # type: ignore[misc]  # a slot of the subclass

    def _socket_closed(self) -> None:
        """The socket is closed: at the end, or because everybody has forgotten the transport."""

    def is_closing(self) -> bool:
        return self._closing

    def __del__(self) -> None:
        sock = getattr(self, "_sock", None)  # none if the constructor failed
        if sock is not None and sock.fileno() != -1:
            warnings.warn(
                f"unclosed transport {self!r}", ResourceWarning, stacklevel=2, source=self
            )
            sock.close()
            self._socket_closed()

    def __repr__(self) -> str:
        state = "lost" if self._lost else "closing" if self._closing else "open"
        return (
            f"<{type(self).__name__} fd={self._fd} {state} waiting={self.get_write_buffer_size()}>"
        )
