""":class:`TracedSocket`: a socket that tells of its life; nothing but this pays for tracing."""

import socket
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from ..tracing import ConnectionTrace, Tracing, TracingLoop
from .pieces import Piece

P = ParamSpec("P")
T = TypeVar("T")


class TracedSocket:
    """Stands before the socket of a transport. What is not here is the socket's own."""

    def __init__(self, sock: socket.socket, loop: TracingLoop, tracing: Tracing) -> None:
        self._sock = sock
        self._silent = True  # nothing has come
        self._closed = False
        self.trace = ConnectionTrace(
            loop, tracing, _name(sock.getsockname), _name(sock.getpeername)
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def recv(self, size: int) -> bytes:
        data = self._watch(self._sock.recv, size)
        self._received(len(data))
        return data

    def recv_into(self, buffer: Any) -> int:
        size = self._watch(self._sock.recv_into, buffer)
        self._received(size)
        return size

    def send(self, data: Piece) -> int:
        return self._watch(self._sock.send, data)

    def sendmsg(self, pieces: Iterable[Piece], *options: Any) -> int:
        return self._watch(self._sock.sendmsg, pieces, *options)

    def shutdown(self, how: int) -> None:
        self.trace.ends("by us")
        self._watch(self._sock.shutdown, how)

    def close(self) -> None:
        self._sock.close()
        if not self._closed:
            self._closed = True
            self.trace.closed()

    def _received(self, size: int) -> None:
        if not size:
            self.trace.ends("peer ended")
        elif self._silent:
            self._silent = False
            self.trace.tell("first byte")

    def _watch(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a method of the socket; what it raises is a reason to end."""
        try:
            return call(*args, **kwargs)
        except (BlockingIOError, InterruptedError):
            raise
        except TimeoutError:  # the kernel's: the peer has acknowledged nothing for long
            self.trace.ends("time-out")
            raise
        except ConnectionError:
            self.trace.ends("reset")
            raise
        except OSError as error:
            self.trace.ends(f"error: {error}")
            raise


def _name(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except OSError:
        return None  # the peer is gone again
