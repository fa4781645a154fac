""":class:`Kept`: what has come over kept connections before anybody asked for it.

libcurl would take it for the answer to the next request. So it is looked for just before that request goes out.
"""

import select
import socket
from collections.abc import Iterable

Name = tuple[str, int]
"""Our end of a connection: its IP address and port."""


class Kept:
    """The sockets of connections that may be used again, by our ends of them.

    An entry may outlive its connection. That does no harm, as long as a new one with the same end is told by
    :meth:`forget`.
    """

    def __init__(self) -> None:
        self._sockets: dict[Name, int] = {}
        self._names: dict[int, Name] = {}

    def add(self, name: Name, candidates: Iterable[int]) -> None:
        """One of these sockets, which were opened for it, is the connection of this name."""
        for fd in candidates:
            if _name_of(fd) == name:
                self.forget(name)
                self._sockets.pop(self._names.get(fd, name), None)
                self._sockets[name] = fd
                self._names[fd] = name

    def forget(self, name: Name) -> None:
        """It is now the name of a new connection."""
        fd = self._sockets.pop(name, None)
        if fd is not None:
            del self._names[fd]

    def has_spoken(self, name: Name) -> bool:
        """Whether there is something to be read, or the connection has ended."""
        fd = self._sockets.get(name)
        if fd is None:
            return False
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        return bool(poll.poll(0))


def _name_of(fd: int) -> Name | None:
    """Our end of what is libcurl's, and remains so."""
    try:
        sock = socket.socket(fileno=fd)
    except OSError:
        return None  # it is closed
    try:
        name = sock.getsockname()
    except OSError:
        return None
    finally:
        sock.detach()
    return name[:2] if isinstance(name, tuple) else None
