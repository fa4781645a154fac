"""Child processes: what the protocol hears, how they end, what is left behind (nothing)."""

import asyncio
import contextlib
import contextvars
import gc
import os
import signal
import subprocess
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from tests.ioloop.processes import children
from tests.ioloop.transports.pipe_bench import turns
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop import children as children_module
from tornadolike.ioloop.transports.pipes import ReadPipeTransport, WritePipeTransport
from tornadolike.ioloop.transports.process import ProcessTransport

PIPE = subprocess.PIPE


class Listener(asyncio.SubprocessProtocol):
    """Writes down each call; ``actions`` are run by name of the call."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []
        self.actions: dict[str, Callable[[], object]] = {}
        self._news = asyncio.Event()

    def _hear(self, *what: Any) -> None:
        self.heard.append(what)
        self._news.set()
        if what[0] in self.actions:
            self.actions[what[0]]()

    def connection_made(self, transport: Any) -> None:
        self.transport: ProcessTransport = transport
        self._hear("made")

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._hear("data", fd, data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._hear("pipe lost", fd, exc)

    def process_exited(self) -> None:
        self._hear("exited")

    def connection_lost(self, exc: Exception | None) -> None:
        self._hear("lost", exc)

    def pause_writing(self) -> None:
        self._hear("pause")

    def resume_writing(self) -> None:
        self._hear("resume")

    @property
    def names(self) -> list[str]:
        return [what[0] for what in self.heard]

    def output(self, fd: int = 1) -> bytes:
        return b"".join([what[2] for what in self.heard if what[:2] == ("data", fd)])

    async def hears(self, *what: Any) -> None:
        """Wait until it was told what begins so."""
        async with asyncio.timeout(20):
            while all(each[: len(what)] != what for each in self.heard):
                self._news.clear()
                await self._news.wait()


async def start(
    script: str, listener: Listener | None = None, **options: Any
) -> tuple[ProcessTransport, Listener]:
    loop: Any = asyncio.get_running_loop()
    listener = listener or Listener()
    transport, _ = await loop.subprocess_exec(lambda: listener, "sh", "-c", script, **options)
    return transport, listener


def end_unnoticed(transport: ProcessTransport) -> None:
    """Have a child end that reads one line, and leave the loop no turn to learn of it."""
    stdin: Any = transport.get_pipe_transport(0)
    stdin.write(b"\n")
    os.waitid(os.P_PID, transport.get_pid(), os.WEXITED | os.WNOWAIT)


@pytest.fixture(params=["descriptor", "thread"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whichever way the end is learned, all is the same."""
    if request.param == "thread":
        monkeypatch.delattr(os, "pidfd_open")
    return str(request.param)


# What the protocol hears


def test_a_life(io_loop: IOLoop) -> None:
    async def main() -> None:
        transport, listener = await start("read line; echo $line; echo bad >&2; exit 5")
        assert listener.heard == [("made",)]
        assert listener.transport is transport
        assert transport.get_pid() in children()
        assert transport.get_returncode() is None
        assert "running" in repr(transport)
        assert transport.get_extra_info("subprocess").pid == transport.get_pid()
        assert transport.get_protocol() is listener
        stdin = transport.get_pipe_transport(0)
        assert isinstance(stdin, WritePipeTransport)
        assert isinstance(transport.get_pipe_transport(1), ReadPipeTransport)
        assert transport.get_pipe_transport(3) is None
        stdin.write(b"hello\n")
        await listener.hears("lost")
        assert listener.output() == b"hello\n"
        assert listener.output(2) == b"bad\n"
        assert listener.heard[-1] == ("lost", None)
        assert {("pipe lost", fd, None) for fd in range(3)} < set(listener.heard)
        assert listener.names.count("exited") == 1
        assert transport.get_returncode() == 5
        assert "returncode=5" in repr(transport)
        assert await transport._wait() == 5
        assert transport.get_pid() not in children()
        with pytest.raises(ProcessLookupError):
            transport.kill()
        transport.close()
        assert transport.is_closing()
        await turns()
        assert listener.names.count("lost") == 1

    io_loop.run_sync(main)


def test_without_pipes(io_loop: IOLoop) -> None:
    async def main() -> None:
        transport, listener = await start("exit 1", stdin=None, stdout=None, stderr=None)
        await listener.hears("lost")
        assert listener.names == ["made", "exited", "lost"]
        assert transport.get_pipe_transport(0) is None

    io_loop.run_sync(main)


def test_what_was_written_before_the_exit_is_told_before_it(loop: IOLoop) -> None:
    """Whatever the poller names first."""

    async def main() -> None:
        for _ in range(20):
            _, listener = await start("echo out; echo err >&2", stdin=None)
            await listener.hears("lost")
            assert listener.names.index("exited") > max(
                place for place, name in enumerate(listener.names) if name == "data"
            )

    loop.run_sync(main)


def test_connection_lost_comes_after_the_pipes_and_the_exit(io_loop: IOLoop) -> None:
    async def main() -> None:
        # The grandchild goes on with the output after its parent's exit.
        script = "(read line; echo $line) <&3 3<&- & exit 0"
        reading, writing = os.pipe()
        transport, listener = await start(
            "exec 3<&0; " + script, stdin=reading, stderr=subprocess.DEVNULL
        )
        os.close(reading)
        await listener.hears("exited")
        assert await asyncio.wait_for(transport._wait(), 10) == 0
        await turns()
        assert "lost" not in listener.names
        transport.terminate()  # over, but not told: nothing happens
        os.write(writing, b"late\n")
        os.close(writing)
        await listener.hears("lost")
        assert listener.names == ["made", "exited", "data", "pipe lost", "lost"]

    io_loop.run_sync(main)


def test_connection_made_is_first(io_loop: IOLoop) -> None:
    async def main() -> None:
        real = io_loop.connect_read_pipe

        async def slow(factory: Any, file: Any) -> Any:
            connected = await real(factory, file)
            (transport, _) = factory.args
            with contextlib.suppress(ChildProcessError):  # the second time it is reaped
                os.waitid(os.P_PID, transport.get_pid(), os.WEXITED | os.WNOWAIT)
            await turns(10)
            return connected

        io_loop.connect_read_pipe = slow  # type: ignore[method-assign]
        _, listener = await start("echo out")
        await listener.hears("lost")
        assert listener.names[0] == "made"
        assert listener.names[-1] == "lost"
        assert listener.output() == b"out\n"
        assert "exited" in listener.names

    io_loop.run_sync(main)


@pytest.mark.parametrize("name", ["made", "data", "pipe lost", "exited", "lost"])
def test_a_protocol_that_fails_hears_the_rest(io_loop: IOLoop, name: str, expect_log: Any) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    async def main() -> None:
        listener = Listener()
        listener.actions[name] = fail
        transport, _ = await start("echo out", listener, stdin=None, stderr=None)
        assert await transport._wait() == 0
        await listener.hears("lost")
        assert sorted(listener.names) == ["data", "exited", "lost", "made", "pipe lost"]

    with expect_log("asyncio", r"protocol.\w+\(\) failed"):
        io_loop.run_sync(main)


def test_flow_control_of_the_input(io_loop: IOLoop) -> None:
    async def main() -> None:
        transport, listener = await start("cat >/dev/null", stdout=None)
        stdin: Any = transport.get_pipe_transport(0)
        stdin.write(b"x" * 1_000_000)
        assert "pause" in listener.names
        await listener.hears("resume")
        stdin.close()
        await listener.hears("lost")
        assert transport.get_returncode() == 0

    io_loop.run_sync(main)


def test_a_child_that_does_not_read(io_loop: IOLoop) -> None:
    async def main() -> None:
        transport, listener = await start("read go; exec sleep 60 </dev/null")
        stdin: Any = transport.get_pipe_transport(0)
        stdin.write(b"go\n" + b"x" * 1_000_000)
        await listener.hears("pipe lost", 0)
        error = next(what[2] for what in listener.heard if what[:2] == ("pipe lost", 0))
        assert isinstance(error, BrokenPipeError)
        transport.close()
        await listener.hears("lost")

    io_loop.run_sync(main)


def test_the_callbacks_run_in_the_starters_context(io_loop: IOLoop) -> None:
    variable = contextvars.ContextVar("variable", default="nothing")
    seen = {}

    async def main() -> None:
        variable.set("main")
        listener = Listener()
        for name in ("made", "data", "pipe lost", "exited", "lost"):
            listener.actions[name] = lambda name=name: seen.update({name: variable.get()})  # type: ignore[misc]
        await start("echo out", listener, stdin=None)
        await listener.hears("lost")

    io_loop.run_sync(main)
    assert seen == dict.fromkeys(("made", "data", "pipe lost", "exited", "lost"), "main")


def test_the_protocol_can_change(io_loop: IOLoop) -> None:
    async def main() -> None:
        transport, first = await start("read line", stdout=None, stderr=None)
        second = Listener()
        transport.set_protocol(second)
        assert transport.get_protocol() is second
        stdin: Any = transport.get_pipe_transport(0)
        stdin.close()
        await second.hears("lost")
        assert first.names == ["made"]

    io_loop.run_sync(main)


# Signals and waiting


@pytest.mark.parametrize(
    ("method", "signum"), [("terminate", signal.SIGTERM), ("kill", signal.SIGKILL)]
)
def test_signals(io_loop: IOLoop, method: str, signum: int) -> None:
    async def main() -> None:
        transport, listener = await start("exec sleep 60")
        getattr(transport, method)()
        assert await transport._wait() == -signum
        await listener.hears("lost")

    io_loop.run_sync(main)


def test_send_signal(io_loop: IOLoop) -> None:
    async def main() -> None:
        transport, listener = await start("trap 'exit 4' USR1; echo ready; read line; read line")
        await listener.hears("data")
        transport.send_signal(signal.SIGUSR1)
        assert await transport._wait() == 4
        await listener.hears("lost")

    io_loop.run_sync(main)


def test_a_signal_to_a_child_that_has_just_ended(io_loop: IOLoop) -> None:
    async def main() -> None:
        transport, listener = await start("read line; exit 6")
        end_unnoticed(transport)
        transport.terminate()
        assert await transport._wait() == 6
        await listener.hears("lost")

    io_loop.run_sync(main)


def test_many_wait_and_one_gives_up(io_loop: IOLoop) -> None:
    async def main() -> None:
        transport, _ = await start("read line; exit 2", stdout=None, stderr=None)
        waiting = [asyncio.create_task(transport._wait()) for _ in range(5)]
        await turns()
        waiting[0].cancel()
        stdin: Any = transport.get_pipe_transport(0)
        stdin.close()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError)
        assert results[1:] == [2] * 4

    io_loop.run_sync(main)


def test_when_wait_returns_all_is_closed(io_loop: IOLoop) -> None:
    """Where nobody else holds the pipes, so that a loop that stops now leaves nothing open."""

    async def main() -> None:
        transport, listener = await start("echo x")
        await transport._wait()
        assert "lost" in listener.names

    for _ in range(10):
        io_loop.run_sync(main)


def test_reaped_by_somebody_else(io_loop: IOLoop, expect_log: Any) -> None:
    async def main() -> None:
        transport, listener = await start("exec sleep 60", stdin=None, stdout=None, stderr=None)
        os.kill(transport.get_pid(), signal.SIGKILL)
        os.waitpid(transport.get_pid(), 0)
        assert await transport._wait() == 255
        await listener.hears("lost")

    with expect_log("asyncio", "reaped by somebody else"):
        io_loop.run_sync(main)


# The end by us


def test_close_kills_and_reaps(io_loop: IOLoop) -> None:
    async def main() -> None:
        transport, listener = await start("exec sleep 60")
        transport.close()
        transport.close()
        assert transport.is_closing()
        await listener.hears("lost")
        assert transport.get_returncode() == -signal.SIGKILL
        assert transport.get_pid() not in children()
        assert listener.names == ["made", *["pipe lost"] * 3, "exited", "lost"] or (
            sorted(listener.names) == sorted(["made", *["pipe lost"] * 3, "exited", "lost"])
            and listener.names[-1] == "lost"
        )

    io_loop.run_sync(main)


def test_close_does_not_kill_what_has_ended(
    io_loop: IOLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        transport, listener = await start("read line; exit 3")
        end_unnoticed(transport)
        with monkeypatch.context() as patch:
            patch.setattr(subprocess.Popen, "kill", lambda self: pytest.fail("killed"))
            transport.close()
        await listener.hears("lost")
        assert transport.get_returncode() == 3

    io_loop.run_sync(main)


def test_close_bears_a_child_it_may_not_kill(
    io_loop: IOLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object) -> None:
        raise PermissionError

    async def main() -> None:
        transport, listener = await start("read line")
        with monkeypatch.context() as patch:
            patch.setattr(subprocess.Popen, "kill", refuse)
            transport.close()  # which closes its input, so it ends
        await listener.hears("lost")
        assert transport.get_returncode() == 1

    io_loop.run_sync(main)


def test_close_drops_the_input_that_waits(io_loop: IOLoop) -> None:
    async def main() -> None:
        # The grandchild holds the other end of our pipe, and does not read.
        transport, listener = await start("exec 3<&0; sleep 60 & echo $!; wait", stderr=None)
        await listener.hears("data")
        grandchild = int(listener.output())
        try:
            stdin: Any = transport.get_pipe_transport(0)
            stdin.write(b"x" * 1_000_000)
            transport.close()
            await listener.hears("lost")
        finally:
            os.kill(grandchild, signal.SIGKILL)

    io_loop.run_sync(main)


def test_debug_mode_says_that_closing_kills(io_loop: IOLoop, expect_log: Any) -> None:
    async def main() -> None:
        io_loop.set_debug(True)
        transport, listener = await start("exec sleep 60")
        transport.close()
        await listener.hears("lost")

    with expect_log("asyncio", "closing a running child process kills it"):
        io_loop.run_sync(main)


def test_a_protocol_may_close_whenever_it_is_told(io_loop: IOLoop) -> None:
    async def main() -> None:
        for name in ("made", "data", "pipe lost", "exited", "lost"):
            listener = Listener()
            listener.actions[name] = lambda listener=listener: listener.transport.close()  # type: ignore[misc]
            await start("echo out; exec 1>&- 2>&-; read line", listener, stdin=None)
            await listener.hears("lost")
            assert listener.names.count("lost") == 1

    io_loop.run_sync(main)


# The loop goes first


def live_on(transport: ProcessTransport) -> None:
    """Do nothing about it."""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_closed_transport_leaves_no_zombie_if_its_loop_closes(io_loop: IOLoop, when: str) -> None:
    async def main() -> ProcessTransport:
        return (await start("exec sleep 60"))[0]

    transport = io_loop.run_sync(main)
    process = transport.get_extra_info("subprocess")
    if when == "before":
        transport.close()
    io_loop.close()
    transport.close()
    assert process.returncode == -signal.SIGKILL


def test_a_child_outlives_its_loop_until_its_transport_is_dropped(io_loop: IOLoop) -> None:
    async def main() -> ProcessTransport:
        return (await start("exec sleep 60", stdin=None, stdout=None, stderr=None))[0]

    transport: Any = io_loop.run_sync(main)
    pid = transport.get_pid()
    io_loop.close()
    assert pid in children()
    assert transport.get_returncode() is None
    transport = None
    with warnings.catch_warnings(record=True, action="always") as caught:
        gc.collect()
    # Its Popen may have a word to say, too.
    said = [str(each.message) for each in caught]
    assert any(f"unclosed transport <ProcessTransport pid={pid}" in message for message in said)
    # The fixtures see that it is gone.


def test_a_child_that_ends_after_its_loop(io_loop: IOLoop) -> None:
    async def main() -> ProcessTransport:
        return (await start("read line"))[0]

    transport: Any = io_loop.run_sync(main)
    io_loop.close()
    transport.close()
    gc.collect()


# Trouble at the start


def test_no_way_to_watch_it(io_loop: IOLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> None:
        raise RuntimeError("can't start new thread")

    async def main() -> None:
        with pytest.raises(RuntimeError, match="thread"):
            await start("exec sleep 60")

    with monkeypatch.context() as patch:
        patch.setattr(children_module, "DescriptorWatch", refuse)
        patch.setattr(children_module, "ThreadWatch", refuse)
        # transports.process has the function, which looks these up
        patch.setattr(os, "pidfd_open", lambda pid: -1, raising=False)
        io_loop.run_sync(main)


@pytest.mark.parametrize("steps", range(8))
def test_cancelled_while_starting(io_loop: IOLoop, steps: int) -> None:
    async def main() -> None:
        listener = Listener()
        starting = asyncio.create_task(start("exec sleep 60", listener))
        await turns(steps)
        was_done = starting.done()
        starting.cancel()
        if was_done:
            transport, _ = await starting
            transport.close()
            await listener.hears("lost")
        else:
            with pytest.raises(asyncio.CancelledError):
                await starting
            await turns()
            assert listener.names in ([], ["made", *listener.names[1:]])

    io_loop.run_sync(main)


def test_cancelled_twice_while_starting(io_loop: IOLoop) -> None:
    async def main() -> None:
        before = children()
        starting = asyncio.create_task(start("exec sleep 60"))
        await turns(2)
        starting.cancel()
        await turns(1)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        async with asyncio.timeout(10):
            while children() - before:
                await asyncio.sleep(0.001)

    io_loop.run_sync(main)


def test_a_pipe_that_cannot_be_connected(io_loop: IOLoop) -> None:
    async def main() -> None:
        async def fail(*args: Any) -> Any:
            raise OSError(12, "Cannot allocate memory")

        io_loop.connect_read_pipe = fail  # type: ignore[method-assign]
        before = children()
        listener = Listener()
        with pytest.raises(OSError, match="memory"):
            await start("exec sleep 60", listener)
        assert children() == before
        await turns()
        assert listener.names == []

    io_loop.run_sync(main)


def test_cancelled_when_the_child_has_ended_before_its_pipes_are_connected(io_loop: IOLoop) -> None:
    async def main() -> None:
        async def never(*args: Any) -> Any:
            await io_loop.create_future()

        io_loop.connect_read_pipe = never  # type: ignore[method-assign]
        before = children()
        starting = asyncio.create_task(start("exit 0"))
        await turns(2)
        async with asyncio.timeout(10):
            while children() - before:
                await asyncio.sleep(0.001)
        await turns()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(starting, 10)

    io_loop.run_sync(main)


def test_a_start_that_is_dropped(io_loop: IOLoop) -> None:
    async def main() -> None:
        starting = start("exec sleep 60")
        starting.send(None)
        starting.close()
        await turns(10)

    io_loop.run_sync(main)


# Many


def test_two_hundred_at_once(io_loop: IOLoop) -> None:
    async def one(number: int) -> None:
        transport, listener = await start(f"read line; echo $line; exit {number % 7}")
        stdin: Any = transport.get_pipe_transport(0)
        stdin.write(b"%d\n" % number)
        await listener.hears("lost")
        assert listener.output() == b"%d\n" % number
        assert transport.get_returncode() == number % 7

    async def main() -> None:
        await asyncio.gather(*[one(number) for number in range(200)])

    io_loop.run_sync(main)
