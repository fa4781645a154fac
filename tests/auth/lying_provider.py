"""An OpenID provider on loopback, made of our own Application: honest until it is told to lie.

.. code-block:: python

    def test(lying_provider):
        lying_provider.claims["nonce"] = "another one"        # None takes a claim away
        lying_provider.metadata["issuer"] = "https://evil.example"
        lying_provider.answers["/token"] = json_answer({"error": "invalid_grant"}, 400)
        lying_provider.answers["/device"] = lambda handler: handler.write({...})   # another endpoint

It agrees to whatever a user is sent with, without a page in between. ``asked`` has what was asked of each endpoint.
"""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import unquote_plus, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from tornadolike.web import Application, RequestHandler

CLIENT_ID = "the client"
CLIENT_SECRET = "the client's secret: 50% of + and /"
SUBJECT = "user-17"
ALGORITHM = "ES256"


@dataclass
class Asked:
    """A request that has come."""

    method: str
    path: str
    form: dict[str, str]
    """The arguments, of the query and of the body."""
    headers: Mapping[str, str] = field(repr=False)


def json_answer(content: Any, status: int = 200, **headers: str) -> Callable[[Any], None]:
    """Answers with JSON; a str or bytes as it is."""

    def answer(handler: RequestHandler) -> None:
        handler.set_status(status)
        handler.set_header("Content-Type", "application/json")
        for name, value in headers.items():
            handler.set_header(name.replace("_", "-"), value)
        handler.write(content if isinstance(content, (str, bytes)) else json.dumps(content))

    return answer


def new_key(kid: str | None = None) -> ECKey:
    """A key pair for ES256."""
    return ECKey.generate_key("P-256", {"kid": kid or secrets.token_hex(4), "use": "sig"})


class LyingProvider:
    """See the module."""

    def __init__(self, serve: Callable[..., Any]) -> None:
        self.application = Application(
            [(r"/.*", _Endpoint, {"provider": self})], log_function=lambda handler: None
        )
        self.server = serve(self.application)
        self.issuer = f"http://127.0.0.1:{self.server.port}"
        self.client_id, self.client_secret = CLIENT_ID, CLIENT_SECRET
        self.keys = [new_key()]
        """The first signs; all are in the JWKS."""
        self.asked: list[Asked] = []
        # What it says in the place of the truth. None takes a member away.
        self.metadata: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.token_answer: dict[str, Any] = {}
        self.redirect: dict[str, Any] = {}
        """The arguments with which the browser is sent back."""
        self.answers: dict[str, Callable[[Any], Any]] = {}
        """What answers a path, in the place of the truth: gets the handler, may be a coroutine function."""
        self.denies = False
        """Whether the user says no."""
        self.codes: dict[str, dict[str, str]] = {}
        """The requests of users to whom a code was given."""
        self.refresh_tokens: set[str] = set()

    def rotate(self) -> None:
        """Another key signs; the old one is no longer in the JWKS."""
        self.keys = [new_key()]

    def asked_of(self, path: str) -> list[Asked]:
        """The requests to one endpoint."""
        return [asked for asked in self.asked if asked.path == path]

    # What it says when it is honest

    def honest_metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/end_session",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def honest_claims(self, **more: Any) -> dict[str, Any]:
        """An ID token's."""
        now = int(time.time())
        return {
            "iss": self.issuer,
            "sub": SUBJECT,
            "aud": self.client_id,
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "sid": "session-3",
            **more,
        }

    def honest_userinfo(self) -> dict[str, Any]:
        return {
            "sub": SUBJECT,
            "name": "Ann Example",
            "preferred_username": "ann",
            "email": "ann@example.com",
            "email_verified": True,
            "picture": "https://example.com/ann.png",
        }

    def sign(
        self, claims: Mapping[str, Any], key: Any = None, header: Mapping[str, Any] | None = None
    ) -> str:
        """A JWT of these claims, with the first of the keys."""
        key = key or self.keys[0]
        made = _without_none({"alg": ALGORITHM, "kid": key.kid, **(header or {})})
        return jwt.encode(made, dict(claims), key, algorithms=[made["alg"]])

    def logout_token(self, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """What tells of a logout; None takes a claim away."""
        now = int(time.time())
        honest = {
            "iss": self.issuer,
            "sub": SUBJECT,
            "sid": "session-3",
            "aud": self.client_id,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_hex(8),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }
        return self.sign(
            _without_none({**honest, **claims}), header={"typ": "logout+jwt", **(header or {})}
        )

    # Its endpoints

    def get_openid_configuration(self, handler: "_Endpoint") -> None:
        handler.write(_without_none({**self.honest_metadata(), **self.metadata}))

    def get_jwks(self, handler: "_Endpoint") -> None:
        handler.write(KeySet(self.keys).as_dict(private=False))  # type: ignore[arg-type]

    def get_authorize(self, handler: "_Endpoint") -> None:
        request = handler.asked.form
        answer: dict[str, Any] = {"state": request["state"], "iss": self.issuer}
        if self.denies:
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_urlsafe(8)
            self.codes[answer["code"]] = request
        answer = _without_none({**answer, **self.redirect})
        if request.get("response_mode") == "form_post":
            fields = "".join(
                f'<input type="hidden" name="{name}" value="{escape(value)}">'
                for name, value in answer.items()
            )
            handler.write(f'<form method="post" action="{request["redirect_uri"]}">{fields}</form>')
        else:
            separator = "&" if "?" in request["redirect_uri"] else "?"
            handler.redirect(request["redirect_uri"] + separator + urlencode(answer))

    def post_token(self, handler: "_Endpoint") -> None:
        form = handler.asked.form
        if not self._knows_client(handler.asked):
            json_answer({"error": "invalid_client"}, 401)(handler)
            return
        request = self._granted(form)
        if request is None:
            json_answer({"error": "invalid_grant"}, 400)(handler)
            return
        refresh_token = secrets.token_urlsafe(8)
        self.refresh_tokens.add(refresh_token)
        nonce = {"nonce": request["nonce"]} if "nonce" in request else {}
        claims = self.honest_claims(**{**nonce, **self.claims})
        answer = {
            "access_token": secrets.token_urlsafe(8),
            "token_type": "Bearer",
            "expires_in": 3600,
            "refresh_token": refresh_token,
            "id_token": self.sign(_without_none(claims), header=self.header),
            **self.token_answer,
        }
        handler.set_header("Cache-Control", "no-store")
        handler.write(_without_none(answer))

    def get_userinfo(self, handler: "_Endpoint") -> None:
        if not handler.asked.headers.get("Authorization", "").startswith("Bearer "):
            json_answer({"error": "invalid_token"}, 401)(handler)
            return
        handler.write(_without_none({**self.honest_userinfo(), **self.userinfo}))

    def get_end_session(self, handler: "_Endpoint") -> None:
        handler.write("signed out")

    def _knows_client(self, asked: Asked) -> bool:
        scheme, _, given = asked.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            name, _, secret = base64.b64decode(given).decode().partition(":")
            pair = unquote_plus(name), unquote_plus(secret)
        else:
            pair = asked.form.get("client_id", ""), asked.form.get("client_secret", "")
        if "code_verifier" in asked.form and pair == (self.client_id, ""):
            return True
        return pair == (self.client_id, self.client_secret)

    def _granted(self, form: dict[str, str]) -> dict[str, str] | None:
        """The authorization request for which there is a grant; each code serves once."""
        if form.get("grant_type") == "refresh_token":
            if form["refresh_token"] not in self.refresh_tokens:
                return None
            self.refresh_tokens.remove(form["refresh_token"])
            return {}
        request = self.codes.pop(form.get("code", ""), None)
        if request is None or request["redirect_uri"] != form.get("redirect_uri"):
            return None
        if "code_challenge" in request:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            return request if made == request["code_challenge"] else None
        return request


class _Endpoint(RequestHandler):
    """All of the provider's endpoints."""

    asked: Asked

    def initialize(self, provider: LyingProvider) -> None:
        self.provider = provider

    async def get(self) -> None:
        request = self.request
        form = {name: self.get_argument(name, strip=False) for name in request.arguments}
        self.asked = Asked(str(request.method), request.path, form, request.headers)
        self.provider.asked.append(self.asked)
        name = f"{str(request.method).lower()}_{request.path.rsplit('/', 1)[-1].replace('-', '_')}"
        answer = self.provider.answers.get(request.path) or getattr(self.provider, name, None)
        if answer is None:
            self.set_status(404)
            return
        result = answer(self)
        if result is not None:
            await result

    post = get


def _without_none(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
