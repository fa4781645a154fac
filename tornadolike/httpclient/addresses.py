"""Addresses: what of a URL a client needs to get there."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote, urljoin, urlsplit

from ..httputil.authority import is_authority

PORTS: Final = {"http": 80, "https": 443}

_NEVER_IN_A_URL: Final = re.compile(r"[\x00-\x20\x7f\\]")
"""Python's own parser drops some of these, or finds another host behind them than browsers do."""

_SCHEME: Final = re.compile("[A-Za-z][A-Za-z0-9+.-]*:")

_STAYS: Final = "%/?:@!$&'()*+,;=[]-._~"
"""What is not percent-encoded in a path or a query; the rest, which should be already, is."""

_LONGEST_HOST: Final = 255
"""Characters: the system of names has no longer ones (RFC 1035 section 2.3.4), and to encode them would take long."""

_ASCII: Final = "".join(map(chr, range(128)))


@dataclass(frozen=True, slots=True)
class Address:
    """Where something is that HTTP can get."""

    scheme: str
    """``"http"`` or ``"https"``."""
    host: str
    """A name or an IP address, without brackets."""
    port: int
    resource: str
    """The path with the query, percent-encoded."""
    username: str | None = field(default=None, repr=False)
    """The user that the URL names."""
    password: str = field(default="", repr=False)

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken there."""
        return self.scheme == "https"

    @property
    def origin(self) -> tuple[str, str, int]:
        """What credentials are for: they do not go to another one."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The host, and the port if it is not the usual one, as a ``Host`` header has them."""
        host = self.host.partition("%")[0]  # the zone of an address means nothing to others
        if ":" in host:
            host = f"[{host}]"
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL, without user, password and fragment."""
        return f"{self.scheme}://{self.authority}{self.resource}"

    def redirected(self, location: str) -> "Address":
        """Where a redirect points to. A user that it names is not taken from it.

        :arg location: as a header has it: each character is a byte. Spaces are encoded, as browsers do.

        Raises :exc:`ValueError` as :func:`parse_url` does.
        """
        target = _text(location)
        _check_characters(target)  # before urljoin() drops some of them
        if target.startswith("//"):
            target = f"{self.scheme}:{target}"
        elif not _SCHEME.match(
            target
        ):  # which urljoin() would not take for the whole if its host were missing
            target = urljoin(self.url, target)
        found = parse_url(target)
        # (A zone is not in our own URLs; without it one does not get there again.)
        host = self.host if found.host == self.host.partition("%")[0] else found.host
        return Address(found.scheme, host, found.port, found.resource)


def parse_url(url: str) -> Address:
    """The address that an ``http://`` or ``https://`` URL names; its fragment is for who asks, and is not sent.

    User and password are percent-decoded. Raises :exc:`ValueError`, whose text does not show them, for what is no
    such URL.
    """
    # (Servers name some of them, in redirects: those that they make long are not kept.)
    return _parsed_before(url) if len(url) <= _SHORT else _parsed(url)


def _parsed(url: str) -> Address:
    _check_characters(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # whose text may show the password
        raise ValueError(
            "this is no URL: its host or its port are wrong; it should be like https://example.com/path"
        ) from None
    if parts.scheme not in PORTS:
        raise ValueError(
            f"Unsupported url scheme: {parts.scheme!r}; a URL for HTTP begins with http:// or https://"
        )
    address = Address(
        parts.scheme,
        _host(parts.hostname),
        PORTS[parts.scheme] if port is None else port,
        quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_STAYS),
        None if parts.username is None else unquote(parts.username),
        unquote(parts.password or ""),
    )
    if not is_authority(address.authority):
        raise ValueError(f"the URL has no host of the form that hosts have: {address.host!r}")
    return address


_SHORT: Final = 2048
"""Characters of a URL that is remembered."""
_parsed_before: Final = lru_cache(maxsize=512)(_parsed)


def _check_characters(url: str) -> None:
    if _NEVER_IN_A_URL.search(url):
        raise ValueError(
            "a URL has no white space, control characters or backslashes: percent-encode them"
        )


def _text(location: str) -> str:
    """The text that a header's bytes stand for; those that are no UTF-8 are percent-encoded one by one."""
    location = location.strip(" \t").replace(" ", "%20")
    if location.isascii():
        return location
    try:
        raw = location.encode("latin1")
    except UnicodeEncodeError:
        return location  # it has been decoded already
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return quote(raw, safe=_ASCII)


def _host(name: str | None) -> str:
    if not name:
        raise ValueError("the URL has no host: it should be like https://example.com/path")
    if len(name) > _LONGEST_HOST:
        raise ValueError(f"the URL's host is longer than any: {name[:50]!r}...")
    if "%" in name:
        # In a name it would be another host to one who decodes it; an address of IPv6 has its zone behind it.
        address, _, zone = name.partition("%")
        if ":" not in address:
            raise ValueError(f"the URL has no host of the form that hosts have: {name!r}")
        return f"{address}%{zone.removeprefix('25')}"  # RFC 6874 has it encoded
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode()
    except UnicodeError as error:
        raise ValueError(f"the URL's host is no name: {name!r} ({error})") from None
