"""Plain sockets and the coroutines that wait until they are ready.

The coroutines tell only that a descriptor is ready; the system call is the waiting task's own, made once
it runs again. So a task that is cancelled in between has taken nothing that would be lost with it.
"""

import socket
import ssl
from collections.abc import Callable
from typing import Any

from .core import Core
from .handles import Handle


def check_socket(loop: Core, sock: socket.socket) -> None:
    """Refuse what cannot be used by plain system calls that must not block.

    Raises :exc:`TypeError` for a TLS socket and, in debug mode, :exc:`ValueError` for a blocking one.
    """
    if isinstance(sock, ssl.SSLSocket):
        raise TypeError("Socket cannot be of type SSLSocket; give the plain one to a transport")
    if loop.get_debug() and sock.gettimeout() != 0:
        raise ValueError("the socket must be non-blocking; call its setblocking(False)")


async def readable(loop: Core, fd: Any) -> None:
    """Wait until ``fd`` (a number or an object with ``fileno()``) is readable or has an error.

    This takes the place of what :meth:`add_reader` was given, and whoever takes that place in turn leaves
    this wait without an end. Raises :exc:`RuntimeError` if a transport owns the descriptor.
    """
    await _ready(loop, fd, loop.add_reader, loop.remove_reader)


async def writable(loop: Core, fd: Any) -> None:
    """As :func:`readable`: wait until ``fd`` is writable or has an error."""
    await _ready(loop, fd, loop.add_writer, loop.remove_writer)


async def _ready(
    loop: Core, fd: Any, add: Callable[..., Handle | None], remove: Callable[[int], bool]
) -> None:
    number = fd if isinstance(fd, int) else fd.fileno()
    ready = loop.create_future()

    def stop() -> None:
        # Cancelled: removed already, or replaced by another, whose place it is now. (The loop under a
        # guest gives no handle.)
        if handle is None or not handle.cancelled():
            remove(number)

    def on_ready() -> None:
        # At once: until the task takes its next step the descriptor would be reported again, or be closed.
        stop()
        if not ready.done():
            ready.set_result(None)

    handle = add(number, on_ready)
    try:
        await ready
    finally:
        stop()
