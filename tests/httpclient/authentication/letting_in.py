"""The other side: what an Authorization says, and whether it is right."""

import hashlib

from tornadolike.httpclient.authentication.challenges import parse_challenges


def said(value):
    """What an Authorization says."""
    (challenge,) = parse_challenges([value])
    assert challenge.scheme == "digest"
    return challenge.parameters


def check(auth_fields, password, method="GET", body=b""):
    """Whether a server would let somebody in who says this."""
    name = auth_fields.get("algorithm", "MD5")
    hash_name = {"MD5": "md5", "SHA-256": "sha256"}[name.removesuffix("-sess")]

    def digest(*parts):
        return hashlib.new(hash_name, ":".join(parts).encode()).hexdigest()

    secret = digest(auth_fields["username"], auth_fields["realm"], password)
    if name.endswith("-sess"):
        secret = digest(secret, auth_fields["nonce"], auth_fields["cnonce"])
    parts = [method, auth_fields["uri"]]
    if auth_fields.get("qop") == "auth-int":
        parts.append(hashlib.new(hash_name, body).hexdigest())
    asked_for = digest(*parts)
    if "qop" in auth_fields:
        more = [auth_fields[part] for part in ("nc", "cnonce", "qop")]
        return digest(secret, auth_fields["nonce"], *more, asked_for) == auth_fields["response"]
    return digest(secret, auth_fields["nonce"], asked_for) == auth_fields["response"]
