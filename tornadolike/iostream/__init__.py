"""Streams: bytes are pulled from them (``read_until`` and its kin), when and how one wants them.

.. code-block:: python

    async def first_line(fd):
        stream = PipeIOStream(fd)
        try:
            return await stream.read_until(b"\\n", max_bytes=1000)
        finally:
            stream.close()

Rooms, from the bottom up: :mod:`.errors`, :mod:`.buffer` (what has arrived), :mod:`.reads` (what somebody
wants of it), :mod:`.write_queue` (what waits to be written), all of which know neither loop nor descriptor;
:mod:`.descriptor`, :mod:`.reading` and :mod:`.writing`, which tie them to both; :mod:`.base`; :mod:`.pipe`;
:mod:`.stream`, which has a transport of the reactor's in place of a descriptor.
"""

from .base import BaseIOStream
from .errors import StreamBufferFullError, StreamClosedError, UnsatisfiableReadError
from .memory import memory_stream_pair
from .pipe import PipeIOStream
from .stream import IOStream, SSLIOStream

__all__ = [
    "BaseIOStream",
    "IOStream",
    "PipeIOStream",
    "SSLIOStream",
    "StreamBufferFullError",
    "StreamClosedError",
    "UnsatisfiableReadError",
    "memory_stream_pair",
]
