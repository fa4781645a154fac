"""Programs that begin at once: each in a fork of one interpreter that has imported what a site needs.

To start an interpreter and import all that takes far longer than most of the examples run. The fork ends
as any interpreter does, with all that happens then. ``python -m tests.forked`` is that interpreter.
"""

import contextlib
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATIENCE = 30.0


class Program:
    """A program that runs, with as much of :class:`subprocess.Popen` as its users need."""

    def __init__(self, answers: int) -> None:
        self._answers = answers
        self.returncode: int | None = None
        self.pid = self._answer(PATIENCE)

    def _answer(self, timeout: float) -> int:
        """The next line about it: its number, and in the end its exit status."""
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([self._answers], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a forked program", timeout)
            if not (byte := os.read(self._answers, 1)):
                raise EOFError("whoever was to tell what becomes of the program is gone")
            line += byte
        return int(line)

    def wait(self, timeout: float) -> int:
        """Its exit status, or the number of the signal that ended it, as a negative one."""
        if self.returncode is None:
            self.returncode = self._answer(timeout)
            os.close(self._answers)
        return self.returncode

    def poll(self) -> int | None:
        """The same, or None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


class Forks:
    """The interpreter that forks; warnings are errors in it."""

    def __init__(self) -> None:
        self._requests, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-W", "error", "-m", "tests.forked"]
            self._process = subprocess.Popen(command, cwd=ROOT, stdin=theirs)

    def run(self, *line: str, stdin: int, stdout: int, stderr: int) -> Program:
        """Run a file with arguments. Its streams are these descriptors, which stay the caller's."""
        answers, told = os.pipe()
        try:
            message = json.dumps(line).encode()
            socket.send_fds(self._requests, [message], [stdin, stdout, stderr, told])
        finally:
            os.close(told)
        return Program(answers)

    def end(self) -> None:
        self._requests.close()
        self._process.wait(PATIENCE)


def next_program(requests: socket.socket) -> tuple[list[str], list[int]] | None:
    """In a fork: the line that it is to run, and its streams. Here None, when no more are wanted."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks what becomes of the keepers
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, 65536, 4)
        if not message:
            return None
        if not os.fork():
            requests.close()
            return kept(json.loads(message), descriptors)
        for number in descriptors:
            os.close(number)


def kept(line: list[str], descriptors: list[int]) -> tuple[list[str], list[int]]:
    """Fork once more, and stay to tell what becomes of the program; the other half returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, told = descriptors
    pid = os.fork()
    if not pid:
        os.close(told)
        return line, streams
    for number in streams:
        os.close(number)
    os.write(told, b"%d\n" % pid)
    os.write(told, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


def become(line: list[str], streams: list[int]) -> None:
    """Make this process look as if it had been started for the program."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.argv = line
    sys.path[0] = os.path.dirname(line[0])


if __name__ == "__main__":
    import tornadolike.httpserver
    import tornadolike.web
    import tornadolike.websocket  # noqa: F401 (what the children need)

    gc.freeze()  # what all have in common is not to be copied because somebody looks for garbage
    with socket.socket(fileno=os.dup(0)) as requests:
        found = next_program(requests)
    if found:
        become(*found)
        runpy.run_path(found[0][0], run_name="__main__")
