"""What a program says about its TLS: options, certificates, sessions. How TLS is spoken is the reactor's."""

from .certificates import ServerCertificates
from .errors import CertificateError
from .options import ssl_options_to_context, ssl_wrap_socket
from .sessions import ClientSessions

__all__ = [
    "CertificateError",
    "ClientSessions",
    "ServerCertificates",
    "ssl_options_to_context",
    "ssl_wrap_socket",
]
