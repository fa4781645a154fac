"""Streams: bytes are pulled from them (``read_until`` and its kin), when and how one wants them.

.. code-block:: python

    async def first_line(fd):
        stream = PipeIOStream(fd)
        try:
            return await stream.read_until(b"\\n", max_bytes=1000)
        finally:
            stream.close()

Rooms, from the bottom up:

* :mod:`.errors`, :mod:`.buffer` (what has arrived), :mod:`.reads` (what somebody wants of it) and
  :mod:`.write_queue` (what waits to be written) know neither loop nor descriptor;
* :mod:`.descriptor`, :mod:`.reading`, :mod:`.file_turns` and :mod:`.writing` tie them to both, :mod:`.base`
  makes a stream of that, and :mod:`.pipe` is one;
* :mod:`.transported` puts a transport of the reactor's in the place of a descriptor, :mod:`.connecting`
  connects it, and :mod:`.stream` has the streams over sockets and TLS (with :mod:`.tls_socket`);
* :mod:`.memory` makes pairs for tests.
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
