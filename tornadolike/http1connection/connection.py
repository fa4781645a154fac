""":class:`ServerConnection`: requests from a transport to the application; phases and time-outs."""

import asyncio
import math
from typing import Any

from ..httputil import HTTPInputError, HTTPServerRequest
from ..ioloop.tracing import trace_time_out
from ..ioloop.transports import SocketTransport
from ..ioloop.transports.files import UnreadableFile
from ..ioloop.transports.tls import SSLTransport
from ..netutil.proxy_protocol import ProxyHeader
from .handing_over import HandingOver
from .pace import Pace
from .phases import BODY, ENDED, HANDLING, HEAD, IDLE, LINGERING, UPGRADED, WRITING
from .responses import CORKED_PIECES, fail_future
from .serving import TICK, Serving


class ServerConnection(HandingOver, asyncio.Protocol):
    """Reads requests from a transport, has them answered one after another, and keeps the time."""

    __slots__ = ("_heard", "_peer_ended", "_progress", "_write_pace")

    def __init__(self, serving: Serving, address: Any, proxy: ProxyHeader | None = None) -> None:
        super().__init__(serving, address, proxy)
        self._peer_ended = False
        self._progress = 0
        """How much the peer had taken when the write time-out was set."""
        self._write_pace: Pace | None = None
        """How fast the peer takes what waits for it."""
        self._heard = 0
        """How much the peer had said, when we looked last, since a TLS transport is closing."""

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, (SocketTransport, SSLTransport))
        self.transport = transport
        # We want to know whenever anything waits: a peer that does not read gets no more answers.
        transport.set_write_buffer_limits(0)
        serving = self._serving
        serving.handshakes.discard(transport)
        serving.connections.add(self)
        self._restart_clock()

    def data_received(self, data: bytes) -> None:
        phase = self.phase
        if phase is LINGERING:
            if self._drained is None:
                self._restart_clock()
            return
        self._reader.feed(data)
        if phase is not HANDLING and phase is not WRITING:
            self._serve()
        elif self._reader.buffered > self._serving.parameters.max_pipelined_size:
            self.transport.pause_reading()
            self._restart_clock()

    def eof_received(self) -> bool:
        """The peer will say no more. See the package's notes on what that means."""
        self._peer_ended = True
        if not self.transport.can_write_eof():
            return False
        phase = self.phase
        if phase is HANDLING:
            self._serve_the_ended()
            return True
        # In IDLE something is in the buffer only if it is about to be served.
        return phase is WRITING or (phase is IDLE and self._reader.buffered > 0)

    def connection_lost(self, exc: Exception | None) -> None:
        self.phase = ENDED
        if isinstance(exc, UnreadableFile):
            self.log_unreadable(exc)
        serving = self._serving
        serving.connections.discard(self)
        serving.deadlines.discard(self)
        waiting, self._drained = self._drained, None
        for future in waiting or ():
            fail_future(future, exc)
        if self._request is not None:
            self._request = None
            self._tell_closed()
        serving.connection_lost(self)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.phase is IDLE:
            self.phase = WRITING
        self._progress = progress = self.transport.write_progress()
        serving = self._serving
        self._write_pace = Pace(serving.parameters.min_write_rate, serving.loop.time(), progress)
        self._restart_clock()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._write_pace = None
        if self.phase is WRITING:
            self.phase = IDLE
            self._serving.loop.call_soon(self._serve_next)
        elif self.phase is LINGERING:
            self._start_lingering()
        else:
            self._restart_clock()

    # One request after another

    def _serve(self) -> None:
        """Take what is in the buffer, request by request, as far as it can be answered now."""
        reader = self._reader
        out = self._out
        self._corked = True
        try:
            while True:
                event = reader.next_event()
                if event is None:
                    break
                if type(event) is HTTPServerRequest:
                    self._start(event)
                else:
                    self._pass_on(event)
                if len(out) > CORKED_PIECES:
                    self._send_out()
                    if self.transport.is_closing():
                        break  # the peer is gone, and what it asked for is of no use to anybody
                phase = self.phase
                if phase is HANDLING or phase is WRITING or self._closing:
                    break
        except HTTPInputError as error:
            self._refuse(error)
        finally:
            self._corked = False
        self._send_out()
        self._settle()

    def _serve_next(self) -> None:
        """Continue with what waits in the buffer, after an answer or once the peer has read it."""
        if self.phase is IDLE and not self.transport.is_closing():
            self._serve_on()

    def _serve_on(self) -> None:
        """As :meth:`_serve`, where reading may have been paused."""
        self._serve()
        phase = self.phase
        if phase is UPGRADED:
            return
        waits = phase is HANDLING or phase is WRITING
        if waits and self._reader.buffered > self._serving.parameters.max_pipelined_size:
            self._restart_clock()
        else:
            self.transport.resume_reading()

    def _settle(self) -> None:
        """All that could be done now is done: what are we waiting for?"""
        phase = self.phase
        if self._closing:
            self._close_gently()
        elif phase is HANDLING:
            if self._peer_ended:
                self._serve_the_ended()
        elif phase is WRITING or phase is UPGRADED:
            return
        elif self._peer_ended:
            self._close_gently()
        else:
            self._wait_for_more()

    def _wait_for_more(self) -> None:
        """Set the time-out that goes with what the buffer holds."""
        reader = self._reader
        if not reader.complete:
            self.phase = BODY
            self._look_at_body()
        elif reader.buffered:
            if self.phase is not HEAD:
                self.phase = HEAD
                self._restart_clock()
        elif self._serving.draining:
            self._wait_for_a_last_request(
                self._serving.loop.time() + self._serving.draining_idle_time
            )
        elif self.phase is IDLE:  # else only empty lines have come, and the head is due still
            # Never earlier than the bucket in which we lie, so nothing else is to do.
            self.deadline = self._serving.deadlines.now + self._serving.idle_timeout

    def _look_at_body(self) -> None:
        """Does it come fast enough, so that it pays to wait for more?"""
        serving = self._serving
        pace = self._body_pace
        grace_time = serving.parameters.rate_grace_time
        if pace is not None and pace.is_too_slow(serving.loop.time(), self._body_taken, grace_time):
            trace_time_out(self.transport)
            self._refuse(HTTPInputError("its body comes too slowly", 408))
        else:
            self._restart_clock()

    # The end of a response

    def _response_done(self) -> None:
        self._request = None
        self._writer = self._delegate = self._close_callback = self._drain_callback = None
        if self._keep_alive:
            self.phase = IDLE if self._drained is None else WRITING
        else:
            self._closing = True
        if self._corked:
            return
        if self.phase is IDLE and self._reader.buffered:
            # From a callback of its own: this may be the last step of a task, and the next request
            # may want to be one. Its answer can leave together with this one.
            self._serving.loop.call_soon(self._serve_next)
        else:
            self._send_out()
            self._settle()

    def _serve_the_ended(self) -> None:
        """The peer has ended its side, and a request of its is with the application."""
        if self._awaiting_since is None:
            self._tell_closed()
        self._restart_clock()

    # Time and the end

    def _restart_clock(self) -> None:
        """Set the time-out of what we are waiting for, from now."""
        serving = self._serving
        parameters = serving.parameters
        phase = self.phase
        timeout: float | None = None
        end = math.inf
        if self._drained is not None:
            timeout = serving.write_stall_timeout
        elif phase is BODY:
            timeout = serving.body_stall_timeout
            end = self._phase_end
        elif phase is HEAD:
            timeout = parameters.header_timeout
            if serving.draining and not self._reader.buffered:
                timeout = serving.draining_idle_time
        elif phase is LINGERING:
            timeout = parameters.linger_timeout
            end = self._phase_end
        elif not self.transport.is_reading():
            # A request is being answered, and the peer has ended its side; or reading is paused, so
            # that somebody has to look whether it has.
            timeout = parameters.linger_timeout
        self.deadline = end if timeout is None else min(end, serving.loop.time() + timeout)
        serving.deadlines.add(self)

    def deadline_passed(self) -> None:
        """The time-out of what we are waiting for."""
        phase = self.phase
        if self._drained is not None:
            self._look_at_progress()
        elif self.transport.is_closing():
            self._look_at_closing()
        elif phase is BODY or (phase is HEAD and self._reader.buffered):
            trace_time_out(self.transport)
            self._refuse(HTTPInputError(f"Timeout reading {phase.lower()}", 408))
        elif phase is HANDLING and not self._peer_ended and self._look_at_peer():
            self._restart_clock()
        else:
            trace_time_out(self.transport)
            self.close()

    def _look_at_progress(self) -> None:
        """Does the peer take what waits for it, and fast enough?"""
        progress = self.transport.write_progress()
        serving = self._serving
        pace = self._write_pace
        if progress <= self._progress or (
            pace is not None
            and pace.is_too_slow(serving.loop.time(), progress, serving.parameters.rate_grace_time)
        ):
            trace_time_out(self.transport)
            self.transport.reset()
        else:
            self._progress = progress
            self._restart_clock()

    def _look_at_closing(self) -> None:
        """The peer of a TLS transport has not answered our goodbye. Does it talk on?"""
        transport = self.transport
        heard = transport.dropped if isinstance(transport, SSLTransport) else 0
        if heard == self._heard or self._serving.loop.time() >= self._phase_end:
            transport.abort()
        else:
            self._heard = heard
            self._restart_clock()

    def _look_at_peer(self) -> bool:
        """Whether the peer is there, for a request that is being answered while reading is paused."""
        state = self.transport.peer_state()
        if state == "ended" and self._awaiting_since is None:
            self._tell_closed()
        return state != "lost"

    def _close_gently(self) -> None:
        """Close after the last response so that the peer gets it.

        Closing a socket that has unread input makes the kernel send a reset, which may reach the peer
        before it has read our answer. So unless the peer expects that we close, only our side is closed,
        and it is given time to close the other. TLS, which has no such half, does that by itself.
        """
        transport = self.transport
        reader = self._reader
        if transport.is_closing():
            return
        self.phase = LINGERING
        expected = not (self._linger or reader.buffered or not reader.complete)
        if self._peer_ended or expected or not transport.can_write_eof():
            self._close_transport()
        else:
            reader.unread()
            transport.resume_reading()
            transport.write_eof()
            if self._drained is None:
                self._start_lingering()

    def _close_transport(self) -> None:
        """Have the transport send what waits, and close."""
        transport = self.transport
        if transport.is_closing():
            return
        transport.close()
        if not transport.can_write_eof():
            # TLS reads on, and throws away what comes, until the peer has answered its goodbye.
            self.phase = LINGERING
            if self._drained is None:
                self._start_lingering()

    def _start_lingering(self) -> None:
        """The peer has got our last word."""
        parameters = self._serving.parameters
        longest = parameters.max_linger_time
        if self._serving.draining:
            longest = min(longest, parameters.draining_linger_time)
        self._phase_end = self._serving.loop.time() + longest
        self._restart_clock()

    def close(self) -> None:
        """Close, whatever is going on, so that no answer that is under way passes for whole.

        What was said before is still sent. A connection that was handed over is its new owner's to close.
        """
        if self.phase is UPGRADED:
            return
        self._closing = True
        self._send_out()
        request = self._request
        if (
            self._writer is not None
            and request is not None
            and (request.version != "HTTP/1.1" or self.transport.has_file_waiting())
        ):
            # Its end may be the connection's end; and to send the rest of a file may take for ever.
            self.transport.reset()
        else:
            self._close_transport()

    def abort(self) -> None:
        """Close now."""
        if self.phase is UPGRADED:
            return
        self._closing = True
        self.transport.abort()

    def drain(self) -> None:
        """Close as soon as what has been asked for is answered; if nothing has, soon."""
        if self._writer is None and not (self._reader.complete and self._reader.buffered):
            # Else the peer may have been told already that another request is welcome.
            self._keep_alive = self._keep_alive_if_whole = False
        if self._drain_callback is not None:
            self._serving.loop.call_soon(self._tell_draining)
        if (self.phase is IDLE or self.phase is HEAD) and not self._reader.buffered:
            self._wait_for_a_last_request(self._idle_until())
        elif self.phase is LINGERING and self._drained is None:
            self._start_lingering()

    def _idle_until(self) -> float:
        """How long it may be idle, or new, now that the server drains. What is over already is over."""
        serving = self._serving
        idle_time = serving.draining_idle_time
        if not idle_time:
            return -math.inf
        if self.phase is IDLE:
            since = self.deadline - serving.idle_timeout + TICK  # as exactly as it is known
        else:
            since = self.deadline - (serving.parameters.header_timeout or math.inf)
        return (since if math.isfinite(since) else serving.loop.time()) + idle_time

    def _wait_for_a_last_request(self, end: float) -> None:
        """The server drains, and the peer may have sent a request that is under way: it has time until ``end``."""
        serving = self._serving
        if end > serving.loop.time():
            self.deadline = end
            serving.deadlines.add(self)
        else:
            self._close_soon()

    def _close_soon(self) -> None:
        """Close behind the loop's next turn, in which it is read what has arrived already."""
        loop = self._serving.loop
        loop.call_soon(loop.call_soon, self._close_unused, self.deadline)

    def _close_unused(self, deadline: float) -> None:
        """Close, unless something has come in the meantime."""
        waits = self.phase is IDLE or self.phase is HEAD
        if waits and not self._reader.buffered and self.deadline == deadline:
            self._close_transport()
