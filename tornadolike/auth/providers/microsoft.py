""":class:`Microsoft`: OpenID Connect, with an issuer for each tenant.

An application is for one tenant (a company's directory), for those of all companies (``"organizations"``), for private
accounts (``"consumers"``) or for all of these (``"common"``). For several, what the provider says of itself has a gap
in the place of the tenant, and each ID token is issued by the tenant of its user. Who leaves that unchecked lets in
whoever has a directory, which anybody may have.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from ..arguments import check_text, checked_texts
from ..errors import AccessDeniedError
from ..identities import Identity
from ..jose.reading import Issuer
from ..oauth2.urls import checked_base
from ..openid.discovery import Discovery
from ..openid.provider import OpenIDProvider
from ..tokens import Token
from .claims import is_true

AUTHORITY: Final = "https://login.microsoftonline.com"
CONSUMERS: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of all private accounts."""
_SEVERAL: Final = ("common", "organizations")
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Microsoft(OpenIDProvider):
    """Signing in with `Microsoft <https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc>`_: Entra
    ID, and private accounts.

    An e-mail address counts as verified only if the optional claim ``xms_edov`` says so. Without it, an administrator
    of any directory can give a user any address.

    :arg tenant: ``"common"``, ``"organizations"``, ``"consumers"``, or the GUID of a tenant.
    :arg tenants: with the first two: let in only users of these (their GUIDs); others get :exc:`.AccessDeniedError`.
    :arg authority: of a national cloud: ``"https://login.microsoftonline.us"``.
    :arg more: as of :class:`.OpenIDProvider`. With the scope ``offline_access`` there is a refresh token.

    Raises :exc:`ValueError` for another ``tenant``.
    """

    default_name = "microsoft"
    asks_userinfo = False  # it says less than the ID token

    def __init__(
        self,
        client_id: str,
        client_secret: str | None = None,
        *,
        tenant: str = "common",
        tenants: Collection[str] | None = None,
        authority: str = AUTHORITY,
        **more: Any,
    ) -> None:
        check_text(tenant=tenant)
        self._authority = checked_base(authority)
        self._tenant = tenant = tenant.lower()
        if tenant not in (*_SEVERAL, "consumers") and not _GUID.fullmatch(tenant):
            raise ValueError(
                "tenant is 'common', 'organizations', 'consumers' or a GUID (the portal shows it), "
                f"not {tenant!r}"
            )
        self._tenants = None if tenants is None else _lower(tenants)
        super().__init__(client_id, client_secret, issuer=self._issuer_of(tenant), **more)

    def identity_of(self, claims: Mapping[str, Any], token: Token) -> Identity:
        if self._tenants is not None and claims.get("tid") not in self._tenants:
            raise AccessDeniedError("access_denied", "the account is not of a tenant that may")
        identity = super().identity_of(claims, token)
        verified = identity.email is not None and is_true(claims.get("xms_edov"))
        return replace(identity, email_verified=verified)

    def _make_discovery(self, **options: Any) -> Discovery:
        gap = dict.fromkeys(_SEVERAL, "{tenantid}") | {"consumers": CONSUMERS}
        called = self._issuer_of(gap.get(self._tenant, self._tenant))
        return Discovery(self.issuer, self.endpoints, called=called, **options)

    @property
    def token_issuer(self) -> Issuer:
        return self._issuer_in

    def _issuer_in(self, claims: Mapping[str, Any]) -> str | None:
        """The issuer that a token of this tenant must have; None if the tenant may not give any."""
        tenant = claims.get("tid")
        if not isinstance(tenant, str) or not _GUID.fullmatch(tenant):
            return None
        is_ours = {
            "common": True,
            "organizations": tenant != CONSUMERS,
            "consumers": tenant == CONSUMERS,
        }.get(self._tenant, tenant == self._tenant)
        return self._issuer_of(tenant) if is_ours else None

    def _issuer_of(self, tenant: str) -> str:
        return f"{self._authority}/{tenant}/v2.0"


def _lower(tenants: Collection[str]) -> frozenset[str]:
    return frozenset(each.lower() for each in checked_texts("tenants", tenants))
