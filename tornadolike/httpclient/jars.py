""":class:`BoundedJar`: cookies that are kept, within bounds, and each for whom it is."""

import contextlib
import re
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urlsplit

from ..httputil.networks import parse_ip

MAX_SIZE: Final = 4096
"""Characters of the name and the value of one cookie, as browsers have it (RFC 6265 section 6.1 asks for as much)."""

MAX_PER_DOMAIN: Final = 150
MAX_COOKIES: Final = 3000
"""In the whole jar."""

_LOCAL: Final = ".local"
"""What Python's jar has behind names without a dot."""
_PORT: Final = re.compile(r":[0-9]*$")
_SECURE: Final = frozenset({"https", "wss"})


class BoundedJar(CookieJar):
    """A :class:`http.cookiejar.CookieJar` that no server can fill without end.

    What would be too large, or one too many, is not kept; one that is there may be set anew. A server cannot set
    cookies for all of ``co.uk``, nor for another address, nor for all hosts without a domain; and one that names no
    domain is for its host alone (RFC 6265). What came over TLS as ``Secure`` cannot be replaced or removed by what came
    without, and the prefixes ``__Secure-`` and ``__Host-`` mean what browsers take them for (RFC 6265bis).
    """

    def __init__(self) -> None:
        super().__init__(
            DefaultCookiePolicy(
                strict_domain=True, strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain
            )
        )
        self._expired: list[tuple[str, str, str]] | None = None
        """What a response wants removed, while it is read."""

    def make_cookies(self, response: Any, request: Any) -> list[Cookie]:
        """The cookies that a response sets and may set; those that it may remove are removed."""
        self._expired = []
        try:
            made = super().make_cookies(response, request)
            expired = self._expired
        finally:
            self._expired = None
        host = _host_of(request)
        is_secure = request.type in _SECURE
        for domain, path, name in expired:
            if _is_of(host, domain) and (is_secure or not self._is_kept_secret(name, domain)):
                with contextlib.suppress(KeyError):
                    self.clear(domain, path, name)
        return [cookie for cookie in made if self._may_set(cookie, host, is_secure)]

    def clear(
        self, domain: str | None = None, path: str | None = None, name: str | None = None
    ) -> None:
        """Remove a cookie, or those of a path, of a domain, or all.

        Raises :exc:`KeyError` if there is none.
        """
        if self._expired is None:
            super().clear(domain, path, name)
        elif domain is not None and path is not None and name is not None:
            # Python's own removes what a server says has expired before it looks whose it is.
            self._expired.append((domain, path, name))

    def set_cookie(self, cookie: Cookie) -> None:
        """Keep a cookie, if there is room for it."""
        if len(cookie.name) + len(cookie.value or "") <= MAX_SIZE and self._has_room(cookie):
            super().set_cookie(cookie)

    def _may_set(self, cookie: Cookie, host: str, is_secure: bool) -> bool:
        name = cookie.name.lower()
        if name.startswith(("__secure-", "__host-")) and not cookie.secure:
            return False
        if name.startswith("__host-") and (cookie.domain_specified or cookie.path != "/"):
            return False
        if not is_secure and (cookie.secure or self._is_kept_secret(cookie.name, cookie.domain)):
            return False
        if not cookie.domain_specified:
            return True
        named = cookie.domain.removeprefix(".")
        if named in (host, host.removesuffix(_LOCAL)) and not _is_above(named):
            # An address, or a name without a dot, which has named itself: it is for nobody else.
            cookie.domain, cookie.domain_specified, cookie.domain_initial_dot = host, False, False
            return True
        return _is_above(named) and _is_of(host, named)

    def _is_kept_secret(self, name: str, domain: str) -> bool:
        """Whether there is one of this name that only TLS may change."""
        domain = domain.removeprefix(".")
        return any(
            kept.secure
            and kept.name == name
            and (_is_of(domain, kept.domain) or _is_of(kept.domain.removeprefix("."), domain))
            for kept in self
        )

    def _has_room(self, cookie: Cookie) -> bool:
        name = cookie.domain, cookie.path, cookie.name
        kept = of_domain = 0
        for other in self:
            kept += 1
            of_domain += other.domain == cookie.domain
            if (other.domain, other.path, other.name) == name:
                return True
        return kept < MAX_COOKIES and of_domain < MAX_PER_DOMAIN


def _host_of(request: Any) -> str:
    """What cookies that name no domain are for."""
    host = _PORT.sub("", urlsplit(request.get_full_url()).netloc.rpartition("@")[2]).lower()
    return host if "." in host else host + _LOCAL


def _is_above(domain: str) -> bool:
    """Whether there may be hosts below it: below addresses and names without a dot there are none."""
    return "." in domain and parse_ip(domain) is None


def _is_of(host: str, domain: str) -> bool:
    """Whether a host is, or is below, what a cookie is for."""
    domain = domain.removeprefix(".")
    return host == domain or (host.endswith(f".{domain}") and parse_ip(host) is None)
