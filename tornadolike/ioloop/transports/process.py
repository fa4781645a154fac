""":class:`ProcessTransport`: a child process and the pipes to its standard streams.

What the protocol hears: ``connection_made`` first, when all pipes are connected; then, as it comes,
``pipe_data_received``, ``pipe_connection_lost`` for each pipe and ``process_exited``;
``connection_lost`` last, after the exit and the end of all pipes. (A grandchild that has inherited a pipe
keeps it open beyond the exit.) An exception of the protocol is reported to the loop's exception handler
and does not keep the rest from it. A transport that is closed before ``connection_made`` stays silent.

The exit is told two turns of the loop after it was learned: by then what the child had written before (one
reading of it) is told. Whoever waits for the exit goes on a little later still, when the pipes that ended
with the child are closed.

Standard streams are pipes, the child's input too. A socket pair would show the reader's end on every
system, but to the child it is no pipe: ``/dev/stdin`` cannot be opened again, which shells do.

Lifetime: the loop's watch of the child keeps the transport alive while the child runs. :meth:`close` kills
a child that still runs; it is reaped by the watch, or by whoever closes the loop before that.
"""

import asyncio
import contextlib
import contextvars
import functools
import signal
import subprocess
import warnings
from collections.abc import Callable
from typing import Any, Final

from ..children import reap_killed, watch_child
from ..core import Core, asyncio_log
from .pipes import ReadPipeTransport, WritePipeTransport
from .telling import Telling

CALLS_A_TURN: Final = 2
"""So many callbacks, each called by the one before, run in one turn of the loop at the most."""


class ProcessTransport(Telling, asyncio.SubprocessTransport):
    """A running child and its protocol. :meth:`connect` must follow the constructor.

    :arg process: started, with pipes that are not buffered. It is killed if it cannot be watched.
    """

    def __init__(
        self,
        loop: Core,
        protocol: asyncio.BaseProtocol,
        process: subprocess.Popen[bytes],
    ) -> None:
        super().__init__({"subprocess": process})
        self._loop = loop
        self._protocol: Any = protocol
        self._process: subprocess.Popen[bytes] | None = process
        self._pid = process.pid
        self._status: int | None = None  # when the end is learned
        self._returncode: int | None = None  # the same, when it is told
        self._pipes: dict[int, ReadPipeTransport | WritePipeTransport] = {}
        streams = enumerate((process.stdin, process.stdout, process.stderr))
        self._unconnected = {fd: file for fd, file in streams if file is not None}
        self._open_pipes = set(self._unconnected)
        self._untold: list[tuple[str, tuple[Any, ...]]] | None = []
        self._exit_over = asyncio.Event()  # told, and the pipes that ended with the child closed
        self._closing = False
        self._killed = False
        self._finished = False
        self._context = contextvars.copy_context()
        self._watch = None
        try:
            self._watch = watch_child(loop, process, self._on_end)
        except BaseException:
            self.close()
            reap_killed(process)
            raise

    # Start

    async def connect(self) -> None:
        """Connect the pipes, then tell the protocol. If that fails: :meth:`close`."""
        loop = self._loop
        # By the loop's own methods, so that whoever puts something in their place sees these pipes too.
        for fd, file in list(self._unconnected.items()):
            connect: Any = loop.connect_write_pipe if fd == 0 else loop.connect_read_pipe
            self._pipes[fd], _ = await connect(functools.partial(_StreamProtocol, self, fd), file)
            del self._unconnected[fd]
        begun = loop.create_future()
        loop.call_soon(self._begin, begun)
        await begun

    def _begin(self, begun: asyncio.Future[None]) -> None:
        if not begun.done():  # cancelled, that is
            begun.set_result(None)
            untold, self._untold = self._untold or [], None
            self._tell("connection_made", self)
            for method, args in untold:
                self._tell(method, *args)
            self._tell_exit_soon()

    # What happens

    def _tell(self, method: str, *args: Any) -> None:
        if self._untold is not None:
            self._untold.append((method, args))
        else:
            super()._tell(method, *args)

    def _pipe_lost(self, fd: int, error: Exception | None) -> None:
        self._tell("pipe_connection_lost", fd, error)
        self._open_pipes.discard(fd)
        self._finish_if_over()

    def _on_end(self, status: int) -> None:
        self._status = status
        self._tell_exit_soon()

    def _tell_exit_soon(self) -> None:
        """In two turns, but not before the pipes are connected (or never will be)."""
        if self._status is not None and (self._untold is None or self._closing):
            self._in_two_turns(self._exited, context=self._context)

    def _exited(self) -> None:
        self._returncode = self._status
        self._tell("process_exited")
        self._finish_if_over()
        self._in_two_turns(self._exit_over.set)

    def _in_two_turns(
        self,
        callback: Callable[[], object],
        context: contextvars.Context | None = None,
        calls: int = 2 * CALLS_A_TURN,
    ) -> None:
        if calls:
            self._loop.call_soon(self._in_two_turns, callback, context, calls - 1, context=context)
        else:
            callback()

    def _finish_if_over(self) -> None:
        over = self._returncode is not None and not self._open_pipes and self._untold is None
        if over and not self._finished:
            self._finished = True
            self._loop.call_soon(self._finish)

    def _finish(self) -> None:
        self._tell("connection_lost", None)
        self._exit_over.set()
        self._process = None
        self._protocol = None

    # The exit

    async def _wait(self) -> int:
        """What :meth:`asyncio.subprocess.Process.wait` awaits: the return code.

        Pipes that others keep open are not waited for, but those that end with the child have ended.
        """
        await self._exit_over.wait()
        assert self._returncode is not None
        return self._returncode

    def send_signal(self, signal: int) -> None:
        """Send ``signal`` to the child; nothing happens if it has ended but that was not told yet.

        Raises :exc:`ProcessLookupError` once all is over.
        """
        if self._process is None:
            raise ProcessLookupError(f"process {self._pid} has ended")
        self._process.send_signal(signal)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    # The end

    def close(self) -> None:
        """Close the pipes; kill the child if it still runs. Idempotent."""
        if self._closing:
            return
        self._closing = True
        self._kill_if_running()
        for file in self._unconnected.values():
            file.close()
        for pipe in self._pipes.values():
            if self._killed and isinstance(pipe, WritePipeTransport):
                pipe.abort()
            else:
                pipe.close()
        if self._loop.is_closed():
            self.loop_closed()
        elif self._untold is not None:
            self._tell_exit_soon()

    def _kill_if_running(self) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        if self._loop.get_debug():
            asyncio_log.warning("closing a running child process kills it: %r", self)
        # It may belong to another user by now.
        with contextlib.suppress(PermissionError):
            process.kill()
            self._killed = True

    def loop_closed(self) -> None:
        """The loop's farewell: a child that was killed is reaped without it, others run on."""
        if self._watch is not None:
            self._watch.cancel()
        if self._killed and self._process is not None:
            reap_killed(self._process)

    def is_closing(self) -> bool:
        return self._closing

    def __del__(self) -> None:
        if not getattr(self, "_closing", True) and not self._finished:
            warnings.warn(
                f"unclosed transport {self!r}", ResourceWarning, stacklevel=2, source=self
            )
            self.close()

    # About

    def get_pid(self) -> int:
        return self._pid

    def get_returncode(self) -> int | None:
        return self._returncode

    def get_pipe_transport(self, fd: int) -> ReadPipeTransport | WritePipeTransport | None:
        """The transport of the child's standard stream ``fd`` (0, 1, 2); None if it is no pipe."""
        return self._pipes.get(fd)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        state = "running" if self._returncode is None else f"returncode={self._returncode}"
        closing = " closing" if self._closing else ""
        return f"<{type(self).__name__} pid={self._pid} {state}{closing}>"


class _StreamProtocol(asyncio.Protocol):
    """What a pipe of the child speaks to: passes all on to the child's transport."""

    def __init__(self, process: ProcessTransport, fd: int) -> None:
        self._process = process
        self._fd = fd

    def data_received(self, data: bytes) -> None:
        self._process._tell("pipe_data_received", self._fd, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._process._pipe_lost(self._fd, exc)

    def pause_writing(self) -> None:
        self._process._tell("pause_writing")

    def resume_writing(self) -> None:
        self._process._tell("resume_writing")
