"""Connections made: create_connection, create_unix_connection, connect_accepted_socket."""

from ..core import Core


class Connecting(Core):
    """Connections made: create_connection, create_unix_connection, connect_accepted_socket."""
