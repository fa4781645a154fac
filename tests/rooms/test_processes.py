"""Real processes and a real server: killed, stopped, restarted."""

import contextlib
import json
import os
import select
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.forked import Forks
from tests.stores import servers

PROGRAM = Path(__file__).with_name("program.py")
Start = Callable[..., "Process"]


class Process:
    """The program, and what it has said.

    :arg seconds: what its process has to give a sign of life. A busy machine lets it wait for some tenths of one.
    :arg patience: the seconds that it has for the server.
    """

    def __init__(
        self, forks: Forks, address: str, name: str, seconds: float, patience: float
    ) -> None:
        commands, self._commands = os.pipe()
        self._said, said = os.pipe()
        try:
            self.program = forks.run(
                str(PROGRAM),
                *(address, name, str(seconds), str(patience)),
                stdin=commands,
                stdout=said,
                stderr=said,
            )
        finally:
            os.close(commands)
            os.close(said)
        self.lines: list[str] = []
        self._rest = b""

    def do(self, *command: str) -> None:
        """Have it do something, and wait until it has."""
        os.write(self._commands, json.dumps(command).encode() + b"\n")
        self.wait_for(f"done {command[0]}")
        self.lines.remove(f"done {command[0]}")

    def wait_for(self, wanted: str) -> None:
        end = time.monotonic() + 20
        while not any(wanted in line for line in self.lines):
            left = end - time.monotonic()
            assert left > 0, (wanted, self.lines)
            assert select.select([self._said], [], [], left)[0], (wanted, self.lines)
            more = os.read(self._said, 65536)
            assert more, (wanted, self.lines)
            *lines, self._rest = (self._rest + more).split(b"\n")
            self.lines += [line.decode() for line in lines]

    def end(self) -> None:
        os.close(self._commands)
        self.program.kill()
        self.program.wait(20)
        os.close(self._said)


@pytest.fixture
def start(forks: Forks) -> Iterator[Start]:
    with contextlib.ExitStack() as ending:

        def start(address: str, name: str, seconds: float = 1.5, patience: float = 10.0) -> Process:
            process = Process(forks, address, name, seconds, patience)
            ending.callback(process.end)
            return process

        yield start


def test_two_processes_and_one_is_killed(start: Start, redis_url: str) -> None:
    name = f"tornadolike-{uuid.uuid4()}"
    one, two = start(redis_url, name), start(redis_url, name)
    one.do("join", "k", "ann")
    two.do("join", "k", "bob")
    two.do("join", "k", "joe")
    one.wait_for("joe joins k")
    one.do("send", "k", "ann", "hello")
    two.wait_for("bob hears hello")
    two.wait_for("joe hears hello")
    two.do("send", "k", "joe", "bye")
    two.do("leave", "k", "joe")
    one.wait_for("joe leaves k")
    assert one.lines == [
        "ann joins k",
        "bob joins k",
        "joe joins k",
        "ann hears bye",
        "joe leaves k",
    ]
    two.program.kill()
    one.wait_for("bob leaves k")
    three = start(redis_url, name)
    three.do("join", "k", "eve")
    assert three.lines == ["ann joins k", "eve joins k"]


@pytest.mark.slow
def test_a_server_that_is_stopped_and_one_that_is_restarted(start: Start, tmp_path: Path) -> None:
    address = servers.address_in(tmp_path)
    with servers.process(tmp_path) as server:
        one, two = (start(address, "x", seconds=5.0, patience=0.3) for _ in "12")
        one.do("join", "k", "ann")
        one.do("join", "k", "eve")
        two.do("join", "k", "bob")
        one.wait_for("bob joins k")
        server.send_signal(signal.SIGSTOP)
        one.do("send", "k", "ann", "anybody?")
        assert "eve hears anybody?" in one.lines
        two.do("leave", "k", "bob")
        two.do("join", "k", "joe")
        for process in (one, two):
            process.wait_for("members of this process alone")
        server.send_signal(signal.SIGCONT)
        for process in (one, two):
            process.wait_for("reach the other processes again")
        one.wait_for("joe joins k")
        one.wait_for("bob leaves k")
        one.lines.clear()
        two.lines.clear()
        server.kill()
        server.wait()
    (tmp_path / "redis.sock").unlink()
    one.do("send", "k", "ann", "still here?")
    assert "eve hears still here?" in one.lines
    with servers.process(tmp_path):
        while "ann hears back" not in one.lines:
            two.do("send", "k", "joe", "back")
            one.do("send", "nowhere", "ann", "")
        two.do("leave", "k", "joe")
        one.wait_for("joe leaves k")
        one.do("send", "k", "ann", "bye")
        told = [line for line in one.lines + two.lines if "joins" in line or "leaves" in line]
        assert told == ["joe leaves k", "joe leaves k"], (one.lines, two.lines)
