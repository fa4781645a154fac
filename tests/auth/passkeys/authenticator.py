"""An authenticator, and the browser around it, made of ``cryptography``: as honest as it is asked to be."""

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED, EXTENSIONS = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
GOOD = PRESENT | VERIFIED
ORIGIN = "https://example.org"
AAGUID = bytes(range(16))


def encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")


def number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8)


class ES256:
    """ECDSA on P-256 with SHA-256."""

    algorithm = -7
    curve: ec.EllipticCurve = ec.SECP256R1()

    def __init__(self) -> None:
        self.key = ec.generate_private_key(self.curve)

    def public(self) -> dict[int, Any]:
        numbers = self.key.public_key().public_numbers()
        return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data, ec.ECDSA(SHA256()))


class EdDSA:
    """Ed25519."""

    algorithm = -8

    def __init__(self) -> None:
        self.key = ed25519.Ed25519PrivateKey.generate()

    def public(self) -> dict[int, Any]:
        return {1: 1, 3: -8, -1: 6, -2: self.key.public_key().public_bytes_raw()}

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data)


class RS256:
    """RSA with SHA-256."""

    algorithm = -257
    bits = 2048

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, self.bits)

    def public(self) -> dict[int, Any]:
        numbers = self.key.public_key().public_numbers()
        return {1: 3, 3: -257, -1: number(numbers.n), -2: number(numbers.e)}

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data, padding.PKCS1v15(), SHA256())


@dataclass
class Authenticator:
    """Makes one passkey, and signs with it. What it says can be changed before it says it."""

    signer: Any = field(default_factory=ES256)
    origin: str = ORIGIN
    rp_id: str | None = None
    """None: the one that it is asked for."""
    flags: int = GOOD
    count: int = 0
    """What its counter says next; 0 always is 0."""
    attestation: str = "none"
    id: bytes = field(default_factory=lambda: os.urandom(32))
    user_handle: bytes | None = None
    client_data: dict[str, Any] = field(default_factory=dict)
    """Takes the place of what is there."""

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """As ``navigator.credentials.create()``, and ``toJSON()``."""
        self.user_handle = decoded(options["user"]["id"])
        key = cbor2.dumps(self.signer.public())
        attested = AAGUID + len(self.id).to_bytes(2) + self.id + key
        data = self._data(options["rp"]["id"], self.flags | ATTESTED) + attested
        client_data = self._client_data("webauthn.create", options["challenge"])
        statement: dict[str, Any] = {}
        if self.attestation == "packed":
            signature = self.signer.sign(data + hashlib.sha256(client_data).digest())
            statement = {"alg": self.signer.algorithm, "sig": signature}
        whole = {"fmt": self.attestation, "attStmt": statement, "authData": data}
        return self._answer(
            client_data, attestationObject=encoded(cbor2.dumps(whole)), transports=["internal"]
        )

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """As ``navigator.credentials.get()``, and ``toJSON()``."""
        data = self._data(options["rpId"], self.flags)
        client_data = self._client_data("webauthn.get", options["challenge"])
        signature = self.signer.sign(data + hashlib.sha256(client_data).digest())
        more = {"authenticatorData": encoded(data), "signature": encoded(signature)}
        if self.user_handle is not None:
            more["userHandle"] = encoded(self.user_handle)
        return self._answer(client_data, **more)

    def _data(self, rp_id: str, flags: int) -> bytes:
        digest = hashlib.sha256((self.rp_id or rp_id).encode()).digest()
        said = digest + bytes([flags]) + self.count.to_bytes(4)
        self.count += bool(self.count)
        return said

    def _client_data(self, kind: str, challenge: str) -> bytes:
        data = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(data | self.client_data).encode()

    def _answer(self, client_data: bytes, **response: Any) -> dict[str, Any]:
        return {
            "id": encoded(self.id),
            "rawId": encoded(self.id),
            "type": "public-key",
            "response": {"clientDataJSON": encoded(client_data), **response},
        }
