"""System calls on sockets as coroutines: the sock_ family."""

from ..core import Core


class SocketCalls(Core):
    """System calls on sockets as coroutines: the sock_ family."""
