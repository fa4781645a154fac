"""The sans-I/O writer of responses (RFC 9112): a response in, bytes out.

:class:`ResponseWriter` frames one response: by Content-Length where the head has one, chunked where the
client can read that, else until the connection closes. It refuses (:exc:`HTTPOutputError`) what would
make the client misread where the response ends.
"""

import re
from typing import Final

from ..httputil import HTTPHeaders, http_date_now, responses
from ..httputil.errors import shown
from .fields import connection_options, read_connection
from .framing import Fields, frame_written, kind_of_response, read_coding
from .framing_rules import CHUNKED, EMPTY_RESPONSE, LENGTH, NO_CODING, OTHER_PROTOCOL, UNTIL_END
from .heads import encode_head
from .states import DATA, INTERIM, RESPONSE_WRITER
from .writer import MessageWriter

SERVER: Final = "tornadolike"
"""What the Server header says unless a handler says otherwise. No version: it helps nobody but attackers."""

_QUOTATION: Final = re.compile(r"b?['\"]")
"""How what was sent begins in the text of an error."""

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
"""What invites the body of a request that waits for that."""


class DefaultHeads:
    """Heads of responses that say nothing but Server, Content-Type and Date, made once a tick."""

    MAX_ENTRIES = 64

    def __init__(self) -> None:
        self._tick = 0.0
        self._heads: dict[tuple[int, str, str], bytes] = {}

    def get(self, status: int, reason: str, content_type: str, tick: float) -> bytes:
        """As :func:`encode_head` of the default fields.

        ``tick`` is a number that changes about twice a second, which saves to ask for the time.
        """
        if tick != self._tick or len(self._heads) > self.MAX_ENTRIES:
            self._heads.clear()
            self._tick = tick
        key = (status, reason, content_type)
        head = self._heads.get(key)
        if head is None:
            fields = [
                ("Server", SERVER),
                ("Content-Type", content_type),
                ("Date", http_date_now()),
            ]
            head = self._heads[key] = encode_head(status, reason, fields)
        return head


class ResponseWriter(MessageWriter):
    """Frames the response to one request.

    ===========================================================  =========================================
    response                                                     its body
    ===========================================================  =========================================
    to HEAD, or of status 1xx, 204, 304; 2xx to CONNECT          none, whatever is written
    with Content-Length                                          just so long
    without, to HTTP/1.1                                         chunked
    without, to HTTP/1.0                                         until the connection closes
    ===========================================================  =========================================

    An author who sets ``Transfer-Encoding: chunked``, and no Content-Length, has the same as one who does not.

    :arg method: the request's method.
    :arg version: the request's version.
    :arg keep_alive: whether the connection may stay open as far as the request is concerned. Behind a response to
        CONNECT it never does: what the client has sent already may be meant for somebody else.
    """

    __slots__ = ("_method",)

    _table = RESPONSE_WRITER

    def __init__(self, method: str | None, version: str, keep_alive: bool) -> None:
        super().__init__(version, keep_alive and method != "CONNECT")
        self._method = method

    def head(self, status: int, reason: str, headers: HTTPHeaders) -> bytes:
        """The head, after which the body follows (or another head: that of an interim response's final).

        ``headers`` are not changed. Empty for an interim response to HTTP/1.0, which does not know such.
        Raises :exc:`HTTPOutputError` for what would be misread; then nothing is changed.
        """
        fields = list(headers.get_all())
        kind = kind_of_response(self._method, status)
        said = headers._fields
        coding = read_coding(said)
        framing, length = frame_written(kind, self._version, coding, said)
        if coding is not NO_CODING:  # then it is chunked, which we say where the client can read it
            fields = [field for field in fields if field[0] != "Transfer-Encoding"]
        if kind is EMPTY_RESPONSE and status < 200:
            head = encode_head(status, reason, fields) + b"\r\n"
            self._go(INTERIM)
            return b"" if self._version == "HTTP/1.0" else head
        if framing is CHUNKED:
            fields.append(("Transfer-Encoding", "chunked"))
        keep_alive = self.keep_alive
        if framing is UNTIL_END or framing is OTHER_PROTOCOL:
            keep_alive = False
        if framing is not OTHER_PROTOCOL:  # whose connection it is now
            keep_alive = self._say_whether_closing(said, fields, keep_alive)
        head = encode_head(status, reason, fields) + b"\r\n"
        self._start_body(framing, length)
        self.keep_alive = keep_alive
        return head

    def _say_whether_closing(
        self, said: Fields, fields: list[tuple[str, str]], keep_alive: bool
    ) -> bool:
        close, says_keep_alive = read_connection(said)
        if close:
            return False
        if not keep_alive:
            options = ["close"]
            if says_keep_alive:
                options += (one for one in connection_options(said) if one != "keep-alive")
                fields[:] = (field for field in fields if field[0] != "Connection")
            fields.append(("Connection", ", ".join(options)))
        elif self._version == "HTTP/1.0" and not says_keep_alive:
            fields.append(("Connection", "Keep-Alive"))
        return keep_alive

    def frame(self, size: int) -> tuple[bytes, bytes] | None:
        """What stands before and behind a piece of ``size`` bytes of the body, at least one, that goes another way.

        None where there is no body that it could be a piece of. Raises :exc:`HTTPOutputError` as :meth:`data`.
        """
        self._go(DATA)
        framing = self._framing
        if framing is CHUNKED:
            return b"%x\r\n" % size, b"\r\n"
        if framing is LENGTH:
            self._count(size)
        elif framing is not UNTIL_END:
            return None
        return b"", b""

    def _without_body(self, chunk: bytes) -> bytes:
        return b""  # a handler need not know that it answers HEAD


def error_response(status: int, detail: str = "", method: str | None = None) -> bytes:
    """A whole response that refuses a request and announces that the connection closes.

    :arg detail: what is wrong. It stands in the body below the status and its reason, up to where it quotes what was
        sent: behind a proxy that was led astray that may have been somebody else's.
    :arg method: the request's, if that is known: HEAD is answered by the head alone.
    """
    reason = responses.get(status, "Unknown")
    told = _QUOTATION.split(detail, maxsplit=1)[0].rstrip(" :")
    more = f"{shown(told)}\n" if told else ""
    body = f"{status}: {reason}\n{more}".encode()
    fields = [
        ("Server", SERVER),
        ("Date", http_date_now()),
        ("Content-Type", "text/plain; charset=UTF-8"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
    ]
    head = encode_head(status, reason, fields) + b"\r\n"
    return head if method == "HEAD" else head + body
