"""What a program says about its TLS: options, certificates, sessions. How TLS is spoken is the reactor's."""

from .options import ssl_options_to_context, ssl_wrap_socket

__all__ = ["ssl_options_to_context", "ssl_wrap_socket"]
