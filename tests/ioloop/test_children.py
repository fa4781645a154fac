"""How the end of a child is learned: by its descriptor, by a thread."""

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.ioloop.processes import children
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.children import (
    ChildWatch,
    DescriptorWatch,
    ThreadWatch,
    reap,
    reap_killed,
    watch_child,
)

SLEEP = ("sleep", "60")


def no_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")


def no_waitid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    monkeypatch.delattr(os, "waitid")


WAYS: dict[str, Any] = {
    "descriptor": lambda monkeypatch: None,
    "thread": no_descriptors,
    "thread without waitid": no_waitid,
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    WAYS[request.param](monkeypatch)
    return str(request.param)


# A thread that waits by reaping is there before anybody else.
polite = pytest.mark.parametrize("way", ["descriptor", "thread"], indirect=True)

wait_without_reaping = os.waitid


@contextlib.contextmanager
def child(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def watched(loop: IOLoop, process: subprocess.Popen[bytes]) -> tuple[ChildWatch, Any]:
    ended = loop.create_future()
    return watch_child(loop, process, ended.set_result), asyncio.wait_for(ended, 10)


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", -signal.SIGTERM)]
)
def test_the_end_is_told_with_the_code(loop: IOLoop, way: str, script: str, code: int) -> None:
    async def main() -> None:
        with child("sh", "-c", script) as process:
            watch, ended = watched(loop, process)
            assert isinstance(watch, DescriptorWatch if way == "descriptor" else ThreadWatch)
            assert await ended == code
            assert process.returncode == code
            assert process.pid not in children()

    loop.run_sync(main)


def test_a_child_that_has_ended_before(io_loop: IOLoop, way: str) -> None:
    async def main() -> None:
        with child("true") as process:
            wait_without_reaping(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            assert await watched(io_loop, process)[1] == 0

    io_loop.run_sync(main)


def test_a_thread_is_about_to_say_how_it_ended() -> None:
    """As a thread inside ``process.wait()``, between the system's answer and the attribute."""
    codes = []
    with child("sh", "-c", "exit 9") as process:
        waiting = threading.Thread(target=lambda: codes.append(reap(process)))
        with process._waitpid_lock:  # type: ignore[attr-defined]
            os.waitpid(process.pid, 0)
            waiting.start()
            waiting.join(0.01)
            process.returncode = 9
        waiting.join(10)
    assert codes == [9]


def test_one_after_the_other(io_loop: IOLoop) -> None:
    async def main() -> None:
        for _ in range(3):
            with child("true") as process:
                watch, ended = watched(io_loop, process)
                assert isinstance(watch, DescriptorWatch)
                assert await ended == 0

    io_loop.run_sync(main)


@polite
def test_somebody_else_has_reaped_it(io_loop: IOLoop, way: str, expect_log: Any) -> None:
    async def main() -> None:
        with child(*SLEEP) as process:
            _, ended = watched(io_loop, process)
            process.kill()
            os.waitpid(process.pid, 0)
            assert await ended == 255
            assert process.returncode == 255

    with expect_log("asyncio", "reaped by somebody else"):
        io_loop.run_sync(main)


def test_reaped_before_it_is_watched(io_loop: IOLoop, way: str, expect_log: Any) -> None:
    async def main() -> None:
        with child("true") as process:
            os.waitpid(process.pid, 0)
            assert await watched(io_loop, process)[1] == 255

    with expect_log("asyncio", "reaped by somebody else"):
        io_loop.run_sync(main)


@polite
def test_what_popen_knows_is_believed(io_loop: IOLoop, way: str) -> None:
    async def main() -> None:
        with child("sh", "-c", "exit 9") as process:
            _, ended = watched(io_loop, process)
            await io_loop.run_in_executor(None, process.wait)
            assert await ended == 9
        await io_loop.shutdown_default_executor()

    io_loop.run_sync(main)


def test_cancelled(io_loop: IOLoop, way: str) -> None:
    told: list[int] = []

    async def main() -> None:
        with child(*SLEEP) as process:
            watch = watch_child(io_loop, process, told.append)
            watch.cancel()
            watch.cancel()
            process.kill()
            process.wait()
        await asyncio.sleep(0.01)

    io_loop.run_sync(main)
    assert told == []


def test_the_loop_closes_first(io_loop: IOLoop, way: str) -> None:
    told: list[int] = []
    with child(*SLEEP) as process:

        async def main() -> None:
            watch_child(io_loop, process, told.append)

        io_loop.run_sync(main)
        io_loop.close()
        process.kill()
    assert told == []


@pytest.mark.parametrize("error", [OSError(24, "Too many open files"), PermissionError(1, "no")])
def test_no_descriptor_to_be_had(
    io_loop: IOLoop, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def refuse(pid: int) -> int:
        raise error

    async def main() -> None:
        with child("sh", "-c", "exit 3") as process:
            watch, ended = watched(io_loop, process)
            assert isinstance(watch, ThreadWatch)
            assert await ended == 3

    monkeypatch.setattr(os, "pidfd_open", refuse)
    io_loop.run_sync(main)


def test_really_no_descriptor_left(io_loop: IOLoop) -> None:
    async def main() -> None:
        with child("sh", "-c", "exit 3") as process:
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            probe = os.dup(0)
            os.close(probe)
            resource.setrlimit(resource.RLIMIT_NOFILE, (probe, hard))
            try:
                watch, ended = watched(io_loop, process)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert isinstance(watch, ThreadWatch)
            assert await ended == 3

    io_loop.run_sync(main)


def test_a_descriptor_that_cannot_be_watched_is_closed(
    io_loop: IOLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> None:
        raise OSError(28, "No space left on device")  # epoll's limit

    async def main() -> None:
        with child("true") as process:
            before = os.listdir("/proc/self/fd")
            with monkeypatch.context() as patch:
                patch.setattr(io_loop, "watch", refuse)
                _, ended = watched(io_loop, process)
            assert os.listdir("/proc/self/fd") == before
            assert await ended == 0

    io_loop.run_sync(main)


def test_no_thread_either(io_loop: IOLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    no_descriptors(monkeypatch)
    with child(*SLEEP) as process:
        monkeypatch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="thread"):
            watch_child(io_loop, process, lambda code: None)


def test_loops_in_threads(way: str) -> None:
    codes: list[int] = []

    async def main(code: int) -> None:
        loop: Any = asyncio.get_running_loop()
        with child("sh", "-c", f"exit {code}") as process:
            codes.append(await watched(loop, process)[1])

    def run(code: int) -> None:
        with asyncio.Runner(loop_factory=IOLoop) as runner:
            runner.run(main(code))

    threads = [threading.Thread(target=run, args=(code,)) for code in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(codes) == [1, 2, 3, 4]


def test_a_handler_of_sigchld_is_left_alone(io_loop: IOLoop, way: str) -> None:
    heard = []

    async def main() -> None:
        heard_one = asyncio.Event()
        io_loop.add_signal_handler(signal.SIGCHLD, lambda: (heard.append(1), heard_one.set()))
        with child("true") as process:
            assert await watched(io_loop, process)[1] == 0
        async with asyncio.timeout(10):
            await heard_one.wait()
        io_loop.remove_signal_handler(signal.SIGCHLD)

    before = signal.getsignal(signal.SIGCHLD)
    io_loop.run_sync(main)
    assert heard
    assert signal.getsignal(signal.SIGCHLD) == before


def test_ignored_sigchld(io_loop: IOLoop, way: str, expect_log: Any) -> None:
    """The kernel reaps by itself then."""

    async def main() -> None:
        with child("true") as process:
            assert await watched(io_loop, process)[1] == 255

    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with expect_log("asyncio", "reaped by somebody else"):
            io_loop.run_sync(main)
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_a_killed_child_is_reaped_without_a_loop() -> None:
    with child(*SLEEP) as process:
        process.kill()
        reap_killed(process)
        assert process.returncode == -signal.SIGKILL


def test_a_child_that_does_not_go_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tornadolike.ioloop.children.KILLED_PATIENCE", 0.001)
    with child(*SLEEP) as process:
        reap_killed(process)
        assert process.returncode is None
