"""The way from a URL to an open WebSocket: proxies, TLS, the handshake and redirects.

What can be known at once is in a :class:`.Plan`. :func:`open_websocket` goes the way, and gives the stream on which,
behind the server's answer, the WebSocket is spoken.
"""

import asyncio
import socket
import ssl
import sys
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from ...http1 import EndOfMessage, Limits, ResponseHead, ResponseReader
from ...httpclient import HTTPClientError, HTTPResponse
from ...httpclient.addresses import Address
from ...httpclient.cookies import keep_cookies
from ...httpclient.proxies import proxy_from_environment
from ...httpclient.requests import SSLOptions
from ...httpclient.responses import NO_RESPONSE
from ...httpclient.tunnels import open_tunnel
from ...httputil import HTTPHeaders, HTTPInputError
from ...httputil.errors import shown
from ...ioloop import IOLoop
from ...ioloop.transports.tls import make_client_context
from ...iostream import IOStream, StreamClosedError
from ...tcpclient import TCPClient, limited
from ..compression import DeflateParameters
from ..compression.extensions import check_answer
from ..handshake import HandshakeError
from .addresses import redirected, websocket_url
from .handshake import (
    check_accepted,
    new_key,
)
from .plan import Plan, opening_request

READ_SIZE: Final = 4096
"""Bytes of an answer that are asked for at once; it is seldom longer."""

REFUSAL_SIZE: Final = 64 * 1024
"""Bytes of the body of a refusal that are kept for who wants to see it."""

REFUSAL_PATIENCE: Final = 2.0
"""Seconds that this body may take."""

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

_LIMITS: Final = Limits(max_body_size=sys.maxsize)  # REFUSAL_SIZE is what counts


class WebSocketTimeoutError(HTTPClientError, TimeoutError):
    """The connection was not there in time. Its ``code`` is 599, as in Tornado."""

    def __init__(self, message: str) -> None:
        super().__init__(NO_RESPONSE, message)


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection behind the server's 101."""

    stream: IOStream
    headers: HTTPHeaders
    subprotocol: str | None
    compression: DeflateParameters | None


class Deadline:
    """How long the way may take, all in all."""

    def __init__(self, timeout: float | None) -> None:
        self._end = None if timeout is None else IOLoop.current().time() + timeout

    def left(self) -> float | None:
        """Seconds; None: for ever."""
        return None if self._end is None else max(self._end - IOLoop.current().time(), 0.0)


async def open_websocket(plan: Plan) -> Opened:
    """Go the way, by redirects if the plan says so.

    Raises what :func:`.websocket_connect` does. Nothing stays open then.
    """
    client = TCPClient(plan.resolver)
    deadline = Deadline(plan.timeout)
    address = plan.address
    try:
        for left in range(plan.follow_redirects, -1, -1):
            answer = await _ask(plan, client, address, deadline)
            if isinstance(answer, Opened):
                return answer
            address = _next_address(plan, address, answer, left)
        raise AssertionError("the last redirect is refused")
    except TimeoutError as error:
        if isinstance(error, HTTPClientError):
            raise
        raise WebSocketTimeoutError(str(error)) from error
    finally:
        client.close()


def _next_address(plan: Plan, address: Address, response: HTTPResponse, left: int) -> Address:
    """Where a response that is not the wanted one leads to. Raises what it means if that is nowhere."""
    location = response.headers.get("Location")
    if not plan.follow_redirects or response.code not in REDIRECTS or location is None:
        raise _refused(response)
    if not left:
        raise _refused(response, f"more than {plan.follow_redirects} redirects")
    try:
        found = redirected(address, location)
    except ValueError as error:
        raise _refused(response, f"a redirect to where no WebSocket can be: {error}") from error
    if address.secure and not found.secure:
        raise _refused(response, "a redirect from TLS to plain text, which is not followed")
    if plan.unix_socket is not None and found.origin != plan.address.origin:
        raise _refused(response, "a redirect to another server, which is not at the Unix socket")
    return found


def _refused(response: HTTPResponse, message: str | None = None) -> BaseException:
    if 200 <= response.code < 300:
        return HandshakeError(
            response.code,
            shown(f"the server answered {response.code} {response.reason} and not 101"),
        )
    if message is not None:
        response.error = HTTPClientError(response.code, shown(message), response)
    assert response.error is not None
    return response.error


async def _ask(
    plan: Plan, client: TCPClient, address: Address, deadline: Deadline
) -> Opened | HTTPResponse:
    """Ask one server for a WebSocket. What it answers, if it is not 101, is the response."""
    key = new_key()
    writer, request = opening_request(plan, address, key)
    stream = await _connect(plan, client, address, deadline)
    try:
        async with limited(deadline.left()) as progress:
            progress.begin("while waiting for the answer of", (address.host, address.port))
            reader = ResponseReader(_LIMITS)
            reader.expect("GET", writer)
            head = await _exchange(stream, request, reader)
            keep_cookies(plan.cookies, address.url, head.headers)
            if head.status == 101:
                return _accepted(plan, key, head.headers, stream, reader)
        body = await _refusal_body(stream, reader, deadline.left())
    except BaseException:
        stream.close()
        raise
    stream.close()
    return HTTPResponse(
        plan.request,
        head.status,
        head.headers,
        BytesIO(body),
        websocket_url(address),
        reason=head.start_line.reason,
        start_time=plan.request.start_time,
    )


def _accepted(
    plan: Plan, key: str, headers: HTTPHeaders, stream: IOStream, reader: ResponseReader
) -> Opened:
    """What a 101 response opens. Raises :exc:`.HandshakeError` if it does not."""
    subprotocol = check_accepted(headers, key, plan.subprotocols)
    compression = check_answer(headers.get("Sec-WebSocket-Extensions"), plan.compression)
    if stream.writing():
        raise HandshakeError(101, "the server has answered before it had our request")
    stream.unread(reader.unread())
    return Opened(stream, headers, subprotocol, compression)


async def _connect(plan: Plan, client: TCPClient, address: Address, deadline: Deadline) -> IOStream:
    ssl_options = _tls_for(plan, address) if address.secure else None
    if plan.unix_socket is not None:
        return await client.connect_unix(
            plan.unix_socket,
            ssl_options=ssl_options,
            server_hostname=address.host,
            timeout=deadline.left(),
        )
    options: dict[str, Any] = {
        "ssl_options": ssl_options,
        "af": socket.AF_INET if plan.request.allow_ipv6 is False else socket.AF_UNSPEC,
        "source_ip": plan.request.network_interface,
        "timeout": deadline.left(),
    }
    proxy = plan.proxy
    if proxy is None and plan.trust_env:
        proxy = proxy_from_environment(websocket_url(address))
    if proxy is None:
        try:
            return await client.connect(address.host, address.port, **options)
        except StreamClosedError as error:
            if isinstance(error.real_error, ConnectionError):
                raise error.real_error from None  # which programs for Tornado catch
            raise
    return await open_tunnel(client, proxy, address.host, address.port, **options)


def _tls_for(plan: Plan, address: Address) -> SSLOptions:
    """What to say about TLS. Our certificate is for the server that was asked first."""
    options = plan.ssl_options
    if not options:
        return make_client_context(True)  # which need not read anew whom the system trusts
    if isinstance(options, ssl.SSLContext) or address.origin == plan.address.origin:
        return options
    return {name: said for name, said in options.items() if name not in ("certfile", "keyfile")}


async def _exchange(stream: IOStream, request: bytes, reader: ResponseReader) -> ResponseHead:
    """Send the request, and read the head of the final answer."""
    try:
        stream.write(request)
        while True:
            event = reader.next_event()
            if isinstance(event, ResponseHead) and not event.interim:
                return event
            if event is None:
                reader.feed(await stream.read_bytes(READ_SIZE, partial=True))
    except HTTPInputError as error:
        raise HandshakeError(NO_RESPONSE, f"the server's answer is not HTTP: {error}") from error
    except StreamClosedError as error:
        error.args = ("the server ended the connection and gave no answer to the handshake",)
        raise


async def _refusal_body(stream: IOStream, reader: ResponseReader, left: float | None) -> bytes:
    """The body of an answer that is no WebSocket, or what of it comes soon enough."""
    body = bytearray()
    patience = REFUSAL_PATIENCE if left is None else min(REFUSAL_PATIENCE, left)
    try:
        async with asyncio.timeout(patience):
            while len(body) < REFUSAL_SIZE:
                event = reader.next_event()
                if isinstance(event, EndOfMessage):
                    break
                if isinstance(event, bytes):
                    body += event
                else:
                    reader.feed(await stream.read_bytes(READ_SIZE, partial=True))
    except (TimeoutError, HTTPInputError, StreamClosedError):
        pass  # what matters is the status
    return bytes(body[:REFUSAL_SIZE])
