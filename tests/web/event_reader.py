"""A client's side of server-sent events, as the HTML standard (section 9.2.6) tells it."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.web.helpers import Connection


@dataclass
class Read:
    """What a page would be told by one event."""

    data: str
    event: str
    id: str

    @property
    def json(self) -> Any:
        return json.loads(self.data)


@dataclass
class EventReader:
    """Reads what a connection brings, which has been asked already."""

    connection: Connection
    last_event_id: str = ""
    retry: int | None = None
    comments: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._file = self.connection.sock.makefile("rb")
        self.head = b"".join(iter(self._file.readline, b"\r\n")).decode("latin1")
        self._rest = b""
        self.ended = False

    def close(self) -> None:
        self._file.close()

    def _chunk(self) -> bytes:
        size = int(self._file.readline(), 16)
        chunk = self._file.read(size)
        assert self._file.readline() == b"\r\n"
        return chunk

    def _block(self) -> list[str] | None:
        """The lines up to the next empty one; None at the end."""
        while b"\n\n" not in self._rest:
            chunk = self._chunk()
            if not chunk:
                self.ended = True
                assert self._rest == b""
                return None
            self._rest += chunk
        block, _, self._rest = self._rest.partition(b"\n\n")
        assert b"\r" not in block
        return block.decode().split("\n")

    def read(self) -> Read | None:
        """The next event that a page is told of; None at the end."""
        while (block := self._block()) is not None:
            data: list[str] = []
            event = "message"
            for line in block:
                if line.startswith(":"):
                    self.comments.append(line[1:].removeprefix(" "))
                    continue
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if name == "data":
                    data.append(value)
                elif name == "event":
                    event = value
                elif name == "id" and "\0" not in value:
                    self.last_event_id = value
                elif name == "retry" and re.fullmatch("[0-9]+", value):
                    self.retry = int(value)
            if data:
                return Read("\n".join(data), event, self.last_event_id)
        return None

    def comment(self) -> str:
        """The next comment; anything else is an error."""
        block = self._block()
        assert block is not None
        assert block[0].startswith(":"), block
        return block[0][1:]
