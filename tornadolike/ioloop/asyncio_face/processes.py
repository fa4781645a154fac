"""subprocess_exec, subprocess_shell."""

import asyncio
import subprocess
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from ..core import Core
from ..poller import Poller
from ..transports.process import ProcessTransport

P = TypeVar("P", bound=asyncio.BaseProtocol)


class Processes(Core):
    """subprocess_exec, subprocess_shell."""

    def __init__(self, poller: Poller | None = None) -> None:
        self._processes: weakref.WeakSet[ProcessTransport] = weakref.WeakSet()
        super().__init__(poller)

    def close(self) -> None:
        super().close()
        for transport in list(self._processes):
            transport.loop_closed()
        self._processes.clear()

    async def subprocess_exec(
        self,
        protocol_factory: Callable[[], P],
        program: Any,
        *args: Any,
        stdin: Any = subprocess.PIPE,
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.PIPE,
        universal_newlines: bool = False,
        shell: bool = False,
        bufsize: int = 0,
        encoding: None = None,
        errors: None = None,
        text: bool | None = None,
        **kwargs: Any,
    ) -> tuple[ProcessTransport, P]:
        """Run ``program`` with ``args`` as a child process for a new protocol.

        The streams and ``kwargs`` are those of :class:`subprocess.Popen`; a pipe carries bytes. Starting
        it stops the loop for as long as the system needs. Raises :exc:`ValueError` for what would make
        text of the bytes or a shell of the program, and what ``Popen`` raises.
        """
        check_mode(universal_newlines, bufsize, encoding, errors, text)
        if shell:
            raise ValueError("shell must be False; subprocess_shell() runs a command line")
        return await self._spawn(
            protocol_factory, (program, *args), False, stdin, stdout, stderr, kwargs
        )

    async def subprocess_shell(
        self,
        protocol_factory: Callable[[], P],
        cmd: bytes | str,
        *,
        stdin: Any = subprocess.PIPE,
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.PIPE,
        universal_newlines: bool = False,
        shell: bool = True,
        bufsize: int = 0,
        encoding: None = None,
        errors: None = None,
        text: bool | None = None,
        **kwargs: Any,
    ) -> tuple[ProcessTransport, P]:
        """Run the command line ``cmd`` in the system's shell; otherwise as :meth:`subprocess_exec`."""
        if not isinstance(cmd, (bytes, str)):
            raise ValueError(f"cmd must be a string, not {cmd!r}")
        check_mode(universal_newlines, bufsize, encoding, errors, text)
        if not shell:
            raise ValueError("shell must be True; subprocess_exec() runs a program without one")
        return await self._spawn(protocol_factory, cmd, True, stdin, stdout, stderr, kwargs)

    async def _spawn(
        self,
        protocol_factory: Callable[[], P],
        args: Any,
        shell: bool,
        stdin: Any,
        stdout: Any,
        stderr: Any,
        options: dict[str, Any],
    ) -> tuple[ProcessTransport, P]:
        protocol = protocol_factory()
        # Blocking, and what is run is the caller's affair: both are the nature of it.
        process = subprocess.Popen(  # noqa: ASYNC220, S603 (this is what others are to use)
            args, bufsize=0, shell=shell, stdin=stdin, stdout=stdout, stderr=stderr, **options
        )
        transport = ProcessTransport(self, protocol, process)
        self._processes.add(transport)
        try:
            await transport.connect()
        except (SystemExit, KeyboardInterrupt, GeneratorExit):
            transport.close()
            raise
        except BaseException:
            transport.close()
            await transport._wait()
            raise
        return transport, protocol


def check_mode(
    universal_newlines: bool, bufsize: int, encoding: object, errors: object, text: object
) -> None:
    """Refuse what asks for text or buffers: pipes to children carry bytes, and transports write at once."""
    if universal_newlines:
        raise ValueError("universal_newlines must be False")
    if text:
        raise ValueError("text must be False")
    if encoding is not None:
        raise ValueError("encoding must be None")
    if errors is not None:
        raise ValueError("errors must be None")
    if bufsize != 0:
        raise ValueError("bufsize must be 0")
