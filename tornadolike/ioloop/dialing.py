"""Connecting a socket without blocking the loop."""

import asyncio
import os
import socket
from typing import Any, Final

from .core import Core
from .poller import WRITE

BUSY_PAUSE: Final = 0.01
"""Seconds until a Unix socket whose server's backlog is full is tried again."""


async def connect(loop: Core, sock: socket.socket, address: Any) -> None:
    """Connect the non-blocking ``sock`` to ``address``, which needs no resolving.

    The socket stays the caller's, also after an error: whoever made it closes it. Cancelling leaves
    nothing behind in the loop. Raises :exc:`OSError` if the connection fails, with the address in its
    text where the kernel told it late, and :exc:`ValueError` if ``loop`` watches the socket already.
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
        await _until_writable(loop, sock.fileno())
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            raise OSError(number, f"cannot connect to {address}: {os.strerror(number)}")
        return


async def _until_writable(loop: Core, fd: int) -> None:
    ready = loop.create_future()
    watched = True

    def unwatch() -> None:
        nonlocal watched
        if watched:
            watched = False
            loop.unwatch(fd)

    def on_ready(events: int) -> None:
        # At once: until the task takes its next step the descriptor would be reported again.
        unwatch()
        if not ready.done():
            ready.set_result(None)

    loop.watch(fd, on_ready, WRITE)
    try:
        await ready
    finally:
        unwatch()
