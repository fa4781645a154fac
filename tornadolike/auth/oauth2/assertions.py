"""Saying who one is by a signed token: ``private_key_jwt`` and ``client_secret_jwt`` (RFC 7523).

The provider sees no secret that it, or who listens there, could use elsewhere: a token is for one endpoint, one minute
and one request.
"""

import secrets
from typing import Final

from ..arguments import check_duration, check_text, check_text_if_any
from ..jose.algorithms import ALGORITHMS, Key, OctKey, algorithm_of
from ..jose.keys import secret_key
from ..jose.writing import write_token
from .clients import ClientAuthentication

LIFETIME: Final = 60.0
"""Seconds that a token is good for."""
_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_RANDOM_BYTES: Final = 16


class _SignedToken(ClientAuthentication):
    def __init__(
        self, client_id: str, key: Key, algorithm: str, audience: str | None, lifetime: float
    ) -> None:
        check_text(client_id=client_id)
        check_text_if_any(audience=audience)
        check_duration(lifetime=lifetime)
        self.client_id = client_id
        self._key = key
        self._algorithm = algorithm
        self._audience = audience
        self._lifetime = lifetime

    def add_to(self, form: dict[str, str], headers: dict[str, str], endpoint: str) -> None:
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self._audience or endpoint,
            "jti": secrets.token_urlsafe(_RANDOM_BYTES),
        }
        form["client_id"] = self.client_id
        form["client_assertion_type"] = _TYPE
        form["client_assertion"] = write_token(
            claims, self._key, lifetime=self._lifetime, algorithm=self._algorithm
        )


class PrivateKeyJWT(_SignedToken):
    """``private_key_jwt``: a token signed with a key whose public half the provider has been given.

    .. code-block:: python

        PrivateKeyJWT("client-id", load_key(Path("private.pem").read_text(), kid="2026"))

    :arg key: a private key; its name, or its thumbprint, becomes the token's ``kid``.
    :arg algorithm: by default the first one that the key fits.
    :arg audience: for whom the token is: what the provider calls itself, which newer ones want. By default the URL of
        the endpoint.
    :arg lifetime: seconds that a token is good for, by default 60.

    Raises :exc:`TypeError` for what is no key, and :exc:`ValueError` for one that cannot sign.
    """

    method = "private_key_jwt"

    def __init__(
        self,
        client_id: str,
        key: Key,
        *,
        algorithm: str | None = None,
        audience: str | None = None,
        lifetime: float = LIFETIME,
    ) -> None:
        check_text_if_any(algorithm=algorithm)
        usual = algorithm_of(key)
        known = usual if algorithm is None else ALGORITHMS.get(algorithm)
        if isinstance(key, OctKey) or not key.is_private or known is None or not known.fits(key):
            raise ValueError("private_key_jwt needs a private key that fits the algorithm")
        super().__init__(client_id, key, known.name, audience, lifetime)


class ClientSecretJWT(_SignedToken):
    """``client_secret_jwt``: a token signed with the client's secret (``HS256``), which is not sent itself.

    :arg audience: for whom the token is; by default the URL of the endpoint.
    :arg lifetime: seconds that a token is good for, by default 60.

    Raises :exc:`ValueError` for a secret of less than 32 bytes.
    """

    method = "client_secret_jwt"

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        audience: str | None = None,
        lifetime: float = LIFETIME,
    ) -> None:
        super().__init__(client_id, secret_key(client_secret), "HS256", audience, lifetime)
