"""What a provider says of itself: OpenID Connect Discovery 1.0, RFC 8414."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..oauth2.endpoints import Endpoints


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


class Discovery:
    """Asks for a provider's metadata when it is first needed, and again when that has become old.

    :arg issuer: the provider's, exactly as it writes it itself.
    """

    def __init__(self, issuer: str, endpoints: Endpoints) -> None:
        self.issuer = issuer
        self._endpoints = endpoints

    async def metadata(self) -> Metadata:
        """What the provider says of itself. Those who ask at the same time share one request.

        Raises :exc:`.ProviderUnavailableError` and :exc:`.ProviderAnswerError`.
        """
        raise NotImplementedError
