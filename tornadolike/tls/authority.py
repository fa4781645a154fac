"""An authority for :mod:`~tornadolike.tls.development`, and the certificates it signs, by ``cryptography``."""

import datetime
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE: Final = datetime.timedelta(days=730)
"""How long a new authority is good: so often has a browser to be told of one."""

CERTIFICATE_LIFE: Final = datetime.timedelta(days=90)
"""How long a new certificate is good."""

RENEWAL: Final = datetime.timedelta(days=7)
"""What has less than this left is not used any more."""

CLOCK_SKEW: Final = datetime.timedelta(hours=1)
"""A new certificate is good since so long ago, for clients whose clock is behind (in a container, on a phone)."""

ALWAYS_PERMITTED: Final = (
    x509.DNSName("localhost"),
    x509.DNSName("test"),
    x509.IPAddress(ipaddress.ip_network("127.0.0.0/8")),
    x509.IPAddress(ipaddress.ip_network("::1/128")),
)
"""What every authority may sign for: names that nobody else in the world can have (RFC 6761)."""

LABEL: Final = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"
HOST_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z)(\*\.)?{LABEL}(\.{LABEL})*")

KEY_PURPOSES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
"""As RFC 5280, section 4.2.1.3, has them."""

Extension = TypeVar("Extension", bound=x509.ExtensionType)


@dataclass(frozen=True)
class Signed:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def load(cls, certificate: bytes, key: bytes) -> Self:
        """From PEM. Raises :exc:`ValueError` if they are not what :meth:`dump` gave, or are not good."""
        loaded = x509.load_pem_x509_certificate(certificate)
        try:
            loaded_key = serialization.load_pem_private_key(key, password=None)
        except TypeError as error:  # it has a password
            raise ValueError(str(error)) from error
        if not isinstance(loaded_key, ec.EllipticCurvePrivateKey):
            raise ValueError("a key of another kind")
        if loaded_key.public_key() != loaded.public_key():
            raise ValueError("the key of another certificate")
        if not loaded.not_valid_before_utc <= _now() < loaded.not_valid_after_utc - RENEWAL:
            raise ValueError("too old, or from the future")
        return cls(loaded, loaded_key)

    def dump(self) -> tuple[bytes, bytes]:
        """The certificate and the key, as PEM."""
        return (
            self.certificate.public_bytes(serialization.Encoding.PEM),
            self.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )

    def names(self) -> list[x509.GeneralName]:
        """Whom it is for."""
        return list(self._extension(x509.SubjectAlternativeName) or ())

    def may_sign_for(self, names: Iterable[x509.GeneralName]) -> bool:
        """Whether it is an authority for all the names."""
        constraints = self._extension(x509.NameConstraints)
        subtrees = constraints.permitted_subtrees if constraints is not None else None
        return all(_is_permitted(name, subtrees or ()) for name in names)

    def has_signed(self, other: "Signed") -> bool:
        """Whether the other is of this authority, and not of an earlier one."""
        try:
            other.certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def sign(self, names: list[x509.GeneralName]) -> "Signed":
        """A new certificate for a server with these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(key, _subject("tornadolike development certificate"), CERTIFICATE_LIFE)
            .issuer_name(self.certificate.subject)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage("digital_signature"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        return Signed(builder.sign(self.key, hashes.SHA256()), key)

    def _extension(self, kind: type[Extension]) -> Extension | None:
        try:
            return self.certificate.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None


def new_authority(names: Iterable[x509.GeneralName]) -> Signed:
    """An authority that may sign for :data:`ALWAYS_PERMITTED` and for ``names``, and for nothing else."""
    more = [_subtree(name) for name in names if not _is_permitted(name, ALWAYS_PERMITTED)]
    constraints = x509.NameConstraints([*ALWAYS_PERMITTED, *more], excluded_subtrees=None)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject("tornadolike development authority")
    builder = (
        _builder(key, subject, AUTHORITY_LIFE)
        .issuer_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(constraints, critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
    )
    return Signed(builder.sign(key, hashes.SHA256()), key)


def general_name(name: str) -> x509.GeneralName:
    """A host name or an IP address as certificates have it. Raises :exc:`ValueError` for anything else."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        ascii_name = name.lower().encode("idna").decode()
    except UnicodeError:  # a label is empty or too long
        ascii_name = ""
    if not HOST_NAME.fullmatch(ascii_name):
        raise ValueError(
            f"{name!r} is neither a host name nor an IP address. Pass www.example.test, "
            "*.example.test or 192.0.2.1, without scheme and port"
        )
    return x509.DNSName(ascii_name)


def _subtree(name: x509.GeneralName) -> x509.GeneralName:
    """What an authority has to be permitted to sign for ``name``."""
    if isinstance(name, x509.IPAddress):
        return x509.IPAddress(ipaddress.ip_network(name.value))
    return x509.DNSName(name.value.removeprefix("*."))


def _is_permitted(name: x509.GeneralName, subtrees: Iterable[x509.GeneralName]) -> bool:
    return any(_is_below(name, subtree) for subtree in subtrees)


def _is_below(name: x509.GeneralName, subtree: x509.GeneralName) -> bool:
    """Whether a subtree, as RFC 5280 has it in section 4.2.1.10, has the name."""
    if isinstance(name, x509.DNSName) and isinstance(subtree, x509.DNSName):
        return f".{name.value}".endswith(f".{subtree.value}")
    if isinstance(name, x509.IPAddress) and isinstance(subtree, x509.IPAddress):
        return ipaddress.ip_address(str(name.value)) in ipaddress.ip_network(str(subtree.value))
    return False


def _subject(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, text)])


def _builder(
    key: ec.EllipticCurvePrivateKey, subject: x509.Name, life: datetime.timedelta
) -> x509.CertificateBuilder:
    """What an authority's certificate and a server's have in common."""
    now = _now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*purposes: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{purpose: purpose in purposes for purpose in KEY_PURPOSES})


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
