""":class:`Transfer`: one request and its response, as libcurl does it."""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Any, Final

import pycurl

from ..http1 import Limits
from ..httpclient.engine import Hop
from ..httpclient.failures import HTTPProtocolError, HTTPStreamClosedError
from ..httpclient.feeding import FedAnswer
from ..httpclient.requests import HTTPRequest
from ..httpclient.responses import HTTPResponse
from ..httputil import HTTPInputError
from ..ioloop import IOLoop
from ..tcpclient import address_text
from . import debugging
from .answers import CurlAnswer
from .failures import (
    ABORTED_BY_CALLBACK,
    COULDNT_CONNECT,
    NO_ANSWER,
    OPERATION_TIMEDOUT,
    PROXY,
    CurlConnectError,
    CurlError,
    CurlProxyError,
    CurlRefusedError,
    CurlStreamClosedError,
    CurlTimeoutError,
    curl_failure,
    socks_failure,
)
from .heads import FRAMED, Head, HeadReader
from .keeping import Name
from .options import body_of, body_size, milliseconds, proxy_url, set_request, set_way
from .reactor import Reactor
from .uploads import BytesUpload, ProducedUpload, Upload
from .watching import CONNECTING, HANDSHAKE, RECEIVING, SENDING, WAITING, Watch

_ABORT_WRITING: Final = 0
"""What a callback returns that is given something, and does not want it."""
_MOST_TRIES: Final = 6
"""How often libcurl begins a request. (Servers end connections of HTTP/2, and refuse what came too late.)"""
_MOST_TRIES_WITH_HTTP_1: Final = 2
_RECEIVE_BUFFER: Final = 128 * 1024
"""Bytes that libcurl reads at once."""


class Transfer:
    """Runs on a reactor, by one of libcurl's easy handles.

    The methods that begin with ``_on`` are called within libcurl: they call nobody, and raise nothing.

    :arg curl: the handle, as it is when it is new.
    :arg limits: of the heads of responses.
    :arg ended: called when it is over, one way or another; then the handle is as new again.

    Raises, beside :exc:`ValueError`, what ``hop.prepare_curl`` does.
    """

    def __init__(
        self,
        curl: Any,
        hop: Hop,
        reactor: Reactor,
        io_loop: IOLoop,
        limits: Limits,
        ended: Callable[["Transfer"], None],
    ) -> None:
        self.curl = curl
        self.reactor = reactor
        self.head: asyncio.Future[CurlAnswer] = asyncio.get_running_loop().create_future()
        """The answer, when the final head is there."""
        self._hop = hop
        self._io_loop = io_loop
        self._ended = ended
        self._over = False
        self._heads = HeadReader(hop.method, limits)
        self._answer: CurlAnswer | None = None
        self._proxy_head: Head | None = None
        self._requests = 0
        """How many times the request was begun: libcurl tries again where a kept connection has ended."""
        self._most_tries = _MOST_TRIES
        self._name: Name = ("", 0)
        """Our end of the connection, once there is one."""
        self._sockets: list[int] = []
        """Those that were opened for it."""
        self._is_refused = False
        self._received = 0
        self._length: int | None = None
        """What ``_received`` is when the response is whole, if that is known."""
        self._paused = False
        self._failure: Exception | None = None
        self._upload: Upload | None = None
        self._watch: Watch | None = None
        self._started = io_loop.time()
        self._times_are_noted = False

    def set_up(self, http_version: int, max_age: int) -> None:
        """Tell libcurl all about it."""
        curl, hop = self.curl, self._hop
        self._upload = upload = self._new_upload()
        set_request(curl, hop, upload is not None, None if upload is None else upload.size)
        set_way(curl, hop)
        curl.setopt(pycurl.HTTP_VERSION, http_version)
        if http_version == pycurl.CURL_HTTP_VERSION_1_1 or (
            not hop.address.secure and http_version == pycurl.CURL_HTTP_VERSION_2TLS
        ):
            self._most_tries = _MOST_TRIES_WITH_HTTP_1
        if hop.address.secure:
            # Whether many can share one connection is known only when that stands.
            curl.setopt(pycurl.PIPEWAIT, 1)
        curl.setopt(pycurl.MAXAGE_CONN, max_age)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, self._connect_milliseconds())
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.BUFFERSIZE, _RECEIVE_BUFFER)
        curl.setopt(pycurl.SOCKOPTFUNCTION, self._on_open)
        curl.setopt(pycurl.PREREQFUNCTION, self._on_request)
        curl.setopt(pycurl.HEADERFUNCTION, self._on_header_line)
        curl.setopt(pycurl.WRITEFUNCTION, self._on_body)
        if hop.timeouts.tls or debugging.curl_log.isEnabledFor(logging.DEBUG):
            curl.setopt(pycurl.VERBOSE, 1)
            curl.setopt(pycurl.DEBUGFUNCTION, self._on_debug)
        if upload is not None:
            curl.setopt(pycurl.READFUNCTION, self._on_upload)
            curl.setopt(pycurl.SEEKFUNCTION, upload.seek)
        if hop.prepare_curl is not None:
            hop.prepare_curl(curl)

    def _new_upload(self) -> Upload | None:
        hop = self._hop
        size = body_size(hop)
        if hop.producer is not None:
            return ProducedUpload(
                hop.producer, size, hop.repeatable, self._sent, self._set_pauses, self.fail
            )
        body = body_of(hop)
        if body is None:
            return None
        upload = BytesUpload(body, self._sent)
        upload.size = size
        return upload

    def _connect_milliseconds(self) -> int:
        limit = self._hop.timeouts.connect
        waited = self._started - self._hop.times.started
        return milliseconds(max(limit - waited, 0.001) if limit else 0.0)

    def start(self) -> None:
        """Begin."""
        hop = self._hop
        hop.waiting_for = CONNECTING
        self.reactor.start(self)
        if Watch.needed(hop.timeouts):
            self._watch = Watch(self._io_loop, hop.timeouts, self._waits_for_us, self._late)

    # What libcurl tells

    def _on_debug(self, kind: int, data: bytes) -> None:
        """libcurl tells what it does; nothing else tells that TLS begins."""
        watch = self._watch
        if kind == debugging.TLS_SENT and watch is not None and watch.stage is CONNECTING:
            self._move(HANDSHAKE)
        debugging.tell(kind, data)

    def _on_open(self, fd: int, purpose: int) -> int:
        """A socket was opened."""
        self._sockets.append(fd)
        return int(pycurl.SOCKOPT_OK)

    def _on_request(self, _: str, address: str, __: int, port: int) -> int:
        """A connection stands, and the request is to be sent; ``address`` and ``port`` are our end of it."""
        self._name = (address, port)
        kept = self.reactor.kept
        if self._sockets:
            kept.forget(self._name)
        elif kept.has_spoken(self._name) or self._is_second_try:
            self._is_refused = True
            return int(pycurl.PREREQFUNC_ABORT)
        self._requests += 1
        if self._requests > 1 and (self._answer is not None or not self._hop.repeatable):
            return int(pycurl.PREREQFUNC_ABORT)
        if self._requests > self._most_tries:
            return int(pycurl.PREREQFUNC_ABORT)
        self._move(SENDING)
        if self._upload is None or self._upload.size == 0:
            self._sent()
        return int(pycurl.PREREQFUNC_OK)

    @property
    def _is_second_try(self) -> bool:
        """One kept connection has ended, as others may have; what speaks HTTP/2 may only have refused the request."""
        return self._requests > 0 and self._most_tries == _MOST_TRIES_WITH_HTTP_1

    def _on_upload(self, size: int) -> bytes | int:
        assert self._upload is not None
        if self._watch is not None:
            self._watch.move(SENDING)
        return self._upload.read(size)

    def _sent(self) -> None:
        self._hop.times.sent = self._io_loop.time()
        if self._answer is None:
            self._move(WAITING)

    def _on_header_line(self, line: bytes) -> int | None:
        try:
            if self._answer is not None:
                self._heads.feed_trailer(line)
                return None
            head = self._heads.feed(line)
            if head is not None:
                self._take(head)
        except HTTPInputError as error:
            failure = HTTPProtocolError(str(error))
            failure.__cause__ = error
            self._failure = failure
        return None if self._failure is None else _ABORT_WRITING

    def _take(self, head: Head) -> None:
        hop = self._hop
        if not self._requests:
            self._proxy_head = head  # its answer to CONNECT
            return
        if head.status < 200:
            if hop.on_interim is not None:
                self._io_loop.add_callback(hop.on_interim, head.status, head.headers)
            return
        limit = hop.max_body_size
        has_body = hop.method != "HEAD" and head.status != 304
        if has_body and limit is not None and (head.length or 0) > limit:
            self._failure = _too_large(limit)
            return
        self._length = head.length if has_body and head.status != 204 else 0
        self._answer = CurlAnswer(self, head)
        if (
            self._sockets and head.version in FRAMED
        ):  # (what speaks HTTP/2 may say something at any time)
            self.reactor.kept.add(self._name, self._sockets)
        self._judge_early()
        hop.times.first_byte = self._io_loop.time()
        self._move(RECEIVING)
        if not self.head.done():
            self.head.set_result(self._answer)

    def _on_body(self, piece: bytes) -> int | None:
        answer = self._answer
        if answer is None:
            return _ABORT_WRITING
        if answer.full:
            self._paused = True
            return int(pycurl.WRITEFUNC_PAUSE)
        self._received += len(piece)
        limit = self._hop.max_body_size
        if limit is not None and self._received > limit:
            self._failure = _too_large(limit)
            return _ABORT_WRITING
        answer.add(piece)
        if self._received == self._length:
            self._judge_early()
        if self._watch is not None:
            self._watch.move(RECEIVING)
        return None

    def _judge_early(self) -> None:
        """If the response is whole the rest of the request is not wanted; libcurl would go on with it."""
        if self._received == self._length and not self._hop.times.sent:
            self._io_loop.add_callback(self.finish, 0, "")

    def _move(self, stage: str) -> None:
        self._hop.waiting_for = stage
        if self._watch is not None:
            self._watch.move(stage)

    # Pauses

    def resume(self) -> None:
        """There is room for more of the response."""
        if self._paused:
            self._paused = False
            if self._watch is not None:
                self._watch.move(RECEIVING)
            self._set_pauses()

    def _set_pauses(self) -> None:
        pauses = pycurl.PAUSE_CONT
        if self._paused:
            pauses |= pycurl.PAUSE_RECV
        if self._upload is not None and self._upload.waits:
            pauses |= pycurl.PAUSE_SEND
        try:
            self.curl.pause(pauses)
        except pycurl.error as error:  # what had gone wrong meanwhile
            self.finish(*error.args)

    def _waits_for_us(self) -> bool:
        return self._paused or (
            self._answer is None and self._upload is not None and self._upload.waits
        )

    # Ends

    def finish(self, number: int, message: str) -> None:
        """libcurl is done with it."""
        if self._over:
            return
        if self._is_refused:
            self._begin_anew()
            return
        failure = self._failure
        if failure is None and number and not self._is_whole(number):
            failure = self._failure_for(number, message)
        if failure is None and self._answer is None:
            failure = CurlStreamClosedError(0, "the connection ended and there was no response")
        self._end(failure)

    def _begin_anew(self) -> None:
        """By a new connection: over the kept one something has come, and nothing was sent."""
        self._is_refused = False
        if self._upload is not None and self._requests:
            self._upload.seek(0, 0)
        self.reactor.drop(self)
        self.curl.setopt(pycurl.FRESH_CONNECT, 1)
        self._started = self._io_loop.time()
        self.reactor.start(self)

    def _is_whole(self, number: int) -> bool:
        """Whether the response is, in spite of what libcurl says."""
        if self._answer is None:
            return False
        # It is if only the rest of the request could not be sent. And after a 417 libcurl wants to send the request
        # once more, without Expect, which was not what it was asked for.
        return self._received == self._length or number == ABORTED_BY_CALLBACK

    def fail(self, failure: Exception) -> None:
        """Give it up, for this reason."""
        if not self._over:
            self._end(failure)

    def abandon(self, answer: FedAnswer | None = None) -> None:
        """Nobody wants it any more (or the rest of its answer)."""
        if not self._over:
            self._answer = None
            self.head.cancel()
            self._end(None)

    def _end(self, failure: Exception | None) -> None:
        self._over = True
        self.note_times()
        self._hop.times.ended = self._io_loop.time()
        if not self._requests and not self.curl.getinfo(pycurl.NAMELOOKUP_TIME):
            self.reactor.leave_lookup()
        self.reactor.drop(self)
        # Nothing is to hold itself in a circle when it has ended.
        upload, self._upload = self._upload, None
        if upload is not None:
            upload.stop()
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.end()
        self.curl.reset()  # which forgets the callbacks, too
        self._tell(failure)
        self._ended(self)

    def _tell(self, failure: Exception | None) -> None:
        answer = self._answer
        if answer is not None:
            if failure is None:
                try:
                    answer.end(self._heads.trailers())
                    return
                except HTTPInputError as error:
                    failure = HTTPProtocolError(str(error))
                    failure.__cause__ = error
            answer.fail(failure)
        elif failure is not None and not self.head.done():
            self.head.set_exception(failure)

    def _failure_for(self, number: int, message: str) -> CurlError:
        head, proxy = self._proxy_head, self._hop.way.proxy
        if proxy is not None and number == PROXY:
            return socks_failure(message, self.curl.getinfo(pycurl.PROXY_ERROR))
        if proxy is not None and head is not None and not 200 <= head.status < 300:
            request = HTTPRequest(proxy_url(proxy), "CONNECT")
            response = HTTPResponse(request, head.status, head.headers, reason=head.reason)
            text = f"{proxy} answered CONNECT with {head.status} {head.reason}".strip()
            return CurlProxyError(number, text, head.status, response)
        if proxy is not None and head is None and self._is_asking_for_a_tunnel(number):
            return CurlProxyError(number, f"{proxy} did not answer CONNECT: {message}")
        if number == OPERATION_TIMEDOUT and not self._requests:
            address = self._hop.address
            return CurlTimeoutError(
                number, f"Timeout while connecting to {address_text((address.host, address.port))}"
            )
        if number == ABORTED_BY_CALLBACK:
            return CurlStreamClosedError(
                number, "the server ended the connection before it had answered"
            )
        if number == COULDNT_CONNECT:
            return self._connect_failure(message)
        return curl_failure(number, message)

    def _is_asking_for_a_tunnel(self, number: int) -> bool:
        """Whether it is a proxy for HTTP that has ended the connection, or said what is no HTTP."""
        return number in NO_ANSWER and self._hop.address.secure and not self._requests

    def _connect_failure(self, message: str) -> CurlError:
        number = self.curl.getinfo(pycurl.OS_ERRNO)
        cause = OSError(number, os.strerror(number)) if number else None
        refused = isinstance(cause, ConnectionRefusedError)
        failure = (CurlRefusedError if refused else CurlConnectError)(COULDNT_CONNECT, message)
        failure.__cause__ = cause
        return failure

    def _late(self, waiting_for: str) -> None:
        self.fail(CurlTimeoutError(OPERATION_TIMEDOUT, f"Timeout {waiting_for}"))

    # Times

    def note_times(self) -> None:
        """Write down when the connection was made. (Not within libcurl.)"""
        if self._times_are_noted:
            return
        self._times_are_noted = True
        times, getinfo, started = self._hop.times, self.curl.getinfo, self._started
        if not getinfo(pycurl.NUM_CONNECTS):
            times.reused = self._requests > 0
            return
        times.resolved = started + getinfo(pycurl.NAMELOOKUP_TIME)
        connected, secured = getinfo(pycurl.CONNECT_TIME), getinfo(pycurl.APPCONNECT_TIME)
        times.connected = started + connected if connected else 0.0
        times.secured = started + secured if secured else 0.0


def closed_failure() -> HTTPStreamClosedError:
    """For what goes on when the client is closed."""
    return HTTPStreamClosedError("the client was closed")


def _too_large(limit: int) -> HTTPProtocolError:
    return HTTPProtocolError(f"the body is larger than max_body_size, {limit} bytes")
