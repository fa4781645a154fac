""":class:`Proxy`: which proxy is meant, and by whom: a URL, a request or the environment."""

import base64
import ipaddress
import os
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from ..httputil import encode_username_password, split_host_and_port
from ..httputil.networks import IPAddress, IPNetwork, parse_ip
from ..tcpclient import address_text
from .requests import HTTPRequest, SSLOptions
from .responses import HTTPClientError

PORTS: Final = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_VARIABLES: Final = {
    "http": ("http_proxy", "all_proxy"),
    "https": ("https_proxy", "all_proxy"),
    "ws": ("ws_proxy", "http_proxy", "all_proxy"),
    "wss": ("wss_proxy", "https_proxy", "all_proxy"),
}
_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_NEVER_IN_A_HOST: Final = re.compile(r"[\x00-\x20\x7f/?#@\\\[\]]")
_BETWEEN_ENTRIES: Final = re.compile(r"[\s,]+")


Conversation = Generator[bytes, bytes, bytes]
"""What is said to a proxy: yields bytes for it (or none), is sent what comes, and returns what came behind it."""


class ProxyError(HTTPClientError):
    """A proxy did not open the way.

    It is an :exc:`HTTPClientError`: ``code`` is the status that the proxy has answered, with its ``response``;
    599 if it gave no answer that could be understood. 407 is for a proxy that wants a user name and a
    password, or others. A SOCKS proxy has no statuses: 407 and 403 (it must not go there) are for what means
    the same, 599 for all else.
    """


@dataclass(frozen=True)
class Proxy:
    """A proxy through which connections to other hosts go: HTTP's (:rfc:`9110` section 9.3.6) or SOCKS5.

    :arg host: its name or IP address.
    :arg port: its port.
    :arg username: who is asking, by Basic authentication (of SOCKS: :rfc:`1929`); None if it does not want to know.
    :arg password: the password of that user.
    :arg ssl_options: if TLS is spoken with the proxy itself: a context, or what
        :func:`~tornadolike.tls.ssl_options_to_context` takes (``{}`` will do). None: it is not.
    :arg socks: whether it speaks SOCKS5 (:rfc:`1928`) and not HTTP.

    Raises :exc:`ValueError` for a host that is none: one with a user or a path would be another to some.
    """

    host: str
    port: int
    username: str | None = None
    password: str = field(default="", repr=False)
    ssl_options: SSLOptions | None = field(default=None, repr=False)
    socks: bool = False

    def __post_init__(self) -> None:
        if not self.host or _NEVER_IN_A_HOST.search(self.host):
            # (What stands before an @ may be a password.)
            raise ValueError(f"not the host of a proxy: {self.host.rpartition('@')[2]!r:.100}")

    def __str__(self) -> str:
        return f"the proxy {address_text((self.host, self.port))}"

    @classmethod
    def from_url(cls, url: str, ssl_options: SSLOptions | None = None) -> "Proxy":
        """The proxy at ``http://[name:password@]host[:port]``, or ``https://`` if TLS is spoken with it.

        Or ``socks5://``, and ``socks5h://`` is the same: it is the proxy that resolves names. Name and password
        are percent-encoded. Without a scheme it is ``http://``; without a port it is the scheme's.

        :arg ssl_options: for ``https://``, by default ``{}``: it is verified as the system would.

        Raises :exc:`ValueError` for what is no such URL. (The text does not show the password.)
        """
        with_scheme = url.strip() if "://" in url else f"http://{url.strip()}"
        # (Python's own text for a wrong port may show a password that is not percent-encoded.)
        shown = with_scheme.rpartition("@")[2]
        wrong = f"{shown!r} is no URL of a proxy; give it like http://proxy.example.com:3128"
        try:
            parts = urlsplit(with_scheme)
            port = parts.port
        except ValueError:
            raise ValueError(wrong) from None
        if parts.scheme not in PORTS:
            raise ValueError(
                f"a proxy of the kind {parts.scheme!r} cannot be used; give a URL that begins with "
                "http://, https:// or socks5://"
            )
        if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError(wrong)
        secure = parts.scheme == "https"
        socks = parts.scheme.startswith("socks")
        return cls(
            parts.hostname,
            PORTS[parts.scheme] if port is None else port,
            None if parts.username is None else unquote(parts.username),
            unquote(parts.password or ""),
            ({} if ssl_options is None else ssl_options) if secure else None,
            socks,
        )

    @classmethod
    def of_request(cls, request: HTTPRequest) -> "Proxy | None":
        """The proxy that a request names, or None.

        Raises :exc:`ValueError` if it is named by half, or to be asked in a way that is not known.
        """
        if not request.proxy_host and not request.proxy_port:
            return None
        if not request.proxy_host or not request.proxy_port:
            # To go there without it could show who asks, and whom, to somebody who is not to know.
            raise ValueError("a proxy has a host and a port: give both proxy_host and proxy_port")
        if request.proxy_auth_mode not in (None, "basic"):
            raise ValueError(
                f"proxy_auth_mode may be 'basic', which is the default, not {request.proxy_auth_mode!r}"
            )
        return cls(
            request.proxy_host,
            request.proxy_port,
            request.proxy_username,
            request.proxy_password or "",
        )

    @property
    def authorization(self) -> str | None:
        """The value of Proxy-Authorization, or None. Raises :exc:`ValueError` for a name with a colon."""
        if self.username is None:
            return None
        credentials = encode_username_password(self.username, self.password)
        return f"Basic {base64.b64encode(credentials).decode('ascii')}"


def proxy_from_environment(url: str, environ: Mapping[str, str] = os.environ) -> Proxy | None:
    """The proxy through which the environment wants connections for ``url`` to go; None: no proxy.

    The variables are those of curl and of Python's :mod:`urllib.request`, in lower or in upper case:
    ``http_proxy`` and ``https_proxy``, ``ws_proxy`` and ``wss_proxy`` (by default what the two say), and
    ``all_proxy`` for what none of them says. Where ``REQUEST_METHOD`` is set, ``HTTP_PROXY`` does not count:
    in a CGI program it is a header of whoever asks.

    ``no_proxy`` has the exceptions, with commas or spaces between them: ``*``; names, each for the
    names below it, too; IP addresses and networks (``10.0.0.0/8``); and each of them but a network with a port,
    if only that is meant.

    Raises :exc:`ValueError`, which names the variable, for a proxy that is none.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    for name in _VARIABLES.get(parts.scheme, ()):
        variable, proxy = _look_up(name, environ)
        if proxy:
            break
    else:
        return None
    _, exceptions = _look_up("no_proxy", environ)
    if is_exception(exceptions, host, parts.port or _DEFAULT_PORTS[parts.scheme]):
        return None
    try:
        return Proxy.from_url(proxy)
    except ValueError as error:
        raise ValueError(f"in the environment, {variable}: {error}") from None


def _look_up(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """The variable of this name, in lower case or else in upper, and its value."""
    value = environ.get(name)
    if value is not None:
        return name, value.strip()
    name = name.upper()
    if name == "HTTP_PROXY" and "REQUEST_METHOD" in environ:
        return name, ""
    return name, environ.get(name, "").strip()


def is_exception(no_proxy: str, host: str, port: int) -> bool:
    """Whether ``host`` and ``port`` are among those that ``no_proxy`` names."""
    host = _plain(host)
    ip = parse_ip(host)
    entries = _BETWEEN_ENTRIES.split(no_proxy)
    return any(_names(entry, host, ip, port) for entry in entries if entry)


def _names(entry: str, host: str, ip: IPAddress | None, port: int) -> bool:
    if entry == "*":
        return True
    network = _network(entry)
    if network is None:
        entry, only_port = split_host_and_port(entry)
        if only_port not in (None, port):
            return False
        network = _network(entry.removeprefix("[").removesuffix("]"))
    if network is not None or ip is not None:
        return network is not None and ip is not None and ip in network
    name = _plain(entry.removeprefix("*")).removeprefix(".")
    return bool(name) and f".{host}".endswith(f".{name}")


def _network(text: str) -> IPNetwork | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _plain(name: str) -> str:
    return name.lower().removesuffix(".")
