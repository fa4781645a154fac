"""Taking connections from a listening socket."""

import socket
from collections.abc import Callable

from ..ioloop import IOLoop
from ..ioloop.accepting import Accepting


def add_accept_handler(
    sock: socket.socket, callback: Callable[[socket.socket, object], None]
) -> Callable[[], None]:
    """Call ``callback(connection, address)`` for each connection to the listening ``sock``.

    Connections come non-blocking. Returns a function that ends this (and leaves ``sock`` open). When the
    process has no descriptors left, accepting pauses for a moment at a time.
    """
    return Accepting(IOLoop.current(), sock, callback).stop
