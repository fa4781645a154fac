"""Connecting a socket without blocking the loop."""

import asyncio
import os
import socket
from typing import Any, Final

from .core import Core
from .readiness import writable

BUSY_PAUSE: Final = 0.01
"""Seconds until a Unix socket whose server's backlog is full is tried again."""


async def connect(loop: Core, sock: socket.socket, address: Any) -> None:
    """Connect the non-blocking ``sock`` to ``address``, which needs no resolving.

    The socket stays the caller's, also after an error: whoever made it closes it. Cancelling leaves
    nothing behind in the loop. Raises :exc:`OSError` if the connection fails, with the address in its
    text where the kernel told it late, and :exc:`RuntimeError` if a transport owns the socket.
    """
    while True:
        try:
            sock.connect(address)
        except (BlockingIOError, InterruptedError) as error:
            busy = isinstance(error, BlockingIOError) and sock.family == socket.AF_UNIX
        else:
            return
        if busy:
            # Not "in progress": the backlog is full, and no event will tell when it is not any more.
            await asyncio.sleep(BUSY_PAUSE)
            continue
        await writable(loop, sock)
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            raise OSError(number, f"cannot connect to {address}: {os.strerror(number)}")
        return
