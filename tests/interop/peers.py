"""The other ends: Python's own ssl in a thread, and OpenSSL's programs."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

PATIENCE = 10.0

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]

ALLOW_CLIENT_RENEGOTIATION = 1 << 8
"""Its name is not in Python's ssl. Servers do without; clients are asked for one by old servers."""


class Thread:
    """Runs ``function(socket)`` with a blocking socket in a thread; awaited, it gives the result."""

    def __init__(self, sock: socket.socket, function: Callable[[socket.socket], Any]) -> None:
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(sock, function))
        self._thread.start()

    def _run(self, sock: socket.socket, function: Callable[[socket.socket], Any]) -> None:
        try:
            sock.settimeout(PATIENCE)
            with sock:
                self._result = function(sock)
        except BaseException as error:
            self._error = error

    async def result(self) -> Any:
        await asyncio.to_thread(self._thread.join)
        if self._error is not None:
            raise self._error
        return self._result


def connected() -> tuple[socket.socket, socket.socket]:
    """Two connected TCP sockets."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname())
        theirs, _ = listening.accept()
    return ours, theirs


def read_all(sock: socket.socket) -> bytes:
    """All until the end; an end without TLS's goodbye is an error."""
    received = bytearray()
    while data := sock.recv(65536):
        received += data
    return bytes(received)
