""":class:`HelloGuard`: the server name in a ClientHello, looked at before OpenSSL hands it to Python.

A name is ASCII (RFC 6066, section 3). One that is not cannot be given to a context's ``sni_callback``, of which
Python prints a traceback to the standard error, once for each stranger who wants that.
"""

from typing import Final

HANDSHAKE: Final = 22
CLIENT_HELLO: Final = 1
SERVER_NAME: Final = 0

MAX_HELLO: Final = 128 * 1024
"""Bytes of a ClientHello that are waited for. OpenSSL takes none that is much larger."""

ALERT: Final = b"\x15\x03\x03\x00\x02\x02\x2f"
"""What the peer is told, in a record: fatal, illegal_parameter."""


class HelloGuard:
    """Reads along with OpenSSL what a client sends in plain: its ClientHello, and the second if it is asked again."""

    __slots__ = ("_messages", "_over", "_records", "refused")

    def __init__(self) -> None:
        self._records = bytearray()
        self._messages = bytearray()
        self._over = False
        self.refused = False
        """A name came that is none."""

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """These bytes came, behind those before."""
        if self._over:
            return
        records = self._records
        records += data
        begin = 0
        while len(records) - begin >= 5:
            end = begin + 5 + int.from_bytes(records[begin + 3 : begin + 5])
            if len(records) < end:
                break
            if records[begin] == HANDSHAKE:
                self._messages += records[begin + 5 : end]
            begin = end
        del records[:begin]
        self._look_at_messages()

    def _look_at_messages(self) -> None:
        messages = self._messages
        while len(messages) >= 4 and not self._over:
            end = 4 + int.from_bytes(messages[1:4])
            if messages[0] != CLIENT_HELLO or end > MAX_HELLO:
                self._over = True  # what is to be said in plain was said; or OpenSSL refuses it
            elif len(messages) < end:
                return
            else:
                self.refused = self._over = _has_bad_name(memoryview(bytes(messages[4:end])))
                del messages[:end]
        if self._over:
            self._records.clear()
            messages.clear()


def _has_bad_name(hello: memoryview) -> bool:
    """(Of one that is malformed the slices are empty, and OpenSSL says what is wrong.)"""
    rest = hello[34:]  # behind version and random
    for width in (1, 2, 1):  # session, ciphers, compression
        rest = rest[width + int.from_bytes(rest[:width]) :]
    rest = rest[2:]
    while len(rest) >= 4:
        kind, size = int.from_bytes(rest[:2]), int.from_bytes(rest[2:4])
        if kind == SERVER_NAME and max(rest[9 : 4 + size], default=0) > 127:
            return True
        rest = rest[4 + size :]
    return False
