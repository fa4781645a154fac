""":class:`Google`: OpenID Connect, with Workspace's domains."""

from collections.abc import Mapping
from typing import Any, Final

from ..arguments import check_text_if_any
from ..errors import AccessDeniedError
from ..identities import Identity
from ..oauth2.pending import Pending
from ..openid.provider import OpenIDProvider
from ..tokens import Token

ANY_DOMAIN: Final = "*"
"""For ``hosted_domain``: whichever, but no private account."""


class Google(OpenIDProvider):
    """Signing in with `Google <https://developers.google.com/identity/openid-connect/openid-connect>`_.

    :arg hosted_domain: let in only accounts of this Workspace domain (``"example.com"``), or of any with ``"*"``. What
        the request says of it is only a wish, so the ID token's ``hd`` is checked; others get
        :exc:`.AccessDeniedError`.
    :arg offline: whether a refresh token is wanted. The user is asked for that each time.
    :arg more: as of :class:`.OpenIDProvider`.
    """

    default_name = "google"
    issuer = "https://accounts.google.com"

    def __init__(
        self,
        client_id: str,
        client_secret: str | None = None,
        *,
        hosted_domain: str | None = None,
        offline: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(client_id, client_secret, **more)
        check_text_if_any(hosted_domain=hosted_domain)
        self._domain = hosted_domain
        self._offline = offline

    def identity_of(self, claims: Mapping[str, Any], token: Token) -> Identity:
        domain = claims.get("hd")
        if self._domain is not None and (not domain or self._domain not in (ANY_DOMAIN, domain)):
            raise AccessDeniedError("access_denied", "the account is not of the domain that may")
        return super().identity_of(claims, token)

    def _authorization_parameters(self, pending: Pending) -> dict[str, Any]:
        parameters = super()._authorization_parameters(pending)
        if self._domain is not None:
            parameters["hd"] = self._domain
        if self._offline:
            parameters |= {"access_type": "offline", "prompt": "consent"}
        return parameters
