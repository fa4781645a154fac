"""connect_read_pipe, connect_write_pipe."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from ..core import Core
from ..transports.pipes import ReadPipeTransport, WritePipeTransport

P = TypeVar("P", bound=asyncio.BaseProtocol)
T = TypeVar("T", ReadPipeTransport, WritePipeTransport)


class Pipes(Core):
    """connect_read_pipe, connect_write_pipe."""

    async def connect_read_pipe(
        self, protocol_factory: Callable[[], P], pipe: Any
    ) -> tuple[ReadPipeTransport, P]:
        """Read ``pipe``, a file object of a pipe, FIFO, socket or terminal, for a new protocol.

        The transport makes it non-blocking and closes it in the end. Raises :exc:`ValueError` for what
        cannot be watched, such as a regular file; the object stays the caller's then.
        """
        return await connect_pipe(self, ReadPipeTransport, protocol_factory, pipe)

    async def connect_write_pipe(
        self, protocol_factory: Callable[[], P], pipe: Any
    ) -> tuple[WritePipeTransport, P]:
        """Write ``pipe`` for a new protocol; otherwise as :meth:`connect_read_pipe`."""
        return await connect_pipe(self, WritePipeTransport, protocol_factory, pipe)


async def connect_pipe(
    loop: Core, transport_class: type[T], protocol_factory: Callable[[], P], pipe: Any
) -> tuple[T, P]:
    """Make a protocol and the transport of ``pipe``; wait until the protocol is told."""
    protocol = protocol_factory()
    waiter = loop.create_future()
    transport = transport_class(loop, pipe, protocol, waiter)
    try:
        await waiter
    except BaseException:
        transport.close()
        raise
    return transport, protocol
