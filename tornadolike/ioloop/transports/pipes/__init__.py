"""Pipes, FIFOs, sockets and character devices, one direction each.

:class:`ReadPipeTransport` and :class:`WritePipeTransport` speak asyncio's transport interface to a
protocol. They own the file object they are given and close it in the end.

They stand on the loop's readers and writers, not on watchers of their own, because two transports may
share a descriptor: the master of a pseudo-terminal is read by one and written by another. A reader or
writer is removed only by the transport that added it.

Order: ``connection_made`` comes in a callback of the loop after the constructor, everything else after
it; ``connection_lost`` comes exactly once, in a callback of its own, when the file is closed, and then
the transport lets go of the protocol. An exception that the protocol raises is reported to the loop's
exception handler and changes nothing else.
"""

from .reading import ReadPipeTransport
from .writing import WritePipeTransport

__all__ = ["ReadPipeTransport", "WritePipeTransport"]
