"""What a transcript is, and short ways to write one."""

from dataclasses import dataclass

from tests.http1.feeding import Message, Reading


@dataclass(frozen=True)
class Case:
    """One transcript.

    ``section`` is that of RFC 9112 unless it says otherwise.
    """

    section: str
    name: str
    data: bytes
    expected: Reading

    def __str__(self) -> str:
        return f"{self.section} {self.name}"


def accepted(section: str, name: str, data: bytes, *messages: Message) -> Case:
    return Case(section, name, data, Reading(messages))


def refused(section: str, name: str, data: bytes, status: int = 400) -> Case:
    return Case(section, name, data, Reading(status=status))


def waits(section: str, name: str, data: bytes, what: str) -> Case:
    return Case(section, name, data, Reading(waiting_for=what))


def with_line(line: bytes) -> bytes:
    """A request with this request line."""
    return line + b"\r\nHost: a\r\n\r\n"


def with_fields(*lines: bytes) -> bytes:
    """A GET with Host and these field lines."""
    return b"\r\n".join([b"GET / HTTP/1.1", b"Host: a", *lines, b"", b""])


def post(*lines: bytes, body: bytes = b"", version: bytes = b"HTTP/1.1") -> bytes:
    """A POST with Host, these field lines and a body."""
    return b"\r\n".join([b"POST / " + version, b"Host: a", *lines, b"", body])


def chunked(body: bytes, *lines: bytes) -> bytes:
    """A POST with a chunked body as it stands on the wire."""
    return post(b"Transfer-Encoding: chunked", *lines, body=body)
