"""create_datagram_endpoint."""

from ..core import Core


class Datagrams(Core):
    """create_datagram_endpoint."""
