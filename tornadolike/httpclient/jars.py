""":class:`BoundedJar`: cookies that are kept, within bounds."""

from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import Final

MAX_SIZE: Final = 4096
"""Characters of the name and the value of one cookie, as browsers have it (RFC 6265 section 6.1 asks for as much)."""

MAX_PER_DOMAIN: Final = 150
MAX_COOKIES: Final = 3000
"""In the whole jar."""


class BoundedJar(CookieJar):
    """A :class:`http.cookiejar.CookieJar` that no server can fill without end.

    What would be too large, or one too many, is not kept; one that is there may be set anew. A server cannot set
    cookies for all of ``co.uk``.
    """

    def __init__(self) -> None:
        super().__init__(DefaultCookiePolicy(strict_domain=True))

    def set_cookie(self, cookie: Cookie) -> None:
        """Keep a cookie, if there is room for it."""
        if len(cookie.name) + len(cookie.value or "") <= MAX_SIZE and self._has_room(cookie):
            super().set_cookie(cookie)

    def _has_room(self, cookie: Cookie) -> bool:
        name = cookie.domain, cookie.path, cookie.name
        kept = of_domain = 0
        for other in self:
            kept += 1
            of_domain += other.domain == cookie.domain
            if (other.domain, other.path, other.name) == name:
                return True
        return kept < MAX_COOKIES and of_domain < MAX_PER_DOMAIN
