"""Certificates for the tests, made once a session: an authority, what it has signed, and contexts with them.

======================== ==================================================================
``certs.server``         for localhost, 127.0.0.1 and ::1
``certs.client``         for a client called "client of the tests"
``certs.expired``        as the server's, until last year
``certs.wrong_host``     for wrong.example
``certs.stranger``       as the server's, but signed by nobody that anybody knows
``certs.self_signed``    as the server's, but signed by itself
``certs.not_yet``        as the server's, from next year on
======================== ==================================================================

Each is the path of a file with a certificate and its key; ``certs.ca`` has the authority's certificate.
"""

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

DAY = datetime.timedelta(days=1)
SUBJECT = "client of the tests"


@dataclass(frozen=True)
class Certificates:
    """Paths of certificates, and contexts that use them."""

    ca: str
    server: str
    client: str
    expired: str
    wrong_host: str
    stranger: str
    self_signed: str
    not_yet: str

    def server_context(
        self, certificate: str | None = None, *, ask_client: bool = False
    ) -> ssl.SSLContext:
        """A server's context; with ``ask_client`` it wants a certificate of the client's."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate or self.server)
        if ask_client:
            context.load_verify_locations(self.ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client_context(self, certificate: str | None = None) -> ssl.SSLContext:
        """A client's context that trusts the authority; with ``certificate`` it has one to show."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.ca)
        if certificate is not None:
            context.load_cert_chain(certificate)
        return context


class Authority:
    """Signs certificates. (``cryptography`` is imported here: it takes a while.)"""

    def __init__(self, name: str) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec

        self.name = self._name_of(name)
        self.key = ec.generate_private_key(ec.SECP256R1())
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        self.certificate = self._sign(self.name, self.key, [(constraints, True), (usage, True)])

    @staticmethod
    def _name_of(name: str) -> Any:
        from cryptography import x509

        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])

    def _sign(self, name: Any, key: Any, extensions: list[tuple[Any, bool]], age: int = 0) -> Any:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes

        now = datetime.datetime.now(datetime.UTC) - age * DAY
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + 30 * DAY)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, path: Path, name: str, hosts: list[str], age: int = 0, key: Any = None) -> str:
        """Write a certificate for ``hosts``, made ``age`` days ago, and its key to ``path``."""
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = key or ec.generate_private_key(ec.SECP256R1())
        names = [
            x509.IPAddress(ipaddress.ip_address(host))
            if ":" in host or host[0].isdigit()
            else x509.DNSName(host)
            for host in hosts
        ]
        extensions = [(x509.SubjectAlternativeName(names), False)] if names else []
        certificate = self._sign(self._name_of(name), key, extensions, age)
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return str(path)


@pytest.fixture(scope="session")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """The certificates."""
    from cryptography.hazmat.primitives import serialization

    folder = tmp_path_factory.mktemp("certificates")
    here = ["localhost", "127.0.0.1", "::1"]
    ours, foreign = Authority("authority of the tests"), Authority("nobody knows this authority")
    itself = Authority("localhost")
    ca = folder / "ca.pem"
    ca.write_bytes(ours.certificate.public_bytes(serialization.Encoding.PEM))
    return Certificates(
        ca=str(ca),
        server=ours.issue(folder / "server.pem", "localhost", here),
        client=ours.issue(folder / "client.pem", SUBJECT, []),
        expired=ours.issue(folder / "expired.pem", "localhost", here, age=365),
        wrong_host=ours.issue(folder / "wrong.pem", "wrong.example", ["wrong.example"]),
        stranger=foreign.issue(folder / "stranger.pem", "localhost", here),
        self_signed=itself.issue(folder / "self.pem", "localhost", here, key=itself.key),
        not_yet=ours.issue(folder / "not-yet.pem", "localhost", here, age=-365),
    )


def only(context: ssl.SSLContext, version: ssl.TLSVersion) -> ssl.SSLContext:
    """``context``, for this version of TLS alone."""
    context.minimum_version = context.maximum_version = version
    return context
