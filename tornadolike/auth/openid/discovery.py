"""What a provider says of itself: OpenID Connect Discovery 1.0."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ...httputil import HTTPHeaders
from ..arguments import check_kind_if_any, check_text_if_any
from ..errors import ProviderAnswerError
from ..jose.keys import Keys
from ..oauth2.endpoints import Endpoints
from ..oauth2.urls import check_issuer, checked_url
from .keeping import Keeping, Kept
from .published_keys import PublishedKeys

_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_REQUIRED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_OPTIONAL: Final = (
    "userinfo_endpoint",
    "end_session_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "device_authorization_endpoint",
)
_LISTS: Final = (
    "id_token_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported",
    "code_challenge_methods_supported",
)
_FLAGS: Final = ("authorization_response_iss_parameter_supported",)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is used of it. All URLs have been looked at: absolute, and https unless they are on this machine."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    revocation_endpoint: str | None = None
    introspection_endpoint: str | None = None
    device_authorization_endpoint: str | None = None
    id_token_signing_alg_values_supported: Sequence[str] = ("RS256",)
    token_endpoint_auth_methods_supported: Sequence[str] = ("client_secret_basic",)
    code_challenge_methods_supported: Sequence[str] = ()
    authorization_response_iss_parameter_supported: bool = False
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """All that it says. Of the rest nothing has been looked at."""

    @classmethod
    def from_document(cls, document: Any, *, issuer: str, allow_http: bool = False) -> "Metadata":
        """What is in a provider's document. Raises :exc:`.ProviderAnswerError` for what none may say.

        :arg issuer: what it must call itself (Discovery section 4.3), to the letter.
        """
        if not isinstance(document, dict):
            raise ProviderAnswerError(f"{issuer} does not describe itself by a JSON object")
        if document.get("issuer") != issuer:
            said = str(document.get("issuer"))[:200]
            raise ProviderAnswerError(
                f"the provider calls itself {said!r}, not {issuer!r}: an issuer is written exactly as it does itself"
            )
        there = {name: value for name, value in document.items() if value is not None}
        if missing := [name for name in _REQUIRED if name not in there]:
            raise ProviderAnswerError(f"{issuer} does not say its {missing[0]}")
        used: dict[str, Any] = {
            name: checked_url(there[name], name, issuer=issuer, allow_http=allow_http)
            for name in (*_REQUIRED, *_OPTIONAL)
            if name in there
        }
        used |= {name: _texts(there[name], name) for name in _LISTS if name in there}
        used |= {name: there[name] is True for name in _FLAGS if name in there}
        return cls(issuer, **used, document=document)


class Discovery:
    """Asks for a provider's metadata when it is first needed, and again when that has become old.

    :arg issuer: the provider's, exactly as it writes it itself.
    :arg endpoints: what asks.
    :arg called: what the provider calls itself, where that is not ``issuer``: Microsoft's
        ``"https://login.microsoftonline.com/{tenantid}/v2.0"``.
    :arg keeping: for how long what it says is kept.
    :arg allow_http: whether URLs may be of ``http`` on other machines. For tests.

    Raises :exc:`ValueError` for what cannot be an issuer, and :exc:`TypeError`.
    """

    def __init__(
        self,
        issuer: str,
        endpoints: Endpoints | None = None,
        *,
        called: str | None = None,
        keeping: Keeping | None = None,
        allow_http: bool = False,
    ) -> None:
        check_issuer(issuer, allow_http=allow_http)
        check_kind_if_any(Endpoints, endpoints=endpoints)
        check_kind_if_any(Keeping, keeping=keeping)
        check_text_if_any(called=called)
        self.issuer = issuer
        self._called = called or issuer
        self._endpoints = endpoints or Endpoints()
        self._allow_http = allow_http
        keeping = keeping or Keeping()
        self._kept = Kept(self._ask, keeping, f"what {issuer} says of itself")
        self.keys: Keys = PublishedKeys(
            self._jwks_uri, self._endpoints, keeping=keeping, allow_http=allow_http
        )
        """The keys by which the provider signs."""

    async def metadata(self) -> Metadata:
        """What the provider says of itself. Those who ask at the same time share one request.

        Raises :exc:`.ProviderUnavailableError` and :exc:`.ProviderAnswerError`.
        """
        return await self._kept.get()

    async def _jwks_uri(self) -> str:
        return (await self.metadata()).jwks_uri

    async def _ask(self) -> tuple[Metadata, HTTPHeaders]:
        # A slash at the end of the issuer is left out here, and only here (Discovery section 4.1).
        url = self.issuer.removesuffix("/") + _WELL_KNOWN
        document, headers = await self._endpoints.get_with_headers(url)
        metadata = Metadata.from_document(
            document, issuer=self._called, allow_http=self._allow_http
        )
        return metadata, headers


def _texts(value: Any, name: str) -> Sequence[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ProviderAnswerError(f"the provider's {name} is no list of texts")
    return tuple(value)
