"""The life of connections, told as it happens to whoever asks for it (:meth:`IOLoop.trace_connections`)."""

import asyncio
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

wire_log: Final = logging.getLogger("tornadolike.wire")


@dataclass(frozen=True, slots=True)
class ConnectionMoment:
    """Something that happened to a connection."""

    what: str
    """``"opened"``, ``"first byte"`` (the first that came from the peer; with TLS a second time, for the
    first of what was encrypted), ``"tls"`` (the handshake is done) or ``"closed"``."""

    time: float
    """When, in seconds of the loop's clock."""

    age: float
    """Seconds since the connection was opened."""

    number: int
    """Of the connection, counted from 1 since tracing was switched on."""

    local: Any
    """Our address, None if it has none."""

    peer: Any
    """The peer's address, None if it has none."""

    detail: str
    """Of ``"tls"``: version, cipher, and what more there is (``alpn=...``, ``resumed``). Of ``"first byte"``:
    ``"encrypted"`` the second time. Of ``"closed"`` why: ``"by us"``, ``"peer ended"``, ``"reset"``,
    ``"time-out"``, ``"TLS failure: ..."`` or ``"error: ..."``."""


Tracer = Callable[[ConnectionMoment], object]


def log_connections(moment: ConnectionMoment) -> None:
    """A tracer that writes a line for each moment to the logger ``tornadolike.wire``, at INFO."""
    wire_log.info(
        "connection %d (%r, peer %r) %s%s after %.6f s",
        moment.number,
        moment.local,
        moment.peer,
        moment.what,
        moment.detail and f" ({moment.detail})",
        moment.age,
    )


def show_log() -> None:
    """Have the lines of :func:`log_connections` seen, also in a program that has set up no logging."""
    wire_log.setLevel(logging.INFO)
    if not wire_log.handlers:
        shown = logging.StreamHandler()
        shown.addFilter(lambda record: not logging.root.handlers)  # else these show it
        wire_log.addHandler(shown)


class TracingLoop(Protocol):
    """What tracing needs of a loop."""

    def time(self) -> float: ...

    def call_exception_handler(self, context: dict[str, Any]) -> None: ...


class Tracing:
    """What a loop that traces has for its new connections."""

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer
        self.numbers = itertools.count(1)


class ConnectionTrace:
    """Tells of one connection."""

    def __init__(self, loop: TracingLoop, tracing: Tracing, local: Any, peer: Any) -> None:
        self._loop = loop
        self._tracer = tracing.tracer
        self._number = next(tracing.numbers)
        self._local = local
        self._peer = peer
        self._opened = loop.time()
        self._reason: str | None = None
        self._tell(self._opened, "opened", "")

    def tell(self, what: str, detail: str = "") -> None:
        """Something happens now. A tracer that fails is reported, and the connection goes on."""
        self._tell(self._loop.time(), what, detail)

    def _tell(self, now: float, what: str, detail: str) -> None:
        moment = ConnectionMoment(
            what, now, now - self._opened, self._number, self._local, self._peer, detail
        )
        try:
            self._tracer(moment)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._loop.call_exception_handler(
                {"message": f"the tracer of connections failed on {moment}", "exception": error}
            )

    def ends(self, reason: str) -> None:
        """It will be closed because of ``reason``, unless there has been one before."""
        if self._reason is None:
            self._reason = reason

    def closed(self) -> None:
        """Its socket is closed."""
        self.ends("by us")
        assert self._reason is not None
        self.tell("closed", self._reason)


def trace_time_out(transport: asyncio.BaseTransport) -> None:
    """Have the trace of a connection, if there is one, say that it ended because something took too long."""
    trace: ConnectionTrace | None = transport.get_extra_info("trace")
    if trace is not None:
        trace.ends("time-out")
