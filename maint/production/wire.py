"""HTTP as a client speaks it, on streams of asyncio: strict, and exact about how a request ended."""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass, field

PATIENCE = 60.0
"""Seconds after which an answer is taken as one that will never come."""


class Refused(Exception):
    """Nobody took the connection: nothing was sent."""


class Gone(Exception):
    """Something was sent, and no whole answer came."""


@dataclass(slots=True)
class Answer:
    status: int
    body: bytes
    fields: dict[str, str]
    closing: bool
    """The server closes the connection behind it."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the service is, and how it is spoken to."""

    port: int
    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None


@dataclass(slots=True)
class Wire:
    """One connection. Make it by :meth:`open`."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    port: int = field(init=False)
    """Our own port, by which the server's end of the connection is found."""

    def __post_init__(self) -> None:
        self.port = self.writer.get_extra_info("sockname")[1]

    @classmethod
    async def open(cls, address: Address) -> "Wire":
        """Connect. Raises :exc:`Refused`, and :exc:`Gone` if the handshake of TLS was broken off."""
        try:
            async with asyncio.timeout(PATIENCE):
                streams = await asyncio.open_connection(address.host, address.port, ssl=address.tls)
        except ConnectionRefusedError as error:
            raise Refused from error
        except (OSError, ssl.SSLError, asyncio.IncompleteReadError) as error:
            raise Gone(f"while connecting: {error!r}") from error
        return cls(*streams)

    @property
    def over(self) -> bool:
        """The server has closed it already, before anything else was sent."""
        return self.reader.at_eof() or self.reader.exception() is not None

    @property
    def certificate(self) -> bytes:
        """The server's, in DER."""
        shown: bytes = self.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return shown

    async def ask(self, *pieces: bytes, pause: float = 0.0) -> Answer:
        """Send a request, with so many seconds between its pieces, and read the answer. Raises :exc:`Gone`."""
        try:
            async with asyncio.timeout(PATIENCE):
                for piece in pieces[:-1]:
                    self.writer.write(piece)
                    await self.writer.drain()
                    await asyncio.sleep(pause)
                self.writer.write(pieces[-1])
                return await self._answer()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise Gone(repr(error)) from error

    async def _answer(self) -> Answer:
        status, fields = await self.head()
        return Answer(
            status,
            await self._body(fields),
            fields,
            fields.get("connection", "").lower() == "close",
        )

    async def head(self) -> tuple[int, dict[str, str]]:
        """Read a head: the status, and the fields by their names in small letters."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        pairs = (text.split(":", 1) for text in lines)
        return int(line.split(" ", 2)[1]), {name.lower(): value.strip() for name, value in pairs}

    async def _body(self, fields: dict[str, str]) -> bytes:
        if fields.get("transfer-encoding") != "chunked":
            return await self.reader.readexactly(int(fields["content-length"]))
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readexactly(2)
        return body

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await self.writer.wait_closed()

    def abort(self) -> None:
        """Throw it away."""
        self.writer.transport.abort()
