"""A provider of OAuth 1.0a: oauthlib decides, we only carry its requests."""

import json
from collections.abc import Callable
from typing import Any

from oauthlib.oauth1 import RequestValidator, WebApplicationServer
from oauthlib.oauth1.rfc5849.errors import OAuth1Error

from tornadolike.httputil import url_concat
from tornadolike.web import Application, RequestHandler

KEY, SECRET = "aClientOf20Characters", "what only both know & more"
METHODS = ("HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT")  # by keys it does it with PyJWT only


class Validator(RequestValidator):
    """Knows one client, and keeps tokens in memory."""

    enforce_ssl = False
    callbacks: tuple[str, ...] = ("http://127.0.0.1",)
    allowed_signature_methods = METHODS
    dummy_client = dummy_request_token = dummy_access_token = "nobody"

    def __init__(self) -> None:
        super().__init__()
        self.secret = SECRET
        self.request_tokens: dict[str, dict[str, Any]] = {}
        self.access_tokens: dict[str, dict[str, Any]] = {}
        self.nonces: set[tuple[Any, ...]] = set()

    # Secrets

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return self.secret if client_key == KEY else "-"

    def get_request_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return str(self.request_tokens.get(token, {}).get("oauth_token_secret", "-"))

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return str(self.access_tokens.get(token, {}).get("oauth_token_secret", "-"))

    # What is asked for

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key == KEY

    def validate_timestamp_and_nonce(
        self,
        client_key: str,
        timestamp: str,
        nonce: str,
        request: Any,
        request_token: str | None = None,
        access_token: str | None = None,
    ) -> bool:
        used = (timestamp, nonce, request_token, access_token)
        new = used not in self.nonces
        self.nonces.add(used)
        return new

    def validate_redirect_uri(self, client_key: str, redirect_uri: str, request: Any) -> bool:
        return redirect_uri == "oob" or redirect_uri.startswith(self.callbacks)

    def validate_request_token(self, client_key: str, token: str, request: Any) -> bool:
        return token in self.request_tokens

    def validate_access_token(self, client_key: str, token: str, request: Any) -> bool:
        return token in self.access_tokens

    def validate_verifier(self, client_key: str, token: str, verifier: str, request: Any) -> bool:
        return self.request_tokens.get(token, {}).get("oauth_verifier") == verifier

    def verify_request_token(self, token: str, request: Any) -> bool:
        return token in self.request_tokens

    def get_redirect_uri(self, token: str, request: Any) -> str:
        return str(self.request_tokens[token]["callback"])

    # Realms, of which there are none

    def validate_requested_realms(self, *args: Any, **more: Any) -> bool:
        return True

    validate_realms = verify_realms = validate_requested_realms

    def get_default_realms(self, client_key: str, request: Any) -> list[str]:
        return []

    get_realms = get_default_realms

    # What is kept

    def save_request_token(self, token: dict[str, Any], request: Any) -> None:
        self.request_tokens[token["oauth_token"]] = {**token, "callback": request.redirect_uri}

    def save_verifier(self, token: str, verifier: dict[str, Any], request: Any) -> None:
        self.request_tokens[token].update(verifier)

    def invalidate_request_token(self, client_key: str, token: str, request: Any) -> None:
        self.request_tokens.pop(token, None)

    def save_access_token(self, token: dict[str, Any], request: Any) -> None:
        self.access_tokens[token["oauth_token"]] = token


class Handler(RequestHandler):
    """Gives a request to oauthlib, and its answer to the client."""

    def initialize(self, provider: "OAuth1Provider", step: str) -> None:
        self.provider = provider
        self.step = step

    def get(self) -> None:
        request = self.request
        asked = (
            request.full_url(),
            request.method,
            request.body.decode(),
            dict(request.headers.get_all()),
        )
        self.provider.asked.append(request.full_url())
        try:
            headers, body, status = getattr(self, self.step)(*asked)
        except OAuth1Error as error:
            headers, body, status = {}, error.urlencoded, error.status_code
        self.set_status(status)
        for name, value in headers.items():
            self.set_header(name, value)
        self.finish(body or "")

    post = get

    def request_token(self, *asked: Any) -> Any:
        return self.provider.server.create_request_token_response(*asked)

    def access_token(self, *asked: Any) -> Any:
        return self.provider.server.create_access_token_response(*asked)

    def authorize(self, *asked: Any) -> Any:
        """The user, who is asked here, agrees; or the provider sends them back without a word."""
        if self.provider.denies:
            token = self.get_query_argument("oauth_token")
            back = self.provider.validator.request_tokens[token]["callback"]
            return {"Location": url_concat(back, {"denied": token})}, "", 302
        return self.provider.server.create_authorization_response(*asked)

    def resource(self, *asked: Any) -> Any:
        """What is known of the user, and how the request was understood."""
        good, request = self.provider.server.validate_protected_resource_request(*asked)
        if not good:
            return {}, "", 401
        told = sorted((name, value) for name, value in request.params if name[:6] != "oauth_")
        said = {"screen_name": "ann", "name": "Ann", "told": told, "method": self.request.method}
        return {"Content-Type": "application/json"}, json.dumps(said), 200


class OAuth1Provider:
    """Its addresses, and what it has been asked."""

    def __init__(self, serve: Callable[..., Any]) -> None:
        self.validator = Validator()
        self.server = WebApplicationServer(self.validator)
        self.denies = False
        self.asked: list[str] = []
        steps = ("request_token", "authorize", "access_token", "resource")
        rules = [(rf"/{step}.*", Handler, {"provider": self, "step": step}) for step in steps]
        self.url = serve(Application(rules)).url
