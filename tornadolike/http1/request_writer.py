"""The sans-I/O writer of requests (RFC 9112): a request in, bytes out."""

from typing import Final

from ..httputil import HTTPHeaders, HTTPOutputError
from ..httputil.authority import is_authority
from .fields import read_connection, stays_open
from .framing import frame_written, joined, read_coding
from .framing_rules import EMPTY, REQUEST, Coding, Framing
from .heads import encode_fields, encode_request_line
from .request_heads import EncodedFields, encoded_fields
from .states import REQUEST_WRITER
from .writer import MessageWriter

METHODS_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
"""Requests of these have a body, if only an empty one (RFC 9110 section 8.6)."""


class RequestWriter(MessageWriter):
    """Frames one request.

    ===========================================================  =========================================
    request                                                      its body
    ===========================================================  =========================================
    with Content-Length                                          just so long
    without, in HTTP/1.1, that announces a body                  chunked
    else                                                         none
    ===========================================================  =========================================

    :arg version: ``"HTTP/1.1"`` or ``"HTTP/1.0"``.
    """

    __slots__ = ("expects_continue", "upgrades")

    _table = REQUEST_WRITER

    def __init__(self, version: str = "HTTP/1.1") -> None:
        super().__init__(version, keep_alive=True)
        self.expects_continue = False
        """Whether the server is asked for 100 Continue before the body is sent."""
        self.upgrades = False
        """Whether the server is asked to go on in another protocol."""

    def head(
        self, method: str, target: str, headers: HTTPHeaders, with_body: bool = False
    ) -> bytes:
        """The head, after which the body follows.

        :arg headers: all that are to be sent, Host before all; they are not changed.
        :arg with_body: a body follows even if ``headers`` tell no length: it is sent in chunks.

        Raises :exc:`HTTPOutputError` for what :func:`~tornadolike.http1.encode_request_head` refuses, for a
        missing or malformed Host, and for framing that would be misread; then nothing is changed.
        """
        if with_body or method in METHODS_WITH_BODY or self._version != "HTTP/1.1":
            return self._encoded_head(method, target, headers, with_body)
        known = encoded_fields.find(headers._fields)
        if known is None:
            head = self._encoded_head(method, target, headers, with_body)
            if self._framing is EMPTY:
                lines = head[head.index(b"\r\n") + 2 :]
                known = EncodedFields(lines, self.keep_alive, self.upgrades)
                encoded_fields.remember(headers._fields, known)
            return head
        line = encode_request_line(method, target, self._version)
        self._start_body(EMPTY, 0)
        self.keep_alive, self.upgrades = known.stays_open, known.upgrades
        return line + known.lines

    def _encoded_head(
        self, method: str, target: str, headers: HTTPHeaders, with_body: bool
    ) -> bytes:
        fields = list(headers.get_all())
        framing, length = self._frame(method, headers, fields, with_body)
        self._check_host(headers)
        expects_continue = self._read_expectation(headers, framing)
        line = encode_request_line(method, target, self._version)
        lines = encode_fields(fields) + b"\r\n"
        self._start_body(framing, length)
        self.keep_alive = stays_open(self._version, *read_connection(headers._fields))
        self.expects_continue = expects_continue
        self.upgrades = "Upgrade" in headers
        return line + lines

    def _frame(
        self, method: str, headers: HTTPHeaders, fields: list[tuple[str, str]], with_body: bool
    ) -> tuple[Framing, int]:
        said = headers._fields
        coding = read_coding(said)
        if coding is Coding.NONE and "Content-Length" not in said:
            if with_body:
                coding = Coding.CHUNKED
                fields.append(("Transfer-Encoding", "chunked"))
            elif method in METHODS_WITH_BODY:
                fields.append(("Content-Length", "0"))
        return frame_written(REQUEST, self._version, coding, said)

    def _check_host(self, headers: HTTPHeaders) -> None:
        hosts = headers.get_list("Host")
        if not hosts and self._version == "HTTP/1.0":
            return
        check_hosts(hosts)

    def _read_expectation(self, headers: HTTPHeaders, framing: Framing) -> bool:
        expect = headers._fields.get("Expect")
        if expect is None:
            return False
        if framing is EMPTY or self._version == "HTTP/1.0":
            raise HTTPOutputError("Expect goes with a body, and with HTTP/1.1: leave it out")
        return "100-continue" in joined(expect).lower()

    def _without_body(self, chunk: bytes) -> bytes:
        if chunk:
            raise HTTPOutputError(
                "The head has announced no body: give it a Content-Length or with_body=True"
            )
        return b""


def check_hosts(hosts: list[str]) -> None:
    """Raise :exc:`HTTPOutputError` if these cannot be the ``Host`` headers of a request (RFC 9112 section 3.2)."""
    if len(hosts) != 1 or (hosts[0] and not is_authority(hosts[0])):
        raise HTTPOutputError(
            f"A request has one Host header, with the name (and port) of the server: {hosts!r}"
        )
