"""What an engine is: it sends one request to one server, and gives the answer as it comes.

What requests *mean* is above: redirects, cookies, who is asking, retries, content codings, what becomes of the body.
So all of it is there once, and is the same with each engine.

A :class:`Hop` goes in, an :class:`Answer` comes out when the final head is there; its body is pulled, and what is not
pulled is not read from the network beyond a bound. Everything that goes wrong is raised as the tree of
:mod:`.failures` has it.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from ..httputil import HTTPHeaders
from .addresses import Address
from .engine_types import Producer
from .proxies import Proxy
from .requests import HTTPRequest, SSLOptions
from .responses import HTTPResponse


@dataclass(frozen=True, slots=True)
class Way:
    """How to get to a server. Connections are kept for who wants to go the same way to the same origin."""

    proxy: Proxy | None = None
    unix_socket: str | None = None
    ssl_options: SSLOptions | None = None
    """For ``https``; None for what the system trusts."""
    allow_ipv6: bool = True
    source_ip: str | None = None


USUAL_WAY: Final = Way()
"""Straight, as most requests go."""


@dataclass(slots=True)
class Timeouts:
    """Seconds; 0 is no limit. The *whole* one is none of these: who asks an engine cancels it."""

    connect: float = 20.0
    """Until a connection is there: waiting for a free one, its name, TCP, a proxy and TLS together."""
    tls: float = 0.0
    """Of these, for the handshake of TLS."""
    first_byte: float = 0.0
    """From the end of the request until the head of the response."""
    between_bytes: float = 0.0
    """As long as the body of a response (or of a request, if the server does not take it) may stand still."""


@dataclass(slots=True)
class Times:
    """When things have happened, by the loop's clock; 0.0 for what did not. An engine writes down what it can tell."""

    started: float = 0.0
    """The engine was asked."""
    dequeued: float = 0.0
    """There was room for it."""
    resolved: float = 0.0
    connected: float = 0.0
    secured: float = 0.0
    sent: float = 0.0
    """The head (and a body that was there) was given to the kernel."""
    first_byte: float = 0.0
    """The final head had come."""
    ended: float = 0.0
    reused: bool = False
    """By a connection that was there before."""


@dataclass(slots=True)
class Hop:
    """One request to one server."""

    method: str
    address: Address
    headers: HTTPHeaders = field(repr=False)
    """All that are to be sent, ``Host`` and framing too; an engine adds none but what its way needs."""
    body: bytes | None = field(default=None, repr=False)
    producer: Producer | None = None
    """Called in place of ``body``; with a Content-Length among the headers, or else the body goes in chunks."""
    expects_continue: bool = False
    """The body waits for 100 Continue (there is an Expect header), though not for ever."""
    repeatable: bool = False
    """Whether it may be sent again if a kept connection turns out to have ended, and nothing of an answer came."""
    way: Way = field(default_factory=Way)
    timeouts: Timeouts = field(default_factory=Timeouts)
    times: Times = field(default_factory=Times)
    max_body_size: int | None = None
    """Of the response as it stands on the wire, in bytes; None for no limit."""
    on_interim: Callable[[int, HTTPHeaders], None] | None = None
    """Called with each 1xx response."""
    prepare_curl: Callable[[Any], None] | None = None
    flight: Any = field(default=None, repr=False)
    """The express lane of the engine has sent it already: what is left to do for it."""
    waiting_for: str = "while waiting for a connection"
    """What it waits for: kept up to date by the engine, for the message of a time-out."""


class Answer(ABC):
    """The final head of a response, and its body as it comes. Read to the end, or close it."""

    status: int
    reason: str
    version: str
    """``"HTTP/1.1"``, say."""
    headers: HTTPHeaders
    trailers: HTTPHeaders | None = None
    """The fields behind the body, once it has ended."""

    @abstractmethod
    async def read(self) -> bytes:
        """The next piece of the body; empty at its end. Raises what :mod:`.failures` has."""

    def read_nowait(self) -> bytes | None:
        """As :meth:`read` for what has come already; None if there is nothing yet."""
        return None

    async def pour(self, take: Callable[[bytes], object]) -> None:
        """Give the rest of the body to ``take``, piece by piece as it comes; return when that was all.

        Raises as :meth:`read` does, and what ``take`` raises. An engine may have a quicker way than this one, which
        has a turn of the loop for each piece.
        """
        while piece := self.read_nowait() or await self.read():
            take(piece)

    @abstractmethod
    def close(self) -> None:
        """Nobody wants the rest. The connection is not used again, unless the response was whole."""


class Engine(ABC):
    """Sends requests."""

    @abstractmethod
    async def send(self, hop: Hop) -> Answer:
        """Send ``hop``; return when the final head is there. If it is cancelled, nothing stays open."""

    def fetch(
        self, client: Any, request: HTTPRequest, raise_error: bool
    ) -> "asyncio.Future[HTTPResponse] | None":
        """Do the whole of a fetch, if there is a shorter way for it: an :class:`.AsyncHTTPClient` asks this first.

        Returns None for what is to go the whole way, and so always if an engine has no other. What is begun and turns
        out not to be so simple goes on in the client's ``_fetch``, whose last argument it is then, and comes back with
        the hop.
        """
        return None

    @abstractmethod
    def close(self) -> None:
        """Close all connections. Fetches that are going on fail."""

    @abstractmethod
    def close_idle(self) -> None:
        """Close the connections that nobody uses."""
