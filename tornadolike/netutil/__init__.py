"""Sockets that listen: making them, and taking connections from them."""

from ..tls import ssl_options_to_context, ssl_wrap_socket
from .accepting import add_accept_handler
from .binding import DEFAULT_BACKLOG, bind_sockets, bind_unix_socket

__all__ = [
    "DEFAULT_BACKLOG",
    "add_accept_handler",
    "bind_sockets",
    "bind_unix_socket",
    "ssl_options_to_context",
    "ssl_wrap_socket",
]
