"""What is said to libcurl about a request: its head, and the way to the server."""

import os
from typing import Any, Final

import pycurl

from ..http1.heads import encode_fields
from ..http1.request_writer import METHODS_WITH_BODY, check_hosts
from ..httpclient.addresses import Address
from ..httpclient.engine import Hop, Way
from ..httpclient.proxies import Proxy
from ..httputil import HTTPOutputError, encode_username_password
from .tls import tls_settings

VERSIONS: Final = {
    "1.1": pycurl.CURL_HTTP_VERSION_1_1,
    "2": pycurl.CURL_HTTP_VERSION_2TLS,
    "2-prior-knowledge": pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
}
"""The values of ``http_version``."""

_ONLY_IF_SAID: Final = ("Accept", "Expect", "User-Agent")
"""What libcurl would send of its own accord."""
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
"""What libcurl says itself where there is a body."""
_NO_LIMIT_MS: Final = 2**31 - 1
"""For libcurl 0 is its own limit."""


def body_of(hop: Hop) -> bytes | None:
    """The body that is there: an empty one where a request of this method should have one."""
    if hop.body is None and hop.method in METHODS_WITH_BODY and hop.producer is None:
        return b""
    return hop.body


def body_size(hop: Hop) -> int | None:
    """How long the body of the request will be; None if that is not known.

    Raises :exc:`HTTPOutputError` for a Content-Length that is not true.
    """
    body = body_of(hop)
    text = hop.headers.get("Content-Length")
    if text is None:
        return None if body is None or "Transfer-Encoding" in hop.headers else len(body)
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise HTTPOutputError(f"Malformed Content-Length: {text[:100]!r}")
    size = int(text)
    if hop.producer is None and size != len(body or b""):
        raise HTTPOutputError(
            f"Content-Length is {size}, but the body has {len(body or b'')} bytes"
        )
    return size


def set_request(curl: Any, hop: Hop, has_body: bool, size: int | None) -> None:
    """Say which request it is. Raises :exc:`HTTPOutputError` or :exc:`ValueError` for what cannot be sent."""
    curl.setopt(pycurl.URL, _url(hop.address))
    # The path goes as it is. (It is for the server to say what ".." means.)
    curl.setopt(pycurl.PATH_AS_IS, 1)
    if has_body:
        if hop.method == "HEAD":
            raise ValueError("libcurl sends no body with HEAD")
        curl.setopt(pycurl.UPLOAD, 1)
        curl.setopt(pycurl.INFILESIZE_LARGE, -1 if size is None else size)
        curl.setopt(pycurl.CUSTOMREQUEST, hop.method)
    elif hop.method == "HEAD":
        curl.setopt(pycurl.NOBODY, 1)
    elif hop.method != "GET":
        curl.setopt(pycurl.CUSTOMREQUEST, hop.method)
    curl.setopt(pycurl.HTTPHEADER, _header_lines(hop, has_body))


def _url(address: Address) -> str:
    name, percent, zone = address.host.partition("%")
    if not percent:
        return address.url
    zone = zone.removeprefix("25")  # which stands for the percent sign, and is there or not
    return f"{address.scheme}://[{name}%25{zone}]:{address.port}{address.resource}"


def _header_lines(hop: Hop, has_body: bool) -> list[bytes]:
    check_hosts(hop.headers.get_list("Host"))  # libcurl sends whatever it is
    lines = encode_fields(hop.headers.get_all()).split(b"\r\n")
    lines.pop()
    for position, line in enumerate(lines):
        if line.endswith(b": "):
            lines[position] = line[:-2] + b";"  # which is how libcurl wants what is empty
    if has_body:
        lines = [line for line in lines if line.partition(b":")[0].lower() not in _FRAMING]
    lines += [f"{name}:".encode() for name in _ONLY_IF_SAID if name not in hop.headers]
    return lines


def set_way(curl: Any, hop: Hop) -> None:
    """Say how to get to the server. Raises :exc:`ValueError` for what libcurl cannot do."""
    way, address = hop.way, hop.address
    if address.secure:
        for option, value in tls_settings(way.ssl_options):
            curl.setopt(option, value)
    if not way.allow_ipv6:
        curl.setopt(pycurl.IPRESOLVE, pycurl.IPRESOLVE_V4)
    if way.source_ip is not None:
        curl.setopt(pycurl.INTERFACE, way.source_ip)
    if way.unix_socket is not None:
        curl.setopt(pycurl.UNIX_SOCKET_PATH, os.fsencode(way.unix_socket))
    _set_proxy(curl, way)


def _set_proxy(curl: Any, way: Way) -> None:
    proxy = way.proxy
    if proxy is None or way.unix_socket is not None:
        curl.setopt(pycurl.PROXY, "")  # or the environment would be asked
        return
    curl.setopt(pycurl.PROXY, proxy_url(proxy))
    curl.setopt(pycurl.NOPROXY, "")  # or the environment would be asked
    curl.setopt(pycurl.PROXYHEADER, ["User-Agent:"])
    if proxy.username is not None:
        if not proxy.socks:
            encode_username_password(proxy.username, proxy.password)  # which knows what cannot be
        curl.setopt(pycurl.PROXYUSERNAME, proxy.username.encode())
        curl.setopt(pycurl.PROXYPASSWORD, proxy.password.encode())
    if proxy.ssl_options is not None:
        for option, value in tls_settings(proxy.ssl_options, of_proxy=True):
            curl.setopt(option, value)


def proxy_url(proxy: Proxy) -> str:
    """The URL of a proxy as libcurl takes it, without who is asking."""
    scheme = "socks5h" if proxy.socks else "http" if proxy.ssl_options is None else "https"
    host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
    return f"{scheme}://{host}:{proxy.port}"


def milliseconds(seconds: float) -> int:
    """A time-out as libcurl takes it; 0 is no limit."""
    return min(max(1, round(seconds * 1000)), _NO_LIMIT_MS) if seconds else _NO_LIMIT_MS
