""":class:`SecurityHeaders`: what browsers are to be strict about."""

import secrets
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from ..web import RequestHandler
from ..web.head import header_text
from .deciding import Deciding
from .policy import Policy

YEAR: Final = 365 * 86400
PERMISSIONS: Final = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
_NONCE: Final = "tornadolike.csp_nonce"


class SecurityHeaders(Deciding):
    """Has browsers be strict with our pages. What a handler sets itself stays as it is.

    :arg content_security_policy: directives that are to be others than by default, as
        ``{"img-src": "'self' https:"}`` (None takes one out); or a whole policy as text; None: no policy. By default
        a page loads and runs only what comes from its own site, can be framed only by it, and has no scripts or
        styles within it but those with the nonce of the response (:func:`csp_nonce`), for which ``'nonce'`` stands.
    :arg report_only: the policy is only reported on (``report-uri``, ``report-to``), not enforced.
    :arg hsts_seconds: for how long browsers that came by HTTPS are to come by nothing else (RFC 6797). It is said over
        HTTPS only. 0, which is not said, leaves what they know.
    :arg hsts_subdomains: for all hosts below this one too.
    :arg hsts_preload: agree to the list that browsers come with; wants a year, and the hosts below.
    :arg referrer_policy: what of an address other sites are told.
    :arg permissions_policy: what no page may use, nor any frame in it.
    :arg opener_policy: ``Cross-Origin-Opener-Policy``: which windows may have a hold on ours.
    :arg resource_policy: ``Cross-Origin-Resource-Policy``: whose pages may embed what we send.
    :arg embedder_policy: ``Cross-Origin-Embedder-Policy``: what our pages may embed.
    :arg more: other headers by name.

    None stands for no such header. ``X-Content-Type-Options: nosniff`` is always there. Raises :exc:`ValueError` and
    :exc:`TypeError` for what cannot be said.
    """

    KEY = "tornadolike.security_headers"

    def __init__(
        self,
        *,
        content_security_policy: str | Mapping[str, str | None] | None = MappingProxyType({}),
        report_only: bool = False,
        hsts_seconds: int = YEAR,
        hsts_subdomains: bool = False,
        hsts_preload: bool = False,
        referrer_policy: str | None = "strict-origin-when-cross-origin",
        permissions_policy: str | None = PERMISSIONS,
        opener_policy: str | None = "same-origin",
        resource_policy: str | None = "same-origin",
        embedder_policy: str | None = None,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._policy = None if content_security_policy is None else Policy(content_security_policy)
        self._policy_name = "Content-Security-Policy" + ("-Report-Only" if report_only else "")
        self._hsts = _hsts(hsts_seconds, hsts_subdomains, hsts_preload)
        said = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": referrer_policy,
            "Permissions-Policy": permissions_policy,
            "Cross-Origin-Opener-Policy": opener_policy,
            "Cross-Origin-Resource-Policy": resource_policy,
            "Cross-Origin-Embedder-Policy": embedder_policy,
            **more,
        }
        self._fixed = [
            (name, header_text(name, value)) for name, value in said.items() if value is not None
        ]

    def set_headers(self, handler: RequestHandler) -> None:
        headers = handler._headers
        for name, value in self._fixed:
            if name not in headers:
                headers[name] = value
        policy = self._policy
        if policy is not None and self._policy_name not in headers:
            # The page that a 304 confirms has its policy, with the nonce that it was made with.
            confirms = policy.has_nonce and handler.get_status() == 304
            if not confirms:
                headers[self._policy_name] = policy.text(vars(handler).get(_NONCE))
        if (
            self._hsts is not None
            and handler.request.protocol == "https"
            and "Strict-Transport-Security" not in headers
        ):
            headers["Strict-Transport-Security"] = self._hsts


def csp_nonce(handler: RequestHandler) -> str:
    """The nonce of this response, which its scripts and styles need that stand in the page.

    .. code-block:: python

        app = Application(rules, middleware=[SecurityHeaders()], ui_methods={"csp_nonce": csp_nonce})

    .. code-block:: html

        <script nonce="{{ csp_nonce() }}">...</script>

    The policy of a response names it if it was asked for before the head was sent. Raises :exc:`RuntimeError` if it
    is asked for the first time behind that, as by a page that is streamed: then ask in the handler.
    """
    own: dict[str, Any] = vars(handler)
    nonce: str | None = own.get(_NONCE)
    if nonce is None:
        if handler._headers_written:
            raise RuntimeError(
                "csp_nonce() comes too late: the policy has been sent. Call it once before flush() or render_stream()"
            )
        nonce = own[_NONCE] = secrets.token_urlsafe(16)
    return nonce


def _hsts(seconds: int, subdomains: bool, preload: bool) -> str | None:
    if not isinstance(seconds, int) or seconds < 0:
        raise ValueError(f"hsts_seconds is a whole number of seconds, not {seconds!r}")
    if preload and not (subdomains and seconds >= YEAR):
        raise ValueError(f"hsts_preload wants hsts_subdomains=True and hsts_seconds={YEAR} or more")
    if not seconds:
        return None
    said = [f"max-age={seconds}"]
    if subdomains:
        said.append("includeSubDomains")
    if preload:
        said.append("preload")
    return "; ".join(said)
