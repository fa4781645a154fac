"""What becomes of a connection that HTTP leaves: another protocol's, or a stream's."""

import asyncio

from ..http1 import ResponseWriter, State
from ..httputil import HTTPHeaders, HTTPOutputError
from ..ioloop.transports.flow import HIGH_WATER
from ..iostream import IOStream, StreamClosedError
from .phases import UPGRADED
from .requests import RequestSide
from .responses import ResponseSide, check_switch
from .serving import Transport


class HandingOver(RequestSide):
    """Gives a connection away, in the place of a response."""

    __slots__ = ()

    def hand_over(
        self, status: int, reason: str, headers: HTTPHeaders, protocol: asyncio.Protocol
    ) -> Transport:
        """Answer with this head, behind which the connection is ``protocol``'s.

        That is a ``101 Switching Protocols`` to a request with an ``Upgrade`` header, or a 2xx to CONNECT.
        Calls ``protocol.connection_made(transport)`` at once and delivers what the peer sent behind the
        request from a callback of its own. If the protocol has a ``going_away()``, that is called when
        the server is drained. If it has a ``callback`` that is a task and not None, that is waited for as a handler is,
        and cancelled in the end, also behind the end of the connection. Returns the transport.

        Raises :exc:`HTTPOutputError` for another head, :exc:`RuntimeError` before the request is whole or
        after the head of a response (then nothing is sent), and :exc:`StreamClosedError` if the connection is
        closed already.
        """
        request = self._request
        if request is None or self.transport.is_closing():
            raise StreamClosedError
        if self._writer is not None or not self._reader.complete:
            raise RuntimeError("hand_over() comes after the request and instead of a response")
        writer = ResponseWriter(request.method, request.version, keep_alive=False)
        if status == 101:
            check_switch(request, headers)
        head = writer.head(status, reason, headers)
        if writer.state is not State.OTHER_PROTOCOL:
            raise HTTPOutputError(
                f"A {status} to {request.method} leaves the connection to HTTP: a protocol takes it over "
                "behind a 101, or behind a 2xx to CONNECT"
            )
        self._out.append(head)
        serving = self._serving
        transport = self.transport
        paused = self._let_go()
        self._drain_callback = None
        serving.upgraded[transport] = protocol
        transport.when_lost = self._upgraded_lost
        transport.set_protocol(protocol)
        transport.unread(self._reader.unread())
        transport.resume_reading()
        try:
            protocol.connection_made(transport)
            if paused:
                protocol.pause_writing()
        except BaseException:
            transport.abort()
            raise
        if serving.draining:
            serving.loop.call_soon(serving.tell_going_away, protocol)
        return transport

    def detach(self) -> IOStream:
        """Give the connection away as a stream; HTTP is done with it.

        In the place of a response, which the new owner may write to the stream himself; or behind a head that
        :meth:`write_headers` has sent, if it was a ``101`` or a 2xx to CONNECT. What the peer sent behind the
        request is what the stream reads first. Over TLS it is an
        :class:`~tornadolike.iostream.SSLIOStream`.

        The stream stays open as long as somebody has it or waits for it. A server that stops waits for its
        end, tells whom :meth:`set_drain_callback` names, and cuts it at last.

        Raises :exc:`RuntimeError` before the request is whole and after the head of an ordinary response, and
        :exc:`StreamClosedError` if the connection is closed already.
        """
        if self._request is None or self.transport.is_closing():
            raise StreamClosedError
        writer = self._writer
        is_ours = writer is not None and writer.state is not State.OTHER_PROTOCOL
        if is_ours or not self._reader.complete:
            raise RuntimeError("detach() comes after the request and instead of a response")
        transport = self.transport
        self._let_go()
        stream = IOStream.over(transport)
        # Whoever ends it does so by the stream. And a stream that nobody has must have no reference here.
        transport.when_lost = None
        # Also if it is empty: so the stream learns of an end that came before.
        transport.unread(self._reader.unread())
        self._serving.keep_stream(stream, self._address, self)
        return stream

    def _let_go(self) -> bool:
        """Send what there is, and have no more to do with the connection. Whether it makes writers pause."""
        serving = self._serving
        self._send_out()
        # By its default a TLS transport lets eight times as much wait. It may say at once that there is room.
        self.transport.set_write_buffer_limits(HIGH_WATER)
        paused = self._drained is not None
        ResponseSide.resume_writing(self)
        self._request = None
        self._writer = self._delegate = self._close_callback = None
        self.phase = UPGRADED
        serving.connections.discard(self)
        serving.deadlines.discard(self)
        return paused

    def _upgraded_lost(self, transport: Transport) -> None:
        serving = self._serving
        protocol = serving.upgraded.pop(transport, None)
        if protocol is not None:
            serving.keep_callback(protocol, self)
        serving.connection_lost(self)
