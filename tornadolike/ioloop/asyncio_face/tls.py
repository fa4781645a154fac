"""A connection that turns to TLS: start_tls."""

from ..core import Core


class TLS(Core):
    """A connection that turns to TLS: start_tls."""
