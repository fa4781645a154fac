"""Files over connections: sendfile, sock_sendfile."""

from ..core import Core


class SendFile(Core):
    """Files over connections: sendfile, sock_sendfile."""
