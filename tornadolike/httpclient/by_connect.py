"""What is said to an HTTP proxy: CONNECT (:rfc:`9110` section 9.3.6). No sockets."""

from typing import Final

from ..http1 import Limits, RequestWriter, ResponseHead, ResponseReader
from ..httputil import HTTPHeaders, HTTPInputError
from ..httputil.errors import shown
from ..tcpclient import address_text
from .proxies import Conversation, Proxy, ProxyError
from .requests import HTTPRequest
from .responses import NO_RESPONSE, HTTPResponse

_LIMITS: Final = Limits()


def connect_conversation(proxy: Proxy, host: str, port: int) -> Conversation:
    """Ask ``proxy`` for the way to ``port`` of ``host``.

    Raises :exc:`ProxyError` if it does not open it; and :exc:`ValueError`, before anything is said, for a host that
    cannot be asked for.
    """
    reader = ResponseReader(_LIMITS)
    reader.expect("CONNECT")
    request = _request(proxy, host, port)
    try:
        reader.feed((yield request))
        while True:
            event = reader.next_event()
            if event is None:
                reader.feed((yield b""))
            elif isinstance(event, ResponseHead) and not event.interim:
                break
    except HTTPInputError as error:
        raise ProxyError(
            NO_RESPONSE, f"{proxy} gave an answer that is not HTTP: {error}"
        ) from error
    if not 200 <= event.status < 300:
        raise _refusal(proxy, event)
    return reader.unread()


def _request(proxy: Proxy, host: str, port: int) -> bytes:
    target = address_text((host, port))
    headers = HTTPHeaders({"Host": target})
    authorization = proxy.authorization
    if authorization is not None:
        headers["Proxy-Authorization"] = authorization
    return RequestWriter().head("CONNECT", target, headers)


def _refusal(proxy: Proxy, head: ResponseHead) -> ProxyError:
    reason = f"{head.status} {head.start_line.reason}".strip()
    message = f"{proxy} answered CONNECT with {reason}"
    if head.status == 407:
        wanted = head.headers.get("Proxy-Authenticate", "nothing that it said")
        message += (
            ": it wants a user name and a password, as in http://NAME:PASSWORD@HOST:PORT"
            if proxy.username is None
            else ": it did not take the user name and the password, by Basic"
        ) + f" (Proxy-Authenticate: {wanted})"
    response = HTTPResponse(
        HTTPRequest(f"http://{address_text((proxy.host, proxy.port))}", "CONNECT"),
        head.status,
        head.headers,
        reason=head.start_line.reason,
    )
    return ProxyError(head.status, shown(message), response)
