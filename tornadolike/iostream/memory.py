""":func:`memory_stream_pair`: two streams that are connected to each other, without a socket."""

from typing import Any

from ..ioloop import IOLoop
from ..ioloop.transports.memory import CAPACITY, memory_pair
from ..ioloop.transports.pulling import PullProtocol
from .stream import IOStream


def memory_stream_pair(
    *, capacity: int = CAPACITY, chunk: int | None = None, **options: Any
) -> tuple[IOStream, IOStream]:
    """Two connected streams for tests: they behave as over TCP, and nothing depends on the kernel.

    .. code-block:: python

        client, server = memory_stream_pair(chunk=1)
        server.write(b"hello\\n")
        assert await client.read_until(b"\\n") == b"hello\\n"

    They need no descriptors (``stream.socket`` is None), and the bytes come in an order and at times that
    are always the same: the current loop delivers them from its callbacks. TLS may be started on them.

    :arg capacity: bytes that are under way in each direction at the most, 64 KB by default; what is
        written beyond that waits.
    :arg chunk: bytes that arrive at once at the most, 1: everything comes byte by byte. By default there
        is no limit.
    :arg options: those of :class:`BaseIOStream`, for both.

    Raises :exc:`ValueError` for sizes below 1.
    """
    ends = memory_pair(
        IOLoop.current(), PullProtocol(), PullProtocol(), capacity=capacity, chunk=chunk
    )
    one, other = (IOStream.over(end, **options) for end in ends)
    return one, other
