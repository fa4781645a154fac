"""A socket on which what can go wrong does, as a script has it.

The kernel does all of this at times, but not when one wants it: it takes a part of what is sent, it gives
a part of what has come, it says "not now" on a socket that was reported as ready, and it breaks the connection.
"""

import errno
import os
import socket
from collections.abc import Iterable, Iterator
from typing import Any

Fault = int | OSError | None
"""So many bytes at the most, an error, or (None) whatever the kernel does."""


def failure(number: int) -> OSError:
    """The exception that the kernel's error becomes: of its own class."""
    return OSError(number, os.strerror(number))


AGAIN = failure(errno.EAGAIN)
INTERRUPTED = failure(errno.EINTR)
RESET = failure(errno.ECONNRESET)
BROKEN_PIPE = failure(errno.EPIPE)
TIMED_OUT = failure(errno.ETIMEDOUT)
UNREACHABLE = failure(errno.EHOSTUNREACH)

PASSING = (AGAIN, INTERRUPTED)
FATAL = (RESET, BROKEN_PIPE, TIMED_OUT, UNREACHABLE)


class FaultySocket(socket.socket):
    """Takes over a connected socket.

    :arg sock: is taken to pieces.
    :arg sending: a fault for each call that sends, in their order; then the kernel has its way.
    :arg receiving: the same for each call that receives.
    """

    def __init__(
        self,
        sock: socket.socket,
        *,
        sending: Iterable[Fault] = (),
        receiving: Iterable[Fault] = (),
    ) -> None:
        super().__init__(fileno=sock.detach())
        self.setblocking(False)
        self.sending = iter(sending)
        self.receiving = iter(receiving)
        self.calls = 0

    def _room(self, script: Iterator[Fault], size: int) -> int:
        self.calls += 1
        fault = next(script, None)
        if isinstance(fault, OSError):
            raise type(fault)(*fault.args)
        return size if fault is None else min(fault, size)

    def send(self, data: Any, flags: int = 0) -> int:
        with memoryview(data) as view:
            return super().send(view[: self._room(self.sending, len(view))], flags)

    def sendmsg(self, buffers: Iterable[Any], *rest: Any) -> int:
        data = b"".join(buffers)
        return super().send(data[: self._room(self.sending, len(data))])

    def recv(self, size: int, flags: int = 0) -> bytes:
        return super().recv(self._room(self.receiving, size), flags)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        with memoryview(buffer) as view:
            size = nbytes or len(view)
            return super().recv_into(view, self._room(self.receiving, size), flags)


def pair(*scripts: dict[str, Iterable[Fault]]) -> tuple[FaultySocket, ...]:
    """Two connected sockets of the local kind; ``scripts`` are the faults of the first and of the second."""
    ends = socket.socketpair()
    return tuple(
        FaultySocket(sock, **script)  # type: ignore[arg-type]
        for sock, script in zip(ends, (*scripts, {}, {}), strict=False)
    )
