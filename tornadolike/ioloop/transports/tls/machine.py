""":class:`TLSMachine`: TLS without a socket. Encrypted bytes go in and come out; so do clear ones.

The caller moves the bytes. Whatever it has done with the machine (also reading), there may be
:meth:`~TLSMachine.output` for the peer: handshake messages, alerts, answers to key updates, records.

Reading never raises. What came is given out as far as it is sound, and after that ``ended`` is true, for
one of two reasons: the peer said goodbye (``peer_closed``), or its bytes make no sense (``failure``).

OpenSSL's manners that the rest of this file follows:

- One read gives one record at the most. Asking in vain costs an exception, so nobody asks when
  nothing is left in the incoming buffer: a record is always taken out of it whole.
- A write takes everything, however large. It is refused in one case only, when the handshake goes on
  underneath (TLS 1.2's renegotiation); the same bytes must then be offered again.
- The goodbye breaks the session if unread records are there. After it reading goes on.
"""

import ssl
from typing import Final

from .failures import note

Buffer = bytes | bytearray | memoryview

RECORD: Final = 16 * 1024
"""Clear bytes that one TLS record holds at the most."""


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
        "_goodbye_said",
        "_incoming",
        "_outgoing",
        "_read",
        "_write",
        "ended",
        "failure",
        "output",
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
                'Pass the name of the peer; "" has it not checked, which is unsafe'
            )
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.ssl_object = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_side=server_side,
            server_hostname=server_hostname or None,
            session=session,
        )
        self._read = self.ssl_object.read
        self._write = self.ssl_object.write
        self.output = self._outgoing.read
        """``output()`` gives what has to be sent to the peer, ``b""`` if there is nothing."""
        self.ended = False
        self.peer_closed = False
        self.failure: ssl.SSLError | None = None
        self._goodbye_said = False

    def handshake(self) -> bool:
        """Go on with the handshake; whether it is done. Raises :exc:`ssl.SSLError` if it failed."""
        try:
            self.ssl_object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            self._explain(error)
            raise
        return True

    def _explain(self, error: ssl.SSLError) -> None:
        note(error, server_side=self.ssl_object.server_side)

    # In

    def feed(self, data: Buffer) -> None:
        """Take encrypted bytes that came from the peer."""
        self._incoming.write(data)

    def read(self) -> bytes:
        """All the clear bytes in what was fed; ``b""`` if there are none (yet)."""
        first = self._read_record()
        if not first or not self._incoming.pending:
            return first
        pieces = [first]
        while self._incoming.pending and (piece := self._read_record()):
            pieces.append(piece)
        return b"".join(pieces)

    def _read_record(self) -> bytes:
        if self.ended:
            return b""
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
            try:
                count: int = self._read(size - filled, buffer[filled:])  # type: ignore[assignment]
            except ssl.SSLWantReadError:
                break
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
        return bool(self._incoming.pending or self.ssl_object.pending())

    def _end(self, error: ssl.SSLError | None) -> None:
        self.ended = True
        # After our own goodbye the peer's comes as an exception.
        if error is None or isinstance(error, ssl.SSLZeroReturnError):
            self.peer_closed = True
        else:
            self._explain(error)
            self.failure = error

    # Out

    def write(self, data: Buffer) -> int:
        """Encrypt ``data``; how much was taken: all, or nothing (then offer the same again later).

        Raises :exc:`ssl.SSLError` if the session is broken.
        """
        try:
            return self._write(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0
        except ssl.SSLError as error:
            self._explain(error)
            raise

    @property
    def output_size(self) -> int:
        """Bytes that :meth:`output` would give."""
        return self._outgoing.pending

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
