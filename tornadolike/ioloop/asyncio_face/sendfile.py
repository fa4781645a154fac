"""Files over connections: sendfile, sock_sendfile."""

import asyncio
import socket
from asyncio.constants import _SendfileMode  # how asyncio's transports tell what they can
from typing import Any

from ..core import Core
from ..readiness import check_socket, writable
from ..transports.draining import Drain
from ..transports.files import FileReading, FileSending, check_part


class SendFile(Core):
    """Files over connections: sendfile, sock_sendfile."""

    async def sock_sendfile(
        self,
        sock: socket.socket,
        file: Any,
        offset: int = 0,
        count: int | None = None,
        *,
        fallback: bool | None = True,
    ) -> int:
        """Send ``file`` through the connected stream socket ``sock``; return how many bytes were sent.

        :arg file: an object opened in binary mode. Its position is afterwards, also after an error,
            behind what was sent.
        :arg offset: where in the file to begin, in bytes.
        :arg count: how many bytes; None: all to the file's end.
        :arg fallback: where :func:`os.sendfile` cannot be used, read the file in a thread and send that.
            Otherwise :exc:`asyncio.SendfileNotAvailableError` is raised.
        """
        check_socket(self, sock)
        if sock.type != socket.SOCK_STREAM:
            raise ValueError("only SOCK_STREAM type sockets are supported")
        check_part(file, offset, count)
        try:
            return await self._sock_sendfile_native(sock, file, offset, count)
        except asyncio.SendfileNotAvailableError:
            if not fallback:
                raise
        reading = FileReading(self, file, offset, count)
        try:
            while block := await reading.block():
                await self.sock_sendall(sock, block)
                reading.sent += len(block)
        finally:
            reading.end()
        return reading.sent

    async def _sock_sendfile_native(
        self, sock: socket.socket, file: Any, offset: int, count: int | None
    ) -> int:
        sending = FileSending(file, offset, count)
        try:
            while not sending.step(sock.fileno()):
                await writable(self, sock)
        finally:
            sending.end()
        return sending.sent

    async def sendfile(
        self,
        transport: asyncio.WriteTransport,
        file: Any,
        offset: int = 0,
        count: int | None = None,
        *,
        fallback: bool = True,
    ) -> int:
        """Send ``file`` through ``transport``, behind what was written before; return how many bytes were sent.

        Until it is done nothing may be written to the transport. If the peer leaves before everything
        was sent :exc:`ConnectionError` is raised. Cancelled, it leaves the connection open.

        :arg file: an object opened in binary mode. Its position is afterwards, also after an error,
            behind what was sent.
        :arg offset: where in the file to begin, in bytes.
        :arg count: how many bytes; None: all to the file's end.
        :arg fallback: where :func:`os.sendfile` cannot be used (over TLS, or because of the kind of
            file) read the file in a thread and write that; meanwhile nothing is received. Otherwise
            :exc:`RuntimeError` or :exc:`asyncio.SendfileNotAvailableError` is raised.

        Raises :exc:`RuntimeError` for a transport that is closing or that no file can be sent through.
        """
        if transport.is_closing():
            raise RuntimeError("Transport is closing")
        mode = getattr(transport, "_sendfile_compatible", _SendfileMode.UNSUPPORTED)
        if mode is _SendfileMode.UNSUPPORTED:
            raise RuntimeError(f"sendfile is not supported for transport {transport!r}")
        if mode is _SendfileMode.FALLBACK and not fallback:
            raise RuntimeError(
                "fallback is disabled and native sendfile is not supported for transport "
                f"{transport!r}"
            )
        check_part(file, offset, count)
        if mode is _SendfileMode.TRY_NATIVE:
            try:
                return await self._sendfile_native(transport, file, offset, count)
            except asyncio.SendfileNotAvailableError:
                if not fallback:
                    raise
        return await self._sendfile_fallback(transport, file, offset, count)

    async def _sendfile_native(
        self, transport: Any, file: Any, offset: int, count: int | None
    ) -> int:
        sending = FileSending(file, offset, count)
        try:
            await transport.send_file(sending)
        finally:
            sending.end()
        return sending.sent

    async def _sendfile_fallback(
        self, transport: Any, file: Any, offset: int, count: int | None
    ) -> int:
        reading = FileReading(self, file, offset, count)
        drain = Drain(transport)
        try:
            while block := await reading.block():
                await drain.drained()
                transport.write(block)
                reading.sent += len(block)
        finally:
            drain.end()
            reading.end()
        return reading.sent
