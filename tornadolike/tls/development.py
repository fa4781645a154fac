"""Certificates for the developer's own machine: an authority of one's own, and what it has signed.

.. code-block:: console

    $ python -m tornadolike.tls.development ~/.certificates

makes them for ``localhost``, ``127.0.0.1`` and ``::1`` (further names may follow), prints where they are and
what to do with them. A program gets the same from :func:`development_certificate`.

Four files are in the folder. ``ca.pem`` is what browsers and clients have to trust, once. ``ca-key.pem`` is
its key. ``server.pem`` and ``server-key.pem`` are for servers. They are used again as long as they are good
and have all the names; what is not is made anew, with the new names and the old ones.

Whoever gets hold of ``ca-key.pem`` could pretend to be anybody towards a browser that trusts ``ca.pem``.
So it can be read by its owner only, and the authority may sign for nothing but ``localhost``, names below
``.localhost`` and ``.test``, and the names it was made for (RFC 5280, section 4.2.1.10). With a name of
another kind it has to be made, and trusted, anew.
"""

import argparse
import contextlib
import datetime
import fcntl
import ipaddress
import itertools
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
"""Names that every development certificate has."""

AUTHORITY_LIFE: Final = datetime.timedelta(days=730)
"""How long a new authority is good: so often has a browser to be told of one."""

CERTIFICATE_LIFE: Final = datetime.timedelta(days=90)
"""How long a new certificate is good."""

RENEWAL: Final = datetime.timedelta(days=7)
"""What has less than this left is made anew."""

CLOCK_SKEW: Final = datetime.timedelta(hours=1)
"""A new certificate is good since so long ago, for clients whose clock is behind (in a container, on a phone)."""

ALWAYS_PERMITTED: Final = (
    x509.DNSName("localhost"),
    x509.DNSName("test"),
    x509.IPAddress(ipaddress.ip_network("127.0.0.0/8")),
)
"""What every authority may sign for: names that nobody else in the world can have (RFC 6761)."""

HOST_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)(\*\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*"
)

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
class DevelopmentCertificate:
    """Paths of what :func:`development_certificate` made."""

    certfile: str
    """The server's certificate."""
    keyfile: str
    """The server's key."""
    ca_certs: str
    """The authority's certificate, for clients to trust."""

    @property
    def ssl_options(self) -> dict[str, str]:
        """For a server: ``app.listen(8443, ssl_options=certificate.ssl_options)``."""
        return {"certfile": self.certfile, "keyfile": self.keyfile}

    @property
    def client_ssl_options(self) -> dict[str, str]:
        """For a client of that server, which verifies it."""
        return {"ca_certs": self.ca_certs}


def development_certificate(
    folder: str | os.PathLike[str], names: Iterable[str] = ()
) -> DevelopmentCertificate:
    """Certificates for a server on this machine; see the head of this module.

    :arg folder: where they are, or are to be put. It is made if it is missing.
    :arg names: host names and IP addresses besides :data:`LOCAL_NAMES`. ``*.example.test`` is for all
        names right below ``example.test``.

    Several processes may ask at once. Raises :exc:`ValueError` for what is no host name, and
    :exc:`OSError` if the folder cannot be written to.
    """
    wanted = [_general_name(name) for name in dict.fromkeys([*LOCAL_NAMES, *names])]
    place = Path(folder)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone_in(place):
        authority = _Pair.load(place, "ca")
        known = authority.permitted() if authority else []
        if authority is None or not _are_permitted(wanted, known):
            authority = _new_authority(_union(known, [*ALWAYS_PERMITTED, *map(_subtree, wanted)]))
            authority.save(place, "ca")
        server = _Pair.load(place, "server")
        named = server.names() if server else []
        if server is None or not server.is_signed_by(authority) or not set(wanted) <= set(named):
            server = _new_certificate(authority, _union(wanted, named))
            server.save(place, "server")
    return DevelopmentCertificate(
        certfile=str(place / "server.pem"),
        keyfile=str(place / "server-key.pem"),
        ca_certs=str(place / "ca.pem"),
    )


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process makes certificates in ``folder``."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class _Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def load(cls, folder: Path, name: str) -> "_Pair | None":
        """What is in the folder under this name, if it can be used for a while."""
        try:
            certificate = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
            key = serialization.load_pem_private_key(
                (folder / f"{name}-key.pem").read_bytes(), password=None
            )
        except (FileNotFoundError, ValueError, TypeError):
            return None  # never made; or not by us: TypeError is for a key with a password
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            return None
        if key.public_key() != certificate.public_key():
            return None  # a process was killed between the two
        now = _now()
        if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEWAL:
            return None
        return cls(certificate, key)

    def save(self, folder: Path, name: str) -> None:
        """Put both into the folder."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _write(folder / f"{name}-key.pem", key)
        _write(folder / f"{name}.pem", self.certificate.public_bytes(serialization.Encoding.PEM))

    def permitted(self) -> list[x509.GeneralName]:
        """What an authority may sign for."""
        constraints = self._extension(x509.NameConstraints)
        return list(constraints.permitted_subtrees or ()) if constraints else []

    def names(self) -> list[x509.GeneralName]:
        """Whom it is for."""
        return list(self._extension(x509.SubjectAlternativeName) or ())

    def _extension(self, kind: type[Extension]) -> Extension | None:
        try:
            return self.certificate.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None

    def is_signed_by(self, authority: "_Pair") -> bool:
        """Whether it is that authority's, and not an earlier one's."""
        try:
            self.certificate.verify_directly_issued_by(authority.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True


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


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    ascii_name = name.lower().encode("idna").decode()
    if not HOST_NAME.fullmatch(ascii_name):
        raise ValueError(
            f"{name!r} is no host name and no IP address. Pass names as www.example.test, "
            "*.example.test or 192.0.2.1, without scheme and port"
        )
    return x509.DNSName(ascii_name)


def _subtree(name: x509.GeneralName) -> x509.GeneralName:
    """What an authority has to be permitted to sign for ``name``."""
    if isinstance(name, x509.IPAddress):
        return x509.IPAddress(ipaddress.ip_network(name.value))
    return x509.DNSName(name.value.removeprefix("*."))


def _are_permitted(names: Iterable[x509.GeneralName], subtrees: Iterable[x509.GeneralName]) -> bool:
    def permits(subtree: x509.GeneralName, name: x509.GeneralName) -> bool:
        if isinstance(name, x509.IPAddress):
            return isinstance(subtree, x509.IPAddress) and name.value in subtree.value
        return isinstance(subtree, x509.DNSName) and f".{name.value}".endswith(f".{subtree.value}")

    return all(any(permits(subtree, name) for subtree in subtrees) for name in names)


def _union(*names: Iterable[x509.GeneralName]) -> list[x509.GeneralName]:
    return list(dict.fromkeys(itertools.chain(*names)))


def _new_authority(permitted: Sequence[x509.GeneralName]) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject("tornadolike development authority")
    builder = (
        _builder(key, subject, AUTHORITY_LIFE)
        .issuer_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None),
            critical=True,
        )
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
    )
    return _Pair(builder.sign(key, hashes.SHA256()), key)


def _new_certificate(authority: _Pair, names: Sequence[x509.GeneralName]) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(key, _subject("tornadolike development certificate"), CERTIFICATE_LIFE)
        .issuer_name(authority.certificate.subject)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
    )
    return _Pair(builder.sign(authority.key, hashes.SHA256()), key)


def _subject(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, text)])


def _builder(
    key: ec.EllipticCurvePrivateKey, subject: x509.Name, life: datetime.timedelta
) -> x509.CertificateBuilder:
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
    """The extension that says what a key is for."""
    return x509.KeyUsage(**{purpose: purpose in purposes for purpose in KEY_PURPOSES})


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command; see the head of this module."""
    parser = argparse.ArgumentParser(
        prog="python -m tornadolike.tls.development",
        description="Make certificates for servers on this machine, and print where they are.",
    )
    parser.add_argument("folder", help="where they are, or are to be put")
    parser.add_argument("names", nargs="*", help="host names and IP addresses besides localhost")
    options = parser.parse_args(arguments)
    try:
        made = development_certificate(options.folder, options.names)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    sys.stdout.write(
        f"certfile {made.certfile}\nkeyfile  {made.keyfile}\nca_certs {made.ca_certs}\n"
    )
    sys.stderr.write(
        "Let your browser trust ca_certs as an authority for web sites, once. For curl: --cacert.\n"
    )


if __name__ == "__main__":
    main()
