"""Certificates made on the spot, for tests and for the developer's own machine, by ``cryptography``.

.. code-block:: python

    authority = make_authority()
    server = make_certificate(["localhost", "127.0.0.1"], issuer=authority)
    app.listen(8443, ssl_options=server.server_context())
    client_context = authority.client_context()  # trusts what the authority has signed

Nothing of this is for a site that others visit: no browser in the world knows these authorities.
"""

import datetime
import ipaddress
import os
import ssl
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self, TypeVar, get_args

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .names import general_name, is_permitted, subtree

KeyType = Literal["ec", "rsa"]
"""``"ec"`` is a key on the curve P-256, ``"rsa"`` one of 2,048 bits, which takes much longer to make."""

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

AUTHORITY_DAYS: Final = 730
"""How long a new authority is good by default: so often has a browser to be told of one."""

CERTIFICATE_DAYS: Final = 90
"""How long a new certificate is good by default."""

CLOCK_SKEW: Final = datetime.timedelta(hours=1)
"""A new certificate is good since so long ago, for clients whose clock is behind (in a container, on a phone)."""

ALWAYS_PERMITTED: Final = (
    x509.DNSName("localhost"),
    x509.DNSName("test"),
    x509.IPAddress(ipaddress.ip_network("127.0.0.0/8")),
    x509.IPAddress(ipaddress.ip_network("::1/128")),
)
"""What every authority may sign for: names that nobody else in the world can have (RFC 6761)."""

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
class MadeCertificate:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey

    @classmethod
    def load(cls, certificate: bytes, key: bytes) -> Self:
        """From PEM, as :meth:`dump` gave it. Raises :exc:`ValueError` for anything else."""
        loaded = x509.load_pem_x509_certificate(certificate)
        try:
            loaded_key = serialization.load_pem_private_key(key, password=None)
        except TypeError as error:  # it has a password
            raise ValueError(str(error)) from error
        if not isinstance(loaded_key, PrivateKey):
            raise ValueError("a key of another kind")
        if loaded_key.public_key() != loaded.public_key():
            raise ValueError("the key of another certificate")
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

    def save(self, certfile: str | os.PathLike[str], keyfile: str | os.PathLike[str]) -> None:
        """Write both as PEM: each file whole, in one moment, and for its owner only. Raises :exc:`OSError`."""
        for path, content in zip((certfile, keyfile), self.dump(), strict=True):
            _write(Path(path), content)

    def server_context(self) -> ssl.SSLContext:
        """A new context of a server that shows this certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.load_into(context)
        return context

    def client_context(self) -> ssl.SSLContext:
        """A new context of a client that trusts this certificate, and what it has signed, and nothing else."""
        return ssl.create_default_context(cadata=self.dump()[0].decode())

    def load_into(self, context: ssl.SSLContext) -> None:
        """Have ``context`` show this certificate; a client's, if it was made with ``client=True``."""
        with tempfile.TemporaryDirectory() as folder:  # Python reads keys from files only
            certfile, keyfile = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
            self.save(certfile, keyfile)
            context.load_cert_chain(certfile, keyfile)

    def names(self) -> list[x509.GeneralName]:
        """Whom it is for."""
        return list(self._extension(x509.SubjectAlternativeName) or ())

    def may_sign_for(self, names: Iterable[x509.GeneralName]) -> bool:
        """Whether it is an authority for all the names."""
        basics = self._extension(x509.BasicConstraints)
        constraints = self._extension(x509.NameConstraints)
        permitted = (constraints and constraints.permitted_subtrees) or ()
        return bool(basics and basics.ca) and all(is_permitted(name, permitted) for name in names)

    def has_signed(self, other: "MadeCertificate") -> bool:
        """Whether the other is of this authority, and not of an earlier one."""
        try:
            other.certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def _extension(self, kind: type[Extension]) -> Extension | None:
        try:
            return self.certificate.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None


def make_authority(
    names: Iterable[str] = (), *, days: float = AUTHORITY_DAYS, key_type: KeyType = "ec"
) -> MadeCertificate:
    """A new authority, for :func:`make_certificate` to sign with.

    It may sign for ``localhost``, for this machine's own addresses, for names below ``.localhost`` and
    ``.test``, and for ``names``; clients refuse whatever else it signs (RFC 5280, section 4.2.1.10).

    :arg names: host names, with all that is below them, and IP addresses.
    :arg days: how long it is good.
    :arg key_type: ``"ec"`` or ``"rsa"``.

    Raises :exc:`ValueError` for what is no host name.
    """
    more = [name for name in map(general_name, names) if not is_permitted(name, ALWAYS_PERMITTED)]
    permitted = [*ALWAYS_PERMITTED, *map(subtree, more)]
    key = _new_key(key_type)
    subject = _subject("tornadolike development authority")
    builder = (
        _builder(key, subject, subject, _period(days, None))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.NameConstraints(permitted, excluded_subtrees=None), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
    )
    return MadeCertificate(builder.sign(key, hashes.SHA256()), key)


def make_certificate(
    names: Iterable[str],
    *,
    days: float = CERTIFICATE_DAYS,
    key_type: KeyType = "ec",
    issuer: MadeCertificate | None = None,
    client: bool = False,
    begin: datetime.datetime | None = None,
) -> MadeCertificate:
    """A new certificate and its key.

    :arg names: the host names and IP addresses it is for; ``*.example.test`` is for all names right below
        ``example.test``.
    :arg days: how long it is good.
    :arg key_type: ``"ec"``, which every client of these days understands, or ``"rsa"``.
    :arg issuer: who signs it, as :func:`make_authority` made it. By default it signs itself: good for those
        who trust this very certificate.
    :arg client: whether it is for a client to show, where a server asks for that.
    :arg begin: since when it is good, with a time zone, by default since an hour ago. So a test gets one
        that has expired, or will begin next year.

    Raises :exc:`ValueError` for no names at all, what is no host name, and names that ``issuer`` may not
    sign for.
    """
    wanted = list(dict.fromkeys(map(general_name, names)))
    if not wanted:
        raise ValueError('make_certificate needs at least one name, such as "localhost"')
    if issuer is not None and not issuer.may_sign_for(wanted):
        told = ", ".join(str(name.value) for name in wanted)
        raise ValueError(f"the issuer may not sign for all of {told}: pass them to make_authority")
    key = _new_key(key_type)
    subject = _subject("tornadolike development certificate")
    signer_key, signer = (
        (key, subject) if issuer is None else (issuer.key, issuer.certificate.subject)
    )
    purpose = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer_key.public_key())
    builder = (
        _builder(key, subject, signer, _period(days, begin))
        .add_extension(x509.SubjectAlternativeName(wanted), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(identifier, critical=False)
    )
    return MadeCertificate(builder.sign(signer_key, hashes.SHA256()), key)


def _new_key(key_type: KeyType) -> PrivateKey:
    if key_type == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    if key_type == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    raise ValueError(f"key_type should be one of {', '.join(get_args(KeyType))}, not {key_type!r}")


def _subject(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, text)])


def _period(
    days: float, begin: datetime.datetime | None
) -> tuple[datetime.datetime, datetime.datetime]:
    """Since when, and until when."""
    if days <= 0:
        raise ValueError(f"days should be above 0, got {days}")
    now = datetime.datetime.now(datetime.UTC)
    return begin or now - CLOCK_SKEW, (begin or now) + datetime.timedelta(days=days)


def _builder(
    key: PrivateKey,
    subject: x509.Name,
    signer: x509.Name,
    period: tuple[datetime.datetime, datetime.datetime],
) -> x509.CertificateBuilder:
    """What an authority's certificate and a server's have in common."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(period[0])
        .not_valid_after(period[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*purposes: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{purpose: purpose in purposes for purpose in KEY_PURPOSES})


def _write(path: Path, content: bytes) -> None:
    """Put the file in its place whole, and for its owner only, as ``mkstemp`` makes files."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
