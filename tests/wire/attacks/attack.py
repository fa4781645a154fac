"""What an attack is, and short ways to write one."""

from collections.abc import Callable
from dataclasses import dataclass

POISON = b"GET /poison HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"0\r\n\r\n"


@dataclass(frozen=True)
class Attack:
    name: str
    data: bytes
    status: int | None = 400
    """What it is refused with; None if it is no attack on us, because there is one way to read it."""
    served: tuple[str, ...] = ()
    """What reaches the application before: ``METHOD target [body]``."""


@dataclass(frozen=True)
class Family:
    name: str
    source: str
    attacks: list[Attack]


def post(*lines: bytes, body: bytes = b"", line: bytes = b"POST /first HTTP/1.1") -> bytes:
    """A request with Host, these lines and a body."""
    return b"\r\n".join([line, b"Host: x", *lines, b"", body])


def chunked(body: bytes, *lines: bytes) -> bytes:
    """A request whose chunks stand on the wire as ``body``."""
    return post(b"Transfer-Encoding: chunked", *lines, body=body)


def length(body: bytes) -> bytes:
    return b"Content-Length: %d" % len(body)


def refused(name: str, data: bytes, status: int = 400, *served: str) -> Attack:
    return Attack(name, data + POISON, status, served)


def read_once(name: str, data: bytes, *served: str) -> Attack:
    """There is one way to read it, and we do."""
    return Attack(name, data, None, served)


def shown(line: bytes) -> str:
    return ascii(line)[2:-1]


def for_each(make: Callable[[bytes], bytes], *values: bytes, status: int = 400) -> list[Attack]:
    """What ``make`` makes of each value is refused."""
    return [refused(shown(value), make(value), status) for value in values]


BODY_OF_POISON = f"[{POISON.decode()}]"
"""As the application sees it that got it for a body."""
CHUNK_OF_POISON = b"%x\r\n%b\r\n" % (len(POISON), POISON) + LAST
