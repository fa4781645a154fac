"""Addresses of WebSockets: those of HTTP under other names (RFC 6455, section 3)."""

from typing import Final

from ...httpclient.addresses import Address
from ...httpclient.addresses import parse_url as parse_http_url

_SCHEMES: Final = {"ws": "http", "wss": "https", "http": "http", "https": "https"}
"""What HTTP calls them. Redirects, and browsers' scripts, use the latter two."""


def parse_url(url: str) -> Address:
    """The address that a ``ws://`` or ``wss://`` URL names; ``http`` and ``https`` are as good.

    User and password are percent-decoded. Raises :exc:`ValueError`, whose text does not show them, for what is no
    such URL, and :exc:`TypeError` for what is no text.
    """
    if not isinstance(url, str):
        raise TypeError(f"the URL of a WebSocket is a str, not {url!r}")
    given, colon, rest = url.partition(":")
    scheme = _SCHEMES.get(given.lower())
    if not colon or scheme is None:
        shown = given if colon else ""
        raise ValueError(
            f"the URL of a WebSocket begins with ws:// or wss://, and not with {shown!r}"
        )
    if "#" in url:
        raise ValueError("the URL of a WebSocket has no #fragment: leave it out, or write %23")
    return parse_http_url(f"{scheme}:{rest}")


def websocket_url(address: Address) -> str:
    """The URL of a WebSocket there, without user and password."""
    return f"ws{address.url.removeprefix('http')}"


def redirected(address: Address, location: str) -> Address:
    """Where a redirect from ``address`` points to. A user that it names is not taken from it.

    Raises :exc:`ValueError` as :func:`parse_url` does.
    """
    scheme, colon, rest = location.partition(":")
    if colon and scheme.lower() in ("ws", "wss"):
        location = f"{_SCHEMES[scheme.lower()]}:{rest}"
    return address.redirected(location)
