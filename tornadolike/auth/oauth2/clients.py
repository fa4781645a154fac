"""How a client says who it is when it asks a token endpoint (RFC 6749 section 2.3, OpenID Connect Core section 9)."""

from abc import ABC, abstractmethod
from base64 import b64encode
from urllib.parse import quote_plus


class ClientAuthentication(ABC):
    """A way to say who asks. Objects have no state of a request and may serve many."""

    method: str
    """Its name in ``token_endpoint_auth_methods_supported``."""

    @abstractmethod
    def add_to(self, form: dict[str, str], headers: dict[str, str], endpoint: str) -> None:
        """Put what says it into the form or the headers of a request to ``endpoint``."""


class PublicClient(ClientAuthentication):
    """No secret: a program that everybody can read, or a provider that wants none."""

    method = "none"

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id

    def add_to(self, form: dict[str, str], headers: dict[str, str], endpoint: str) -> None:
        form["client_id"] = self.client_id


class SecretInHeader(ClientAuthentication):
    """``client_secret_basic``: the secret by the Basic scheme, both in form encoding first, as RFC 6749 wants it."""

    method = "client_secret_basic"

    def __init__(self, client_id: str, client_secret: str) -> None:
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
        self._header = "Basic " + b64encode(pair.encode()).decode()

    def add_to(self, form: dict[str, str], headers: dict[str, str], endpoint: str) -> None:
        headers["Authorization"] = self._header


class SecretInForm(ClientAuthentication):
    """``client_secret_post``: the secret in the form."""

    method = "client_secret_post"

    def __init__(self, client_id: str, client_secret: str) -> None:
        self.client_id = client_id
        self._secret = client_secret

    def add_to(self, form: dict[str, str], headers: dict[str, str], endpoint: str) -> None:
        form["client_id"] = self.client_id
        form["client_secret"] = self._secret
