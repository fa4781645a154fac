"""Imitations of named providers on loopback, with the answers that they document.

A provider's URLs lead to its own hosts. So the client in front of it turns ``https://api.github.com/user`` into
``http://127.0.0.1:PORT/api.github.com/user``, and sends what it would send there.
"""

import contextlib
import inspect
import json
import time
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tornadolike.auth.jose.keys import load_key
from tornadolike.auth.jose.writing import write_token
from tornadolike.httpclient import AsyncHTTPClient
from tornadolike.httpserver import HTTPServer
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application, RequestHandler

RETURN_TO = "https://app.example/sign-in"


@cache
def signing_key():
    """RS256, as all of them sign; made once, as that takes long."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return load_key(pem, kid="of the provider")


@dataclass
class Asked:
    """A request, as it would have come to the provider."""

    method: str
    place: str
    arguments: dict[str, str]
    headers: Any


class _Everything(RequestHandler):
    async def get(self):
        request = self.request
        place = request.path.removeprefix("/")
        arguments = {name: values[0].decode() for name, values in request.arguments.items()}
        asked = Asked(request.method, place, arguments, request.headers)
        self.application.asked.append(asked)
        answer = self.application.answers.get(place, (404, {"message": "Not Found"}))
        if callable(answer):
            answer = answer(asked)
        if inspect.isawaitable(answer):
            answer = await answer
        status, content = answer if isinstance(answer, tuple) else (200, answer)
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.write(json.dumps(content))

    post = get


class Imitation(Application):
    """``answers`` has what each place gives (``"api.github.com/user"``): JSON, a pair of a status and JSON, or a
    function of what was :class:`Asked`, which gives one of these."""

    def __init__(self):
        super().__init__([(r"/.*", _Everything)], log_function=lambda handler: None)
        self.answers = {}
        self.asked = []
        self.port = 0

    def asked_of(self, place):
        return [asked for asked in self.asked if asked.place == place]

    def openid(self, issuer, *, called=None, claims, **token):
        """It is a provider of OpenID Connect at ``issuer``; its ID tokens have these claims."""
        base = issuer.removeprefix("https://")
        host = base.partition("/")[0]
        self.nonce = ""
        self.answers[f"{base}/.well-known/openid-configuration"] = {
            "issuer": called or issuer,
            "authorization_endpoint": f"https://{host}/authorize",
            "token_endpoint": f"https://{host}/token",
            "jwks_uri": f"https://{host}/keys",
            "device_authorization_endpoint": f"https://{host}/device",
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
        }
        public = signing_key().as_dict(private=False)
        self.answers[f"{host}/keys"] = {"keys": [{**public, "use": "sig", "alg": "RS256"}]}

        def give(asked):
            now = int(time.time())
            said = {
                "iss": issuer,
                "aud": "the-client",
                "iat": now,
                "exp": now + 600,
                "nonce": self.nonce,
                **claims,
            }
            id_token = write_token(said, signing_key(), lifetime=600, algorithm="RS256")
            return {"access_token": "at", "token_type": "Bearer", "id_token": id_token, **token}

        self.answers[f"{host}/token"] = give


class _Elsewhere:
    """A client whose requests go to the imitation."""

    def __init__(self, client, port):
        self.client = client
        self.port = port

    async def fetch(self, url, **options):
        assert url.startswith("https://")
        return await self.client.fetch(
            f"http://127.0.0.1:{self.port}/{url.removeprefix('https://')}", **options
        )


@contextlib.asynccontextmanager
async def imitated():
    """The imitation, and what a provider is given as its ``http_client``."""
    imitation = Imitation()
    server = HTTPServer(imitation)
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    try:
        async with AsyncHTTPClient(force_instance=True) as client:
            yield imitation, _Elsewhere(client, sockets[0].getsockname()[1])
    finally:
        server.stop()
        await server.close_all_connections()


async def sign_in(imitation, provider, **answer):
    """Go there and come back. Returns the identity, and what the provider was asked in the browser."""
    url, pending = await provider.begin(RETURN_TO)
    parts = urlsplit(url)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    asked["at"] = f"{parts.scheme}://{parts.netloc}{parts.path}"
    imitation.nonce = asked.get("nonce", "")
    identity = await provider.complete(pending, {"code": "c", "state": pending.state, **answer})
    return identity, asked
