"""A client that is nothing but a socket, and what it needs."""

import socket
import struct
import time
from typing import Any

from tests.websocket.helpers import CLOSE, TEXT
from tornadolike.websocket import WebSocketHandler

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def request(path: str = "/", **headers: str | None) -> bytes:
    """A handshake; ``None`` leaves a header out, underscores stand for hyphens."""
    fields: dict[str, str | None] = {
        "Host": "127.0.0.1",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"{name}: {value}\r\n" for name, value in fields.items() if value is not None]
    return f"GET {path} HTTP/1.1\r\n{''.join(lines)}\r\n".encode()


class Peer:
    """A client on a plain socket."""

    def __init__(
        self, server: Any, path: str = "/", behind: bytes = b"", **headers: str | None
    ) -> None:
        self.sock = server.connect()
        self.sock.sendall(request(path, **headers) + behind)
        head, self.buffer = self._read_head()
        self.status = int(head.split()[1])
        lines = head.decode().split("\r\n")[1:]
        self.headers = dict(line.lower().split(": ", 1) for line in lines if line)

    def _read_head(self) -> tuple[bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.sock.recv(65536)
            assert more, data
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        return head, rest

    def send(self, *frames: bytes) -> None:
        self.sock.sendall(b"".join(frames))

    def exactly(self, size: int) -> bytes:
        while len(self.buffer) < size:
            more = self.sock.recv(1 << 20)
            assert more, "the connection ended"
            self.buffer += more
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def read(self) -> tuple[int, bytes]:
        """The opcode and the payload of the next frame."""
        first, length = self.exactly(2)
        assert first & 0x70 == 0
        assert first & 0x80
        if length == 126:
            (length,) = struct.unpack("!H", self.exactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self.exactly(8))
        return first & 15, self.exactly(length)

    def text(self) -> str:
        opcode, payload = self.read()
        assert opcode == TEXT, (opcode, payload)
        return payload.decode()

    def close_code(self) -> int:
        opcode, payload = self.read()
        assert opcode == CLOSE, (opcode, payload)
        return int.from_bytes(payload[:2], "big")

    def ended(self) -> bool:
        """Whether nothing but the end comes."""
        try:
            return not self.buffer and self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def reset(self) -> None:
        """Vanish."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *exc: object) -> None:
        self.sock.close()


class Journal(WebSocketHandler):
    """Writes down, for the test's thread, what happens to it."""

    def initialize(self, journal: list[Any] | None = None) -> None:
        self.journal = [] if journal is None else journal

    def open(self, *args: str, **kwargs: str) -> Any:
        self.journal.append(("open", args, kwargs))

    def on_message(self, message: str | bytes) -> Any:
        self.journal.append(message)
        self.write_message(message, binary=isinstance(message, bytes))

    def on_ping(self, data: bytes) -> None:
        self.journal.append(("ping", data))

    def on_pong(self, data: bytes) -> None:
        self.journal.append(("pong", data))

    def on_close(self) -> None:
        self.journal.append(("close", self.close_code, self.close_reason))


def eventually(condition: Any, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def settled(journal: list[Any]) -> int:
    """How long the journal is when it has stopped growing."""
    length = -1
    while length < len(journal) or not journal:
        length = len(journal)
        time.sleep(0.2)
    return length
