""":class:`SSLTransport`: what an application sees of a TLS connection."""

import asyncio
import ssl
from asyncio.constants import _SendfileMode
from collections.abc import Callable
from typing import Any, Final

from ...core import Core, asyncio_log
from ...tracing import ConnectionTrace
from ..files import UnreadableFile
from .failures import LATE, note
from .machine import Buffer, TLSMachine
from .phase import CLOSING, HANDSHAKE, LOST, NEW, OPEN
from .pulling import PullingSide
from .traced import session_ends, session_opened

HANDSHAKE_TIMEOUT: Final = 60.0
"""Seconds that a handshake may take, when the caller gives no other number."""

SHUTDOWN_TIMEOUT: Final = 30.0
"""Seconds that a closing connection may stand still, when the caller gives no other number."""


class SSLTransport(PullingSide):
    """A transport that has another one below it, and TLS in between.

    It is made by :class:`~tornadolike.ioloop.transports.tls.TLSProtocol`, which tells it what happens
    below. Everything else about it is as with the transport below. For a protocol that pulls it is a
    :class:`~tornadolike.ioloop.transports.pulling.PullTransport`, over any other transport.

    Lifetime: the transport below keeps it alive, by way of its protocol, until ``connection_lost``; then
    it lets go of both, so that no circle is left.
    """

    __slots__ = (
        "_established",
        "_handshake_timeout",
        "_made",
        "_progress_at_last_look",
        "_sent",
        "_shutdown_timeout",
        "_sslcontext",
        "_timer",
        "_trace",
        "_waiter",
        "dropped",
        "when_lost",
    )

    # By which asyncio's transports tell how files can be sent: the bytes have to be encrypted first.
    _sendfile_compatible = _SendfileMode.FALLBACK

    def __init__(
        self,
        loop: Core,
        protocol: asyncio.BaseProtocol,
        machine: TLSMachine,
        sslcontext: ssl.SSLContext,
        waiter: asyncio.Future[None] | None,
        handshake_timeout: float,
        shutdown_timeout: float,
        made: bool,
    ) -> None:
        super().__init__(loop, protocol, machine)
        self._sslcontext = sslcontext
        self._waiter = waiter
        self._handshake_timeout = handshake_timeout
        self._shutdown_timeout = shutdown_timeout
        self._made = made  # the protocol has a connection: it will be told when it is lost
        self._established = False  # the handshake is done: there is a session to tell about
        self._timer: asyncio.TimerHandle | None = None
        self._progress_at_last_look: int = 0
        self._sent = False  # nothing that was written waits any more: only goodbyes are left
        self._trace: ConnectionTrace | None = None
        self.dropped = 0
        """Encrypted bytes that have come since :meth:`close`: by this a server sees who talks on."""
        self.when_lost: Callable[[SSLTransport], object] | None = None
        """Called once the connection is lost, for those who keep count of transports."""

    # The handshake

    def _start(self, lower: asyncio.Transport) -> None:
        """There is a transport below."""
        self._lower = lower
        self._lower_pull = getattr(lower, "receive_into", None)
        self._trace = lower.get_extra_info("trace")
        if self._phase is LOST:  # given up before
            lower.abort()
            return
        self._phase = HANDSHAKE
        if self._made and getattr(lower, "_protocol_paused", False):
            # It has told the application, whose transport it was, to pause. (asyncio's transports
            # and ours keep this under the same name.) We owe the application the other half.
            self._protocol_paused = self._lower_full = True
        self._set_lower_marks()
        self._timer = self._loop.call_later(self._handshake_timeout, self._handshake_is_late)
        self._go_on_with_handshake()

    def _go_on_with_handshake(self) -> None:
        self._corked = True
        try:
            self._shake_hands()
        finally:
            if self._phase is OPEN:
                # Who has waited for this, or for somebody who has, may have something to say at once:
                # that leaves together with the last of the handshake.
                self._loop.call_soon(self._loop.call_soon, self._uncork)
            else:
                self._uncork()

    def _shake_hands(self) -> None:
        try:
            done = self._machine.handshake()
        except OSError as error:
            self._fail(error)
            return
        if done:
            self._handshake_done()

    def _handshake_is_late(self) -> None:
        self._fail(
            ConnectionAbortedError(
                f"{LATE} {self._handshake_timeout} seconds: aborting the connection"
            )
        )

    def _handshake_done(self) -> None:
        self._cancel_timer()
        self._phase = OPEN
        self._established = True
        if self._trace is not None:
            session_opened(self._machine, self._trace)
        is_known = not self._made  # to the application, once it was told
        if not self._made:
            self._made = True
            try:
                self._protocol.connection_made(self)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                self._callback_failed("connection_made", error)
                return
        self._settle_waiter(None)
        if is_known:
            if self._phase is OPEN:
                self._deliver()
        else:
            # Whoever waits for start_tls() has not heard of this transport yet. An application that
            # answered what came with the handshake would answer on the plain one, for all to read.
            self._loop.call_soon(self._received, b"")

    def _settle_waiter(self, error: Exception | None) -> None:
        """Tell who waits for the handshake, the first time, how it ended."""
        waiter, self._waiter = self._waiter, None
        if waiter is None or waiter.done():
            return
        if error is None:
            waiter.set_result(None)
        else:
            note(error, server_side=self._machine.ssl_object.server_side)
            waiter.set_exception(error)

    # Reading

    def _received(self, data: Buffer) -> None:
        """Encrypted bytes came from below."""
        self._machine.lend(data)
        if self._phase is not OPEN or self._buffered or self._pulled or self._reading_paused:
            self._machine.keep()  # else it is read now
        if self._phase is HANDSHAKE:
            self._go_on_with_handshake()
            return
        self._corked = True
        try:
            if self._phase is OPEN:
                self._deliver()
            elif self._phase is CLOSING:
                self.dropped += len(data)
                self._finish()
        finally:
            self._uncork()

    # The peer's end

    def _received_end(self) -> bool:
        """The stream below has ended. Whether we close it ourselves."""
        self._lower_ended = True
        if self._phase is HANDSHAKE:
            self._fail(ConnectionResetError("the peer ended the connection in the TLS handshake"))
        elif self._phase is OPEN:
            self._received(b"")
        elif self._phase is CLOSING:
            self._finish()
        return True

    def _peer_ended(self) -> None:
        """Everything was delivered, and no more will come."""
        if self._phase is not OPEN:
            return  # closed by what was delivered
        if self._machine.failure is not None:
            self._fail(self._machine.failure)
            return
        try:
            if self._protocol.eof_received():
                asyncio_log.warning(
                    "returning true from eof_received() has no effect when using ssl"
                )
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._callback_failed("eof_received", error)
        else:
            self.close()

    # Our end

    def close(self) -> None:
        """Send what waits, say goodbye to the peer, wait for its goodbye and close. Reading stops now.

        The peer's goodbye is not waited for on behalf of a protocol that pulls: once everything has gone,
        which may be now, the connection is closed.
        """
        self._trace_end(None)
        if self._phase in (NEW, HANDSHAKE):
            self.abort()
        elif self._phase is OPEN and self._pulled and self._error is not None:
            self.abort()  # nobody is there to say goodbye to
        elif self._phase is OPEN:
            self._phase = CLOSING
            self._left = self._pulled
            self._unread = b""
            self._progress_at_last_look = self.write_progress()
            self._timer = self._loop.call_later(self._shutdown_timeout, self._shutdown_is_late)
            self._resume_lower()
            self._finish()

    def _finish(self) -> None:
        """Send what waits; then our goodbye; and when the peer's came, close below."""
        machine = self._machine
        machine.read()  # nobody wants it any more
        if self._waiting and machine.failure is not None:
            self._fail(machine.failure)
            return
        self._pump()
        if self._waiting or self._phase is not CLOSING:
            return
        lower = self._lower
        assert lower is not None
        # (One that has just failed holds nothing either.)
        only_goodbyes = not (self.get_write_buffer_size() or lower.is_closing())
        if machine.peer_closed or not self._lower_ended:
            # Whose stream has ended without a goodbye speaks TLS no more (Python's own sockets take
            # what comes then for plain bytes): the end of ours has to do.
            machine.say_goodbye()
        self._send_output()
        self._sent = only_goodbyes or not (self.get_write_buffer_size() or lower.is_closing())
        if self._left:
            self._leave()
        elif machine.ended or self._lower_ended:
            self._phase = LOST
            lower.close()

    def _lower_resumed(self) -> None:
        super()._lower_resumed()
        if self._phase is CLOSING:
            self._finish()

    def _shutdown_is_late(self) -> None:
        progress = self.write_progress()
        if self.get_write_buffer_size() and progress > self._progress_at_last_look:
            # Slow, but the peer does read. (What waits here may stay as it is for much longer: the
            # kernel takes more only when a good part of what it holds has gone.)
            self._progress_at_last_look = progress
            self._timer = self._loop.call_later(self._shutdown_timeout, self._shutdown_is_late)
        else:
            self._error = self._error or TimeoutError("SSL shutdown timed out")
            self._give_up()

    def abort(self) -> None:
        """Close now; what waits is dropped, but what was encrypted is sent if it can be at once."""
        if self._pulled:
            self._send_output()
            self._end_now(_nothing if self._lower is None else self._lower.abort)
        else:
            self._give_up()

    def reset(self) -> None:
        """:meth:`abort` in a way that the peer cannot take for a proper end."""
        lower = self._lower
        end = _nothing if lower is None else getattr(lower, "reset", lower.abort)
        if self._pulled:
            self._end_now(end)
        else:
            self._phase = LOST
            end()

    def _give_up(self) -> None:
        """:meth:`abort`, and tell the protocol."""
        self._phase = LOST
        if self._lower is not None:
            self._send_output()  # also an alert, that tells the peer why
            self._lower.abort()

    def is_closing(self) -> bool:
        # A transport below that has failed in a write tells us at the next turn of the loop. Whoever
        # writes in a loop, and looks only here, might never let it come.
        return self._phase in (CLOSING, LOST) or self._is_lost_below()

    def _fail(self, error: Exception) -> None:
        """Something outside (the peer, the network) is to blame: no more can be done."""
        if self._loop.get_debug():
            asyncio_log.debug("%r failed", self, exc_info=error)
        self._trace_end(error)
        self._error = error
        self._settle_waiter(error)
        self._give_up()

    def _file_failed(self, error: UnreadableFile) -> None:
        self._trace_end(error)
        self._error = error
        self.reset()

    def _callback_failed(self, method: str, error: BaseException) -> None:
        self._report_fatal(method, error)
        self._error = error if isinstance(error, Exception) else None
        self._give_up()

    def _lost(self, exc: Exception | None) -> None:
        """The transport below is no more."""
        if exc is not None and self._pulled and self._phase is OPEN:
            self._broken_below(exc)
            return
        if self._sent and isinstance(exc, ConnectionError):
            exc = (
                None  # the peer did not wait for our goodbye; a plain socket would be closed by now
            )
        self._end(self._error or exc)

    def _end(self, error: Exception | None) -> None:
        """All is over: tell who does not know it yet, and let go of everybody."""
        if self.get_protocol() is None:
            return
        self._cancel_timer()
        self._phase = LOST
        if not self._established:
            early = ConnectionAbortedError("the connection was closed in the TLS handshake")
            self._settle_waiter(error or early)
        self._settle_waiter(error)
        try:
            if self._made and (error is not None or not self._left):
                self._protocol.connection_lost(error)
        finally:
            self._forget_lower()
            self._machine.failure = None  # it holds those who raised it
            self._protocol_paused = False
            self._unread = b""
            self._error = None
            self._protocol = None  # type: ignore[assignment]
            when_lost, self.when_lost = self.when_lost, None
            if when_lost is not None:
                when_lost(self)

    def _trace_end(self, error: Exception | None) -> None:
        if self._trace is not None:
            session_ends(self._machine, self._trace, error)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # About

    def get_protocol(self) -> Any:
        """Whom the transport tells; None after its ``connection_lost``."""
        return self._protocol

    @property
    def truncated(self) -> bool:
        """Whether the peer's stream ended without TLS's goodbye: somebody may have cut something off."""
        return self._lower_ended and not self._machine.peer_closed

    def write_progress(self) -> int:
        """How many more bytes the peer has taken since this was called before, by the difference.

        That is so as long as something waits. What TLS itself adds is counted when it is made, before the peer can
        take it: so the difference may be a little too small, and below 0 if the peer has taken nothing.
        """
        below: int = getattr(self._lower, "unacknowledged", self._lower_size)()
        return self._taken - self._machine.output_size - below

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """``"sslcontext"``; after the handshake ``"ssl_object"``, ``"peercert"``, ``"cipher"``,
        ``"compression"`` and ``"alpn_protocol"`` (None without); else what the transport below knows."""
        if name == "sslcontext":
            return self._sslcontext
        ask = _ABOUT_SESSION.get(name)
        if ask is not None:
            return ask(self._machine.ssl_object) if self._established else default
        if self._lower is None:
            return default
        return self._lower.get_extra_info(name, default)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._phase.name.lower()} over {self._lower!r}>"


_ABOUT_SESSION: Final[dict[str, Callable[[ssl.SSLObject], Any]]] = {
    "ssl_object": lambda ssl_object: ssl_object,
    "peercert": ssl.SSLObject.getpeercert,
    "cipher": ssl.SSLObject.cipher,
    "compression": ssl.SSLObject.compression,
    "alpn_protocol": ssl.SSLObject.selected_alpn_protocol,
}


def _nothing() -> None:
    """How to end a transport that is no more."""
