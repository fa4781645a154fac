"""What a server wants of TLS, whichever certificate it shows."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .errors import CertificateError, unreadable

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: those that encrypt and authenticate in one, with keys that are of no use later. (All of 1.3 are.)"""


@dataclass(frozen=True)
class ServerPolicy:
    """What all contexts of a server have in common.

    OpenSSL takes some of it from the context that a connection begins with, and some from the one that
    has the certificate. So both are made here, and alike.
    """

    ca_certs: str | None
    cert_reqs: ssl.VerifyMode
    alpn_protocols: Sequence[str]
    ciphers: str

    def new_context(self) -> ssl.SSLContext:
        """A context without a certificate. Raises :exc:`CertificateError` for a bad ``ca_certs``."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
        # All ciphers are good, and the client knows which one is fast on its machine.
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
        context.set_ciphers(self.ciphers)
        if self.alpn_protocols:
            context.set_alpn_protocols(self.alpn_protocols)
        if self.ca_certs is not None:
            try:
                context.load_verify_locations(self.ca_certs)
            except ssl.SSLError as error:
                raise CertificateError(
                    f"{self.ca_certs} has no certificate of an authority in PEM form: {error}"
                ) from error
            except OSError as error:
                raise CertificateError(unreadable(self.ca_certs, error)) from error
        # Also for getpeercert(), which asks the context that has the certificate.
        context.verify_mode = self.cert_reqs
        return context

    def trusted(self) -> bytes:
        """What is in ``ca_certs``. Raises :exc:`CertificateError`."""
        if self.ca_certs is None:
            return b""
        try:
            with open(self.ca_certs, "rb") as file:
                return file.read()
        except OSError as error:
            raise CertificateError(unreadable(self.ca_certs, error)) from error
