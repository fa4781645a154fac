"""What parent and child tell each other: a line of JSON for each message, on a pair of sockets.

The child tells ``{"tells": "ready"}`` and ``{"tells": "failed", ...}``, the parent ``{"tells": "stop"}`` and
``{"tells": "changed", ...}``. Signals alone would not do: Ctrl-C in a terminal goes to both of them, and the second
signal ends a program at once. And the end of the channel tells each that the other is gone, however it went.
"""

import asyncio
import json
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

Message = dict[str, Any]

READ_SIZE: Final = 65536

SECONDS_FOR_ROOM: Final = 1.0
"""How long who tells something waits for the other side to read, which it does at once if it is well."""


class Channel:
    """One end.

    :arg sock: the socket, which is the channel's from now on.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._buffer = b""
        self._unsent = b""
        self._is_over = False
        self._heard: Callable[[Message | None], object] | None = None
        self._listen_no_more: Callable[[], object] | None = None

    def send(self, descriptors: Sequence[int] = (), **message: Any) -> None:
        """Tell the other side, if there is one, and it listens.

        :arg descriptors: go with it, for who takes them.
        """
        data = self._unsent + json.dumps(message).encode() + b"\n"
        self._socket.settimeout(SECONDS_FOR_ROOM)
        try:
            if descriptors:
                socket.send_fds(self._socket, [data], descriptors)
            else:
                self._socket.sendall(data)
        except OSError:
            pass  # it is gone, which is told by the reading side, or it hangs
        finally:
            self._unsent = b""
            self._socket.setblocking(False)

    def offer(self, **message: Any) -> None:
        """Tell it if there is room, and never wait: for what is said again and again."""
        if not self._unsent:
            self._unsent = json.dumps(message).encode() + b"\n"
        self._socket.setblocking(False)
        try:
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent = b""  # it is gone

    def listen(self, heard: Callable[[Message | None], object]) -> None:
        """Call ``heard`` with each message, on the current loop, and with None when the other side is gone."""
        self._heard = heard
        self._socket.setblocking(False)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket, self.read)
        self._listen_no_more = partial(loop.remove_reader, self._socket)

    def read(self) -> None:
        """Read what is there by now."""
        while not self._is_over:
            try:
                data = self._socket.recv(READ_SIZE)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            self._take(data)

    def _take(self, data: bytes) -> None:
        assert self._heard is not None
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._heard(json.loads(line))
        if not data:
            self._end()
            self._heard(None)

    def _end(self) -> None:
        self._is_over = True
        if self._listen_no_more is not None:
            self._listen_no_more()
            self._listen_no_more = None

    def close(self) -> None:
        """End it, from this side, before the loop is closed."""
        self._end()
        self._socket.close()
