"""Tokens of every kind, right and wrong, for the tests; and keys, made once."""

import functools
import json
import time
from base64 import urlsafe_b64encode

from joserfc.jws import JWSRegistry

from tornadolike.auth.jose.keys import new_key

ISSUER = "https://id.example.com"
AUDIENCE = "client"


def key(algorithm="ES256", name="a"):
    """A key of this name: the same one at each call."""
    return _made(algorithm, name)


@functools.cache
def _made(algorithm, name):
    return new_key(algorithm, kid=name)


def encoded(data):
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(**other):
    """Claims that are right, but for these. None takes one away."""
    now = int(time.time())
    all_of_them = {"iss": ISSUER, "aud": AUDIENCE, "sub": "17", "iat": now, "exp": now + 300}
    return {name: value for name, value in (all_of_them | other).items() if value is not None}


def token(header, payload, signer, algorithm=None):
    """A token of these parts (bytes are taken as they are), signed by ``signer``."""
    parts = [
        encoded(part if isinstance(part, bytes) else json.dumps(part).encode())
        for part in (header, payload)
    ]
    signed = ".".join(parts)
    name = algorithm or header["alg"]
    signature = JWSRegistry.algorithms[name].sign(signed.encode(), signer)
    return f"{signed}.{encoded(signature)}"
