"""What the writers of requests and of responses have in common: states, bodies, trailers."""

from typing import Final

from ..httputil import HTTPHeaders, HTTPOutputError
from .framing_rules import CHUNKED, EMPTY, LENGTH, OTHER_PROTOCOL, UNTIL_END, Framing, Version
from .heads import encode_fields
from .states import (
    BODY_FOLLOWS,
    DATA,
    DONE,
    END_OF_BODY,
    HAND_OVER,
    HEAD,
    UNTIL_END_FOLLOWS,
    Event,
    Table,
)

_VERSIONS: Final = frozenset(Version)

FORBIDDEN_TRAILERS: Final = frozenset(
    {
        # where the message ends, and for whom it is
        "Connection",
        "Content-Length",
        "Host",
        "Keep-Alive",
        "Proxy-Connection",
        "Te",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        # who somebody is
        "Authorization",
        "Cookie",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Set-Cookie",
        "Www-Authenticate",
        # how a request is meant
        "Cache-Control",
        "Expect",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "If-Unmodified-Since",
        "Max-Forwards",
        "Pragma",
        "Range",
        # what is to become of a response
        "Age",
        "Date",
        "Expires",
        "Location",
        "Retry-After",
        "Vary",
        "Warning",
        # how the content is to be understood
        "Content-Encoding",
        "Content-Range",
        "Content-Type",
    }
)
"""What must be known before the body comes, and so has no place behind it (RFC 9110 section 6.5.1)."""


class MessageWriter:
    """Writes one message: its head, pieces of its body, its end."""

    __slots__ = ("_framing", "_remaining", "_version", "keep_alive", "state")

    _table: Table

    def __init__(self, version: str, keep_alive: bool) -> None:
        if version not in _VERSIONS:
            raise ValueError(f"version should be 'HTTP/1.1' or 'HTTP/1.0', got {version!r}")
        self._version = version
        self._framing = EMPTY
        self._remaining = 0
        self.keep_alive = keep_alive
        """Whether the connection may stay open after the message, as far as this one tells."""
        self.state = HEAD
        """Where the writer stands (:mod:`~tornadolike.http1.states`)."""

    @property
    def complete(self) -> bool:
        """Whether the message is written whole."""
        return self.state is DONE

    def data(self, chunk: bytes) -> bytes:
        """A piece of the body, framed. Raises :exc:`HTTPOutputError` for more than Content-Length."""
        self._go(DATA)
        framing = self._framing
        if framing is CHUNKED:
            # (Not all of it by "%": that takes very long over large ones.)
            return b"".join((b"%x\r\n" % len(chunk), chunk, b"\r\n")) if chunk else b""
        if framing is LENGTH:
            self._count(len(chunk))
            return chunk
        return chunk if framing is UNTIL_END else self._without_body(chunk)

    def end(self, trailers: HTTPHeaders | None = None) -> bytes:
        """What ends the body.

        :arg trailers: fields to send behind it, if it is in chunks; else they are dropped. To announce them
            by the ``Trailer`` header is the author's affair.

        Raises :exc:`HTTPOutputError` for less than Content-Length, and for a trailer that RFC 9110 section
        6.5.1 does not allow.
        """
        if trailers:
            _check_trailers(trailers)
        if self._framing is LENGTH and self._remaining:
            raise HTTPOutputError(
                f"Tried to finish with {self._remaining} bytes fewer than Content-Length"
            )
        data = b""
        if self._framing is CHUNKED:
            fields = encode_fields(trailers.get_all()) if trailers else b""
            data = b"0\r\n%b\r\n" % fields
        self._go(END_OF_BODY)
        return data

    def _count(self, size: int) -> None:
        """So many more of the bytes that Content-Length has promised."""
        remaining = self._remaining - size
        if remaining < 0:
            raise HTTPOutputError("Tried to write more data than Content-Length")
        self._remaining = remaining

    def _start_body(self, framing: Framing, length: int) -> None:
        self._framing = framing
        self._remaining = length
        if framing is OTHER_PROTOCOL:
            self._go(HAND_OVER)
        elif framing is UNTIL_END:
            self._go(UNTIL_END_FOLLOWS)
        else:
            self._go(BODY_FOLLOWS)

    def _go(self, event: Event) -> None:
        state = self._table.get((self.state, event))
        if state is None:
            raise HTTPOutputError(f"Out of order: {event} where the message is at: {self.state}")
        self.state = state

    def _without_body(self, chunk: bytes) -> bytes:
        """A piece of a body that there is not."""
        raise NotImplementedError


def _check_trailers(trailers: HTTPHeaders) -> None:
    forbidden = FORBIDDEN_TRAILERS.intersection(trailers)
    if forbidden:
        raise HTTPOutputError(
            f"{', '.join(sorted(forbidden))} cannot stand in trailers: send it as a header"
        )
