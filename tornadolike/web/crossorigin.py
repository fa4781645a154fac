"""Requests that the pages of other sites make: browsers send them with our cookies, and say where they come from.

``Sec-Fetch-Site`` tells whether a page of ours asks (W3C Fetch Metadata). Browsers send it over TLS; where they do
not, the ``Origin`` (RFC 6454 section 7) is compared with our ``Host``. Whoever sends neither is no browser, and has
no cookies of somebody else's to send.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from ..httputil import HTTPServerRequest
from .head import ResponseHead


def is_preflight(request: HTTPServerRequest) -> bool:
    """Whether a browser asks what a page of another site may do, without its user's credentials (CORS)."""
    return (
        request.method == "OPTIONS"
        and "Origin" in request.headers
        and "Access-Control-Request-Method" in request.headers
    )


class CrossOrigin(ResponseHead):
    """Knows the pages of other sites by what browsers say of them."""

    def check_trusted_origin(self, origin: str) -> bool:
        """Whether pages of another ``origin`` (``https://example.com``) may do what changes something. Else: 403.

        With the setting ``cross_origin_protection`` it is asked about each request whose method is not GET, HEAD or
        OPTIONS and that a browser says comes from another origin; not about our own, and not about those that name no
        origin. With ``xsrf_cookies``, about those of them that come from another site. By default the origins in the
        setting ``trusted_origins``, a list, are accepted, and no others.

        It is called before :meth:`~.RequestHandler.prepare`. ``return True`` accepts all pages of the web: then nothing
        may depend on cookies alone. WebSockets ask it too (:meth:`.WebSocketHandler.check_origin`), with or without
        ``cross_origin_protection``. Raises :exc:`TypeError` if the setting is a str, parts of which would match.
        """
        trusted = self.settings.get("trusted_origins", ())
        if isinstance(trusted, str):
            raise TypeError(f"trusted_origins is a list of origins: [{trusted!r}], not a str")
        return origin in trusted

    def _check_cross_origin(self, check: Callable[[str], bool]) -> str | None:
        """What is wrong with where the request comes from; None if nothing is. ``check`` knows our friends."""
        headers = self.request.headers
        site = headers.get("Sec-Fetch-Site")
        origin = headers.get("Origin")
        if site is not None:
            # "none": the user's own doing, no page's.
            if site in ("same-origin", "none") or (origin and check(origin)):
                return None
            return f"Sec-Fetch-Site {site} & origin {origin!r} not allowed"
        if origin is None or self._is_own_origin(origin) or check(origin):
            return None
        return f"Origin {origin!r} not allowed"

    def _check_cross_site(self, check: Callable[[str], bool]) -> str | None:
        """As :meth:`_check_cross_origin`, of other sites only, not of other hosts of ours, and if a browser says so.

        A page of our own host that came without TLS is of another site, too: somebody may have put it there.
        """
        if self.request.headers.get("Sec-Fetch-Site") != "cross-site":
            return None
        return self._check_cross_origin(check)

    def _is_own_origin(self, origin: str) -> bool:
        # Not the scheme: behind a proxy that speaks TLS we do not know ours.
        try:
            netloc = urlsplit(origin).netloc
        except ValueError:
            return False
        return netloc.lower() == self.request.host.lower()
