"""What the connections of one server share: parameters, caches, and who is connected."""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple, Protocol

from ..http1 import DefaultHeads, FieldSectionCache, Limits
from ..httputil import HTTPInputError, HTTPServerConnectionDelegate, HTTPServerRequest
from ..httputil.networks import Networks
from ..httputil.trust import Trust
from ..ioloop import Deadlines, IOLoop
from ..ioloop.transports import SocketTransport
from ..ioloop.transports.tls import SSLTransport
from ..iostream import IOStream
from ..log import app_log, gen_log
from ..netutil.proxy_protocol import DEFAULT_MAX_SIZE
from ..tcpserver.connections import Connections
from ..tcpserver.conversations import Conversation
from .refusals import Refusal

TICK: Final = 0.5
"""How exactly time-outs are kept, in seconds."""

Transport = SocketTransport | SSLTransport
"""What a connection may stand on."""


@dataclass(frozen=True, slots=True)
class ServingParameters:
    """Time-outs (in seconds, None for never) and limits of a server's connections.

    Raises :exc:`ValueError` for a time-out that is needed and is None or too small, and :exc:`TypeError` for a
    ``trust`` that is none.
    """

    limits: Limits = field(default_factory=Limits)
    no_keep_alive: bool = False
    """Close after every response."""
    chunk_size: int | None = None
    """Bytes of a body that a delegate gets at once at the most; None for no limit."""
    idle_connection_timeout: float | None = 3600.0
    """Between a response and the next request."""
    ssl_handshake_timeout: float = 60.0
    """From the connection to the end of the TLS handshake. Over it the connection is cut."""
    proxy_header_timeout: float = 10.0
    """From the connection to the end of the PROXY header, where one is required. Over it the connection is cut."""
    max_proxy_header_size: int = DEFAULT_MAX_SIZE
    """Bytes of that header. Over it the connection is cut."""
    header_timeout: float | None = 60.0
    """From the first byte of a request (or from the connection) to the end of its head. Over it: 408."""
    body_timeout: float | None = None
    """From the head to the end of the body. Over it: 408."""
    body_stall_timeout: float | None = 60.0
    """Between two pieces of a body. Over it: 408."""
    write_stall_timeout: float | None = 60.0
    """Without the peer taking a byte of what waits for it. Over it the connection is cut."""
    min_body_rate: float | None = 100.0
    """Bytes a second at which a body has to come, on average; time in which the application makes it wait does
    not count. Below it: 408."""
    min_write_rate: float | None = 100.0
    """Bytes a second that the peer has to take of what waits for it, on average. Below it the connection is cut."""
    rate_grace_time: float = 120.0
    """Over how long both are averaged."""
    linger_timeout: float = 5.0
    """For the peer to close, or to send another piece, after our last word; and for a handler to end
    whose peer has ended its side."""
    max_linger_time: float = 30.0
    """For the peer to close, however much it still sends."""
    draining_linger_time: float = 1.0
    """The same while the server stops, which need not wait for clients that keep their side open."""
    draining_idle_time: float = 1.0
    """How long a connection may have been idle, or new, to be kept when the server stops: its next request may be on
    its way, and is answered. One that has been for longer is closed, and so are the others when they have been."""
    max_pipelined_size: int = 64 * 1024
    """Bytes that may wait behind the request that is being answered; then reading pauses."""
    protocol: str | None = None
    """``"http"`` or ``"https"``: what clients speak, whatever the connections speak."""
    trust: Trust | None = None
    """Who is believed about where requests come from; nobody by default."""
    proxy_protocol: Networks | None = None
    """The peers that have to begin each connection with a PROXY header. (Given as what :class:`.Networks` takes.)
    Nobody else may."""
    refusal_log: Callable[[Refusal], object] | None = None
    """Called for each request that the connection itself answers, because it is malformed, too large or too slow, while
    no handler is at work on it. (A setting ``log_function`` knows only of handlers.)"""

    def __post_init__(self) -> None:
        for name in ("ssl_handshake_timeout", "proxy_header_timeout", "rate_grace_time"):
            value: object = getattr(self, name)
            if not isinstance(value, (int, float)) or value <= 0:
                raise ValueError(f"{name} should be a positive number, got {value!r}")
        for name in (
            "linger_timeout",
            "max_linger_time",
            "draining_linger_time",
            "draining_idle_time",
        ):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or value < 0:
                raise ValueError(f"{name} should be a number, 0 or more, got {value!r}")
        if self.trust is not None and not isinstance(self.trust, Trust):
            raise TypeError(f"trust should be TrustedProxies(...), got {self.trust!r}")
        if self.proxy_protocol is not None:
            object.__setattr__(self, "proxy_protocol", Networks(self.proxy_protocol))


class Counts(NamedTuple):
    """How much a server has done, and has to do."""

    requests: int = 0
    """Those that were well-formed, since it began."""
    connections: int = 0
    """Which are open, also those of other protocols, and those in the TLS handshake."""
    upgraded: int = 0
    """Of them those of other protocols: WebSockets, as a rule."""


class Served(Protocol):
    """What of a connection those know who are below it."""

    def drain(self) -> None:
        """End as soon as may be."""
        ...

    def abort(self) -> None:
        """End now."""
        ...


class Answering:
    """A task that answers a request, which a server that stops waits for, and cancels when its time is over."""

    __slots__ = ("_serving", "aborted", "connection", "handler", "since", "task")

    def __init__(
        self, serving: "Serving", connection: Served | Transport, task: "asyncio.Task[Any]"
    ) -> None:
        self._serving = serving
        self.connection = connection
        self.task = task
        self.aborted = False
        """Whether the server has cancelled it."""
        self.handler: Any = None
        """What the application answers with, if it has said so."""
        self.since = time.monotonic()
        """When it had to wait for the first time."""
        task.add_done_callback(self._ended)

    def abort(self) -> None:
        """Cancel it."""
        self.aborted = True
        self.task.cancel()

    def give_up(self) -> None:
        """Cancel it because its client has left, unless the server has: it may be cleaning up already."""
        if not self.aborted:
            self.task.cancel()

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._serving.answering.discard(self)
        self._serving.one_has_ended()


class Serving(Connections):
    """What all connections of one server share."""

    def __init__(
        self,
        loop: IOLoop,
        delegate: HTTPServerConnectionDelegate,
        serve_whole: Callable[[HTTPServerRequest], object] | None,
        parameters: ServingParameters,
    ) -> None:
        super().__init__()
        self.loop = loop
        self.delegate = delegate
        self.serve_whole = serve_whole
        """Takes a request that arrived whole; None if only the delegate's conversation will do."""
        self.parameters = parameters
        self.limits = parameters.limits
        self.idle_timeout = parameters.idle_connection_timeout or math.inf
        self.body_stall_timeout = parameters.body_stall_timeout
        self.write_stall_timeout = parameters.write_stall_timeout
        # Who moves nothing at all is too slow as well, and somebody has to look.
        if self.body_stall_timeout is None and parameters.min_body_rate is not None:
            self.body_stall_timeout = parameters.rate_grace_time
        if self.write_stall_timeout is None and parameters.min_write_rate is not None:
            self.write_stall_timeout = parameters.rate_grace_time
        self.deadlines = Deadlines(loop, TICK, horizon=min(self.idle_timeout, 3600.0))
        self.field_sections = FieldSectionCache(self.limits.max_header_count)
        self.default_heads = DefaultHeads()
        self.handshakes: set[Transport] = set()
        """The connections that do not speak TLS yet: before their first byte, and in the handshake."""
        self.connections: set[Served] = set()
        self.upgraded: dict[Transport, asyncio.Protocol] = {}
        """The connections that other protocols took over."""
        self.detached: dict[Conversation, Served] = {}
        """The streams that connections have become."""
        self.answering: set[Answering] = set()
        """The handlers that have to wait for something; also of connections that have ended."""
        self.callbacks: set[asyncio.Future[Any]] = set()
        """Those of ``answering`` that are callbacks of other protocols."""
        self.keep_alive = not parameters.no_keep_alive
        """Whether a connection may stay open after a response; not any more once we are draining."""
        self.draining = False
        self.draining_idle_time = 0.0
        """The parameter of this name, or less if there is not so much time; 0 before we are draining."""
        self.requests = 0
        """How many have come, but for those on the express lane."""
        self._cutting: asyncio.TimerHandle | None = None
        self.done: asyncio.Future[None] = loop.create_future()
        """Done already: what a write that need not wait returns."""
        self.done.set_result(None)
        self.dispatcher: Any = None
        """Does natively what ``serve_whole`` does, if there is such a thing."""
        self.site: Any = None
        """What connections on the express lane share (:mod:`.express`), if there are any."""

    def going_on(self) -> set[Any]:
        going_on: set[Any] = {*self.handshakes, *self.connections, *self.upgraded, *self.detached}
        caller = asyncio.current_task()
        for one in self.answering:
            if one.task is caller:
                going_on.discard(one.connection)
            elif one.connection not in self.connections:
                going_on.add(one)
        return going_on

    async def abort(self) -> None:
        """End all that goes on, handlers too, and wait until it has ended."""
        # A handler that asks for this in its first step is known only when it waits.
        await asyncio.sleep(0)
        self._keep_callbacks()
        caller = asyncio.current_task()
        answering = {one for one in self.answering if one.task is not caller}
        for one in answering:
            one.abort()
        await super().abort()
        while not answering.isdisjoint(self.answering):
            await self._next_end()

    def keep_task(self, task: "asyncio.Task[Any]", connection: Served | Transport) -> Answering:
        """A handler of ``connection`` is not done yet."""
        answering = Answering(self, connection, task)
        self.answering.add(answering)
        # If it is one that waits for the end of all others, it can be told from them only now.
        self.one_has_ended()
        return answering

    def handshake_lost(self, transport: Transport) -> None:
        """A connection has ended before it was one."""
        self.handshakes.discard(transport)
        self.one_has_ended()

    def keep_stream(self, stream: IOStream, address: Any, connection: Served) -> None:
        """``connection`` has become this stream, which is open as long as somebody has it."""
        conversation = Conversation(stream, address, self._stream_lost)
        self.detached[conversation] = connection
        conversation.handle(_nothing_more)

    def _stream_lost(self, conversation: Conversation) -> None:
        connection = self.detached.pop(conversation, None)
        if connection is not None:  # it may be told twice
            self.connection_lost(connection)

    def connection_lost(self, connection: Served) -> None:
        """A connection has ended, and is not among what goes on any more."""
        call_application(partial(self.delegate.on_close, connection))
        self.one_has_ended()

    def counts(self) -> Counts:
        """How much is done, and to do."""
        requests = self.requests + (0 if self.site is None else self.site.requests)
        return Counts(requests, self.count(), len(self.upgraded) + len(self.detached))

    def count(self) -> int:
        ours = len(self.connections) + len(self.handshakes)
        return ours + len(self.upgraded) + len(self.detached)

    def start_draining(self, seconds: float) -> None:
        """No connection lives longer than what it is busy with; other protocols are told to go away."""
        self.draining = True
        self.keep_alive = False
        # (Time-outs come late by up to a tick, and begin a tick late.)
        self.draining_idle_time = max(
            0.0, min(self.parameters.draining_idle_time, seconds - 2 * TICK)
        )
        if self.handshakes:
            self._cutting = self.loop.call_later(
                self.draining_idle_time, self._cut, frozenset(self.handshakes)
            )
        for connection in [*self.connections, *self.detached.values()]:
            connection.drain()
        for protocol in list(self.upgraded.values()):
            self.tell_going_away(protocol)
        self._keep_callbacks()

    async def wait_for_ends(self) -> None:
        try:
            await super().wait_for_ends()
        finally:
            if self._cutting is not None:
                self._cutting.cancel()

    def _cut(self, handshakes: "frozenset[Transport]") -> None:
        """They have had their time."""
        for transport in handshakes & self.handshakes:
            transport.abort()

    def _keep_callbacks(self) -> None:
        for transport, protocol in self.upgraded.items():
            self.keep_callback(protocol, transport)

    def keep_callback(self, protocol: asyncio.Protocol, connection: Served | Transport) -> None:
        """If a callback of another protocol's application is at work, it is one of those who are waited for.

        The protocol says so by an attribute ``callback``: a task, or None.
        """
        task: asyncio.Task[Any] | None = getattr(protocol, "callback", None)
        if task is not None and task not in self.callbacks:
            self.callbacks.add(task)
            task.add_done_callback(self.callbacks.discard)
            self.keep_task(task, connection)

    @staticmethod
    def tell_going_away(protocol: asyncio.Protocol) -> None:
        """Call the protocol's ``going_away()``, if it has one."""
        going_away = getattr(protocol, "going_away", None)
        if going_away is not None:
            call_application(going_away)


def call_application(function: Callable[[], object]) -> None:
    """Call a function of the application's whose failure is only the application's affair."""
    try:
        function()
    except Exception:
        app_log.error("Uncaught exception in %r", function, exc_info=True)


def log_refusal(peer: object, error: HTTPInputError) -> None:
    """Say in the log why the message of ``peer`` is refused. Slow is not malformed."""
    if error.status == 408:
        gen_log.info("%s from %s", error, peer)
    else:
        gen_log.info("Malformed HTTP message from %s: %s", peer, error)


def _nothing_more(stream: IOStream, address: Any) -> None:
    """The handler of a stream that is its owner's affair."""
