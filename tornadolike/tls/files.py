"""The files of a certificate, and what is read in them to know whom the certificate is for."""

import datetime
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from .errors import CertificateError, unreadable

Path = str | os.PathLike[str]
Password = str | bytes | Callable[[], str | bytes] | None

Stamp = tuple[int, ...] | None


def stamp(path: str) -> Stamp:
    """What of a file changes when it is replaced, wherever on the way links are switched; None if it is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


class Leaf(NamedTuple):
    """What a server has to know about a certificate to choose it."""

    names: tuple[str, ...]
    """Host names, in lower case, some perhaps as ``*.example.com``."""
    kind: type
    """Of the key. A client may understand some kinds only."""
    begin: datetime.datetime
    end: datetime.datetime


@dataclass(frozen=True)
class CertificateFiles:
    """A certificate with its chain, and the key."""

    certfile: str
    keyfile: str

    @classmethod
    def of(cls, files: "Path | tuple[Path, Path]") -> "CertificateFiles":
        """One path is for both."""
        if isinstance(files, tuple):
            certfile, keyfile = files
        else:
            certfile = keyfile = files
        return cls(os.fspath(certfile), os.fspath(keyfile))

    def read(self) -> Leaf:
        """Read the certificate. Raises :exc:`CertificateError`."""
        # Who has no certificates need not wait until this is imported.
        from cryptography import exceptions, x509

        try:
            with open(self.certfile, "rb") as file:
                certificate = x509.load_pem_x509_certificate(file.read())
            kind = type(certificate.public_key())
            extensions = certificate.extensions
        except OSError as error:
            raise CertificateError(unreadable(self.certfile, error)) from error
        except (ValueError, x509.DuplicateExtension, exceptions.UnsupportedAlgorithm) as error:
            raise CertificateError(
                f"{self.certfile} has no certificate in PEM form (-----BEGIN CERTIFICATE-----) "
                f"that can be read: {error}"
            ) from error
        try:
            alternatives = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            names = alternatives.get_values_for_type(x509.DNSName)
        except x509.ExtensionNotFound:
            names = []
        return Leaf(
            tuple(name.lower() for name in names),
            kind,
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
        )

    def load_into(self, context: ssl.SSLContext, password: Password) -> None:
        """Have ``context`` show the certificate. Raises :exc:`CertificateError`."""
        asked = False

        def ask() -> str | bytes:
            nonlocal asked
            asked = True
            return (password() if callable(password) else password) or b""

        try:
            # Always with a function: without one OpenSSL asks at the terminal, and everything waits.
            context.load_cert_chain(self.certfile, self.keyfile, ask)
        except ssl.SSLError as error:
            raise CertificateError(self._refusal(error, asked, password)) from error
        except OSError as error:
            raise CertificateError(unreadable(self.keyfile, error)) from error

    def _refusal(self, error: ssl.SSLError, asked: bool, password: Password) -> str:
        if error.reason == "KEY_VALUES_MISMATCH":
            return (
                f"the key in {self.keyfile} is not the key of the certificate in {self.certfile}. "
                "There the server's own certificate has to come first. If both files were replaced, "
                "one may not be in its place yet: try again"
            )
        if asked:
            if password is None:
                return f"the key in {self.keyfile} is encrypted: pass its password"
            return f"the password is not that of the key in {self.keyfile}"
        return (
            f"cannot use the certificate in {self.certfile} with the key in {self.keyfile}: {error}"
        )
