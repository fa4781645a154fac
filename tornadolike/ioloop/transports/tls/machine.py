""":class:`TLSMachine`: TLS without a socket. Encrypted bytes go in and come out; so do clear ones.

The caller moves the bytes. Whatever it has done with the machine (also reading), there may be
:meth:`~TLSMachine.output` for the peer: handshake messages, alerts, answers to key updates, records.

Reading never raises. What came is given out as far as it is sound, and after that ``ended`` is true, for
one of two reasons: the peer said goodbye (``peer_closed``), or its bytes make no sense (``failure``).

OpenSSL's manners that the rest of this file follows:

- One read gives one record at the most. Asking in vain costs an exception, so nobody asks when
  nothing is left in the incoming buffer: a record is always taken out of it whole.
- A write takes everything, however large (here it is given a record at a time). It is refused in one case
  only, when the handshake goes on underneath (TLS 1.2's renegotiation); the same bytes must then be offered
  again.
- The goodbye breaks the session if unread records are there. After it reading goes on.
- Its buffers never shrink. So each gets no more at once than about a record: what was fed beyond waits
  here, and what was made is taken out in time.
"""

import ssl
from typing import Final

from .failures import note
from .hello import ALERT, HelloGuard

Buffer = bytes | bytearray | memoryview

RECORD: Final = 16 * 1024
"""Clear bytes that one TLS record holds at the most."""

SLICE: Final = RECORD + 512
"""Encrypted bytes that OpenSSL is given at once: a full record with its head and its tail."""

_NOTHING: Final = memoryview(b"")


class TLSMachine:
    """One end of a TLS session. What it raises is explained (:mod:`.failures`).

    :arg context: with its certificates, its trust and its callbacks.
    :arg server_side: whether this is the end that answers.
    :arg server_hostname: whom a client wants to speak to, for SNI and the check of the certificate;
        ``""`` to have nothing checked. Of no meaning for a server.
    :arg session: of an earlier connection of a client, to be resumed.

    Raises :exc:`ValueError` for a ``server_hostname`` of None where the context checks host names, and
    for a ``session`` of another context or of a server.
    """

    __slots__ = (
        "_fed",
        "_goodbye_said",
        "_guard",
        "_incoming",
        "_outgoing",
        "_read",
        "_take_out",
        "_write",
        "ended",
        "failure",
        "made",
        "peer_closed",
        "ssl_object",
    )

    def __init__(
        self,
        context: ssl.SSLContext,
        *,
        server_side: bool,
        server_hostname: str | None,
        session: ssl.SSLSession | None = None,
    ) -> None:
        if server_side:
            server_hostname = None
        elif server_hostname is None and context.check_hostname:
            # OpenSSL would check nothing, and say nothing of it.
            raise ValueError(
                "server_hostname is needed: the SSL context checks host names (check_hostname). "
                "Pass the name of the peer"
            )
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._fed = _NOTHING  # behind what is in the incoming buffer
        self._take_out = self._outgoing.read
        self.made: list[bytes] = []
        """Of the output, what is not in OpenSSL's buffer any more."""
        self.ssl_object = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_side=server_side,
            server_hostname=server_hostname or None,
            session=session,
        )
        self._guard: HelloGuard | None = None
        """In the handshake of a server that chooses by the name in the ClientHello."""
        if server_side and context.sni_callback is not None:
            self._guard = HelloGuard()
        self._read = self.ssl_object.read
        self._write = self.ssl_object.write
        self.ended = False
        self.peer_closed = False
        self.failure: ssl.SSLError | None = None
        self._goodbye_said = False

    def handshake(self) -> bool:
        """Go on with the handshake; whether it is done. Raises :exc:`ssl.SSLError` if it failed."""
        if self._guard is not None and self._guard.refused:
            self._refuse_name()
        while True:
            try:
                self.ssl_object.do_handshake()
            except ssl.SSLWantReadError:
                if not self._fed:
                    return False
                self._top_up()
            except ssl.SSLError as error:
                self._explain(error)
                raise
            else:
                self._guard = None
                return True

    def _refuse_name(self) -> None:
        self.made.append(ALERT)
        error = ssl.SSLError(ssl.SSL_ERROR_SSL, "[SSL] the server name in the ClientHello is none")
        error.reason = "BAD_SERVER_NAME"
        self._explain(error)
        raise error

    def _explain(self, error: ssl.SSLError) -> None:
        note(error, server_side=self.ssl_object.server_side)

    # In

    def feed(self, data: Buffer) -> None:
        """Take encrypted bytes that came from the peer."""
        self.lend(data)
        self.keep()

    def lend(self, data: Buffer) -> None:
        """As :meth:`feed`, but ``data`` may be used for something else only after :meth:`keep` (or the end of
        :meth:`read`, which leaves nothing)."""
        if self._guard is not None:
            self._guard.feed(data)
        if self._fed or self._incoming.pending:
            self._fed = memoryview(b"".join((self._fed, data)))
        elif len(data) <= SLICE:
            self._incoming.write(data)
        else:
            self._fed = memoryview(data)
            self._top_up()

    def keep(self) -> None:
        """Make a copy of what was lent and has not been read."""
        if self._fed:
            self._fed = memoryview(bytes(self._fed))

    def _top_up(self) -> None:
        """Fill the incoming buffer with what waits for that, so that a whole record is in it again."""
        fed = self._fed
        size = SLICE - self._incoming.pending
        self._incoming.write(fed[:size])
        self._fed = fed[size:] if len(fed) > size else _NOTHING

    def read(self) -> bytes:
        """All the clear bytes in what was fed; ``b""`` if there are none (yet)."""
        first = self._read_record()
        if not (self._incoming.pending or self._fed):
            return first
        pieces = [first]
        while (self._incoming.pending or self._fed) and not self.ended:
            pieces.append(self._read_record())
        return b"".join(pieces)

    def _read_record(self) -> bytes:
        if self.ended:
            return b""
        if self._fed:
            self._top_up()
        try:
            data = self._read(RECORD)
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLError as error:
            self._end(error)
            return b""
        if not data:
            self._end(None)
        return data

    def read_into(self, buffer: memoryview) -> int:
        """As :meth:`read`, as far as ``buffer`` has room. How many bytes were put into it."""
        size = len(buffer)
        filled = 0
        while filled < size and not self.ended and self.has_input:
            if self._fed:
                self._top_up()
            try:
                count: int = self._read(size - filled, buffer[filled:])  # type: ignore[assignment]
            except ssl.SSLWantReadError:
                if not self._fed:
                    break
                continue
            except ssl.SSLError as error:
                self._end(error)
                break
            if not count:
                self._end(None)
                break
            filled += count
        return filled

    @property
    def has_input(self) -> bool:
        """Whether something that was fed has not been read."""
        return bool(self._incoming.pending or self._fed or self.ssl_object.pending())

    def _end(self, error: ssl.SSLError | None) -> None:
        self.ended = True
        self._fed = _NOTHING
        # After our own goodbye the peer's comes as an exception.
        if error is None or isinstance(error, ssl.SSLZeroReturnError):
            self.peer_closed = True
        else:
            self._explain(error)
            self.failure = error

    # Out

    def write(self, data: Buffer) -> int:
        """Encrypt ``data``; how much was taken. If that is not all, offer the rest again later.

        Raises :exc:`ssl.SSLError` if the session is broken.
        """
        written = 0
        try:
            if self._outgoing.pending + len(data) <= RECORD:
                return self._write(data)
            take_out, made = self._take_out, self.made
            if self._outgoing.pending:
                made.append(take_out())
            view = memoryview(data)
            while written < len(view):
                written += self._write(view[written : written + RECORD])
                made.append(take_out())
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except ssl.SSLError as error:
            self._explain(error)
            raise
        return written

    def output(self) -> bytes:
        """What has to be sent to the peer; ``b""`` if there is nothing."""
        return b"".join(self.output_pieces()) if self.made else self._take_out()

    def output_pieces(self) -> list[bytes]:
        """As :meth:`output`, as it was made. (Where nothing is in :attr:`made`, there is one at the most.)"""
        pieces, self.made = self.made, []
        if self._outgoing.pending:
            pieces.append(self._take_out())
        return pieces

    @property
    def output_size(self) -> int:
        """Bytes that :meth:`output` would give."""
        pending = self._outgoing.pending
        return sum(map(len, self.made), pending) if self.made else pending

    def say_goodbye(self) -> None:
        """Tell the peer that nothing will follow. What it sent and nobody has read is dropped."""
        if self._goodbye_said:
            return
        while self.read():
            pass
        self._goodbye_said = True
        if self.failure is None:
            try:
                self.ssl_object.unwrap()
            except ssl.SSLError:
                pass  # it has not come yet; or the handshake is not done, and there is nothing to end
