"""Addresses of WebSockets: what of a URL a client needs to get there (RFC 6455, section 3)."""

import base64
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit

from ...httputil import encode_username_password
from ...httputil.authority import is_authority

_SCHEMES: Final = {"ws": False, "wss": True, "http": False, "https": True}
"""Whether they mean TLS. Redirects, and browsers' scripts, use the latter two."""

_NEVER_IN_A_URL: Final = re.compile(r"[\x00-\x20\x7f\\]")
"""Python's own parser drops some of these, or finds another host behind them than browsers do."""

_STAYS: Final = "%/?:@!$&'()*+,;=[]-._~"
"""What is not percent-encoded in a path or a query; the rest, which should be already, is."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a WebSocket is."""

    secure: bool
    """Whether it is spoken over TLS."""
    host: str
    """A name or an IP address, without brackets."""
    port: int
    resource: str
    """The path with the query."""
    authorization: str | None = None
    """The ``Authorization`` that the URL's user and password make."""

    @property
    def origin(self) -> tuple[bool, str, int]:
        """What credentials are for: they do not go to another one."""
        return self.secure, self.host, self.port

    @property
    def authority(self) -> str:
        """The host, and the port if it is not the usual one, as a ``Host`` header has them."""
        host = self.host.partition("%")[0]  # the zone of an address means nothing to others
        if ":" in host:
            host = f"[{host}]"
        return host if self.port == _usual_port(self.secure) else f"{host}:{self.port}"

    @property
    def http_url(self) -> str:
        """The same place as HTTP names it, without user and password."""
        return f"{'https' if self.secure else 'http'}://{self.authority}{self.resource}"

    @property
    def url(self) -> str:
        """The URL, without user and password."""
        return f"{'wss' if self.secure else 'ws'}://{self.authority}{self.resource}"

    def redirected(self, location: str) -> "Address":
        """Where a redirect points to. A user that it names is not taken from it.

        Raises :exc:`ValueError` as :func:`parse_url` does.
        """
        address = parse_url(urldefrag(urljoin(self.http_url, location)).url)
        return Address(address.secure, address.host, address.port, address.resource)


def parse_url(url: str) -> Address:
    """The address that a ``ws://`` or ``wss://`` URL names; ``http`` and ``https`` are as good.

    User and password are percent-decoded and become Basic credentials (RFC 7617). Raises :exc:`ValueError`,
    whose text does not show them, for what is no such URL, and :exc:`TypeError` for what is no text.
    """
    if not isinstance(url, str):
        raise TypeError(f"the URL of a WebSocket is a str, not {url!r}")
    if _NEVER_IN_A_URL.search(url):
        raise ValueError(
            "a URL has no white space, control characters or backslashes: percent-encode them"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # whose text may show the password
        raise ValueError(
            "this is no URL: its host or its port are wrong; it should be like ws://example.com:8888/path"
        ) from None
    secure = _SCHEMES.get(parts.scheme)
    if secure is None:
        raise ValueError(
            f"the URL of a WebSocket begins with ws:// or wss://, and not with {parts.scheme!r}"
        )
    if "#" in url:
        raise ValueError("the URL of a WebSocket has no #fragment: leave it out, or write %23")
    address = Address(
        secure,
        _host(parts.hostname),
        _usual_port(secure) if port is None else port,
        quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_STAYS),
        basic(unquote(parts.username), unquote(parts.password or ""))
        if parts.username is not None
        else None,
    )
    if not is_authority(address.authority):
        raise ValueError(f"the URL has no host of the form that hosts have: {address.host!r}")
    return address


def basic(username: str, password: str) -> str:
    """An ``Authorization`` of the Basic scheme. Raises :exc:`ValueError` for a name with a colon."""
    return f"Basic {base64.b64encode(encode_username_password(username, password)).decode()}"


def _host(name: str | None) -> str:
    if not name:
        raise ValueError("the URL has no host: it should be like ws://example.com/path")
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode()
    except UnicodeError as error:
        raise ValueError(f"the URL's host is no name: {name!r} ({error})") from None


def _usual_port(secure: bool) -> int:
    return 443 if secure else 80
