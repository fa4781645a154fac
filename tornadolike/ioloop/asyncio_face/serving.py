"""Connections taken: create_server, create_unix_server."""

from ..core import Core


class Serving(Core):
    """Connections taken: create_server, create_unix_server."""
