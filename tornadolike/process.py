"""More than one process: workers forked from this one (:func:`fork_processes`) and children that run
other programs (:class:`Subprocess`).

.. code-block:: python

    async def main():
        date = Subprocess(["date"], stdout=Subprocess.STREAM)
        print((await date.stdout.read_until_close()).decode())
        date.stdout.close()
        await date.wait_for_exit()
"""

import asyncio
import contextvars
import mmap
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any, ClassVar, Final

from .ioloop import IOLoop
from .ioloop.children import ChildWatch, watch_child
from .ioloop.loop import loop_of_thread
from .iostream import PipeIOStream
from .log import gen_log

__all__ = ["CalledProcessError", "Subprocess", "cpu_count", "fork_processes", "task_id"]

CalledProcessError = subprocess.CalledProcessError

MAX_RESTARTS: Final = 100
"""How many workers :func:`fork_processes` restarts before it gives up, by default."""

SHARED_SIZE: Final = 512
"""Bytes that processes which serve the same sockets have in common."""

_task_id: int | None = None
_shared: mmap.mmap | None = None


def cpu_count() -> int:
    """The number of processors of this machine, 1 if that cannot be learnt."""
    count = os.cpu_count()
    if count is None:
        gen_log.error("Could not detect number of processors; assuming 1")
        return 1
    return count


def task_id() -> int | None:
    """The number of this process among those that serve the same sockets, from 0 on; None if it is not one of several.

    :func:`fork_processes` gives it, and ``tornadolike run --workers``. While a worker is replaced, it and the next have
    the same.
    """
    return _task_id


def shared_memory() -> mmap.mmap | None:
    """What this process has in common with the others that serve the same sockets, if it is one of several."""
    return _shared


def nobody_is(number: int, shared: mmap.mmap) -> None:
    """A process is gone, or accepts no more: in its place of 8 bytes there is 0, and the others do not wait for it."""
    place = number * 8 % SHARED_SIZE
    shared[place : place + 8] = bytes(8)


def be_task(number: int, shared: mmap.mmap | None = None) -> None:
    """Be one of several processes, for who starts them otherwise than by :func:`fork_processes`.

    :arg shared: what :func:`shared_memory` is to give, of :data:`SHARED_SIZE` bytes.
    """
    global _task_id, _shared
    _task_id, _shared = number, shared


def fork_processes(num_processes: int | None, max_restarts: int | None = None) -> int:
    """Fork worker processes, and stay behind to look after them.

    It returns in the workers only, with the worker's task id: 0 to ``num_processes - 1``. A worker that
    ends abnormally, by a signal or with another status than 0, is replaced by one with the same id. When
    all have ended normally the parent exits too, with status 0 (:exc:`SystemExit`). Sockets that are to
    be shared are bound before. The numbers of :mod:`random` are different in each worker.

    :arg num_processes: None or a number that is not positive: one for each processor.
    :arg max_restarts: how many workers may be replaced, all in all; None: 100. One more, and
        :exc:`RuntimeError` is raised in the parent; the workers that are left go on.

    There must be no event loop in the thread yet, because parent and workers would share what the system
    knows of it: :exc:`RuntimeError` is raised before anything is forked. It is raised, too, in a process
    that is a worker itself, and on systems without ``fork``.
    """
    global _shared
    if sys.platform == "win32" or not hasattr(os, "fork"):
        raise RuntimeError("fork_processes() needs a system with fork(), which this is not")
    if _task_id is not None:
        raise RuntimeError(f"this is worker {_task_id} of several and cannot have its own")
    if has_loop():
        raise RuntimeError(
            "fork_processes() cannot be called once there is an event loop: call it first, then "
            "make or run the loop in each worker"
        )
    if num_processes is None or num_processes <= 0:
        num_processes = cpu_count()
    _shared = mmap.mmap(-1, SHARED_SIZE)
    gen_log.info("Starting %d processes", num_processes)
    children: dict[int, int] = {}
    for number in range(num_processes):
        if start_worker(number, children):
            return number
    restarts_left = MAX_RESTARTS if max_restarts is None else max_restarts
    while children:
        pid, status = os.wait()
        if pid not in children:
            continue
        number = children.pop(pid)
        nobody_is(number, _shared)
        if ended_normally(number, pid, status):
            continue
        if restarts_left <= 0:
            raise RuntimeError("Too many child restarts, giving up")
        restarts_left -= 1
        if start_worker(number, children):
            return number
    sys.exit(0)


def has_loop() -> bool:
    """Whether there is an event loop, of whatever kind, in this thread."""
    if asyncio._get_running_loop() is not None:
        return True
    loop = loop_of_thread()
    return loop is not None and not loop.is_closed()


def start_worker(number: int, children: dict[int, int]) -> bool:
    """Fork; True in the worker. The parent notes the worker in ``children``."""
    global _task_id
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()  # or each worker would write it once more
        except (AttributeError, OSError, ValueError):
            pass  # there is none, or it is closed
    pid = os.fork()
    if pid == 0:
        _task_id = number
        return True
    children[pid] = number
    return False


def ended_normally(number: int, pid: int, status: int) -> bool:
    """Log how a worker has ended; whether that is for good."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        gen_log.warning("child %d (pid %d) killed by signal %d, restarting", number, pid, -code)
    elif code:
        gen_log.warning("child %d (pid %d) exited with status %d, restarting", number, pid, code)
    else:
        gen_log.info("child %d (pid %d) exited normally", number, pid)
    return code == 0


class Subprocess:
    """A child process: :class:`subprocess.Popen` whose pipes are streams and whose end is announced.

    The arguments are those of :class:`subprocess.Popen`. ``stdin``, ``stdout`` and ``stderr`` may also be
    :attr:`Subprocess.STREAM`: the attribute of that name is a :class:`~tornadolike.iostream.PipeIOStream`
    then, which the caller closes when he is done. If the child cannot be started, nothing is left open.

    * ``proc``: the :class:`subprocess.Popen`; ``pid``: its process number;
    * ``io_loop``: the loop that was current, which runs the callbacks;
    * ``returncode``: None as long as the end is not known, or not asked for by :meth:`set_exit_callback`
      or :meth:`wait_for_exit`. A negative one is the number of the signal that killed the child.
    """

    STREAM: ClassVar[Any] = object()

    stdin: Any
    stdout: Any
    stderr: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.io_loop = IOLoop.current()
        ends_of_child: list[int] = []
        streams: dict[str, PipeIOStream] = {}
        try:
            for name in ("stdin", "stdout", "stderr"):
                if kwargs.get(name) is self.STREAM:
                    end_of_child, streams[name] = make_pipe(into_child=name == "stdin")
                    ends_of_child.append(end_of_child)
                    kwargs[name] = end_of_child
            self.proc: subprocess.Popen[Any] = subprocess.Popen(*args, **kwargs)  # noqa: S603 (the caller's command)
        except BaseException:
            for stream in streams.values():
                stream.close()
            raise
        finally:
            for end in ends_of_child:
                os.close(end)
        self.pid = self.proc.pid
        self.returncode: int | None = None
        for name in ("stdin", "stdout", "stderr"):
            setattr(self, name, streams[name] if name in streams else getattr(self.proc, name))
        self._watch: ChildWatch | None = None
        self._exit_callback: tuple[Callable[[int], object], contextvars.Context] | None = None
        self._waiting: list[tuple[asyncio.Future[int], bool]] = []

    def set_exit_callback(self, callback: Callable[[int], object]) -> None:
        """Call ``callback(returncode)`` from the loop when the child has ended, also if it has already.

        There is one such callback: another takes the place of one that has not been called.
        """
        self._exit_callback = callback, contextvars.copy_context()
        self._watch_or_tell()

    def wait_for_exit(self, raise_error: bool = True) -> asyncio.Future[int]:
        """Return a future of the return code.

        With ``raise_error``, another code than 0 is raised as :exc:`CalledProcessError`. There may be
        several such futures, and a callback beside them.
        """
        future: asyncio.Future[int] = asyncio.Future(loop=self.io_loop.asyncio_loop)
        self._waiting.append((future, raise_error))
        self._watch_or_tell()
        return future

    def _watch_or_tell(self) -> None:
        if self.returncode is None and self._watch is None:
            # Known if somebody waited by himself. Its number may be another process's by now.
            self.returncode = self.proc.returncode
        if self.returncode is not None:
            self._tell(self.returncode)
        elif self._watch is None:
            self._watch = watch_child(self.io_loop, self.proc, self._ended)

    def _ended(self, returncode: int) -> None:
        self._watch = None
        self.returncode = returncode
        self._tell(returncode)

    def _tell(self, returncode: int) -> None:
        waiting, self._waiting = self._waiting, []
        for future, raise_error in waiting:
            if future.done():
                continue
            if returncode and raise_error:
                future.set_exception(CalledProcessError(returncode, self.proc.args))
            else:
                future.set_result(returncode)
        if self._exit_callback is not None:
            callback, context = self._exit_callback
            self._exit_callback = None
            context.run(self.io_loop.add_callback, callback, returncode)

    @classmethod
    def initialize(cls) -> None:
        """Do nothing: for programs that were written for Tornado.

        There it chooses the loop that handles SIGCHLD. Here no signal is needed.
        """

    @classmethod
    def uninitialize(cls) -> None:
        """Do nothing, as :meth:`initialize`."""


def make_pipe(into_child: bool) -> tuple[int, PipeIOStream]:
    """Return the child's end of a new pipe, and a stream over ours."""
    reading, writing = os.pipe()
    end_of_child, ours = (reading, writing) if into_child else (writing, reading)
    try:
        return end_of_child, PipeIOStream(ours)
    except BaseException:
        os.close(reading)
        os.close(writing)
        raise
