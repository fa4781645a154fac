"""subprocess_exec, subprocess_shell, and what :mod:`asyncio.subprocess` makes of them."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.ioloop.processes import children
from tornadolike.ioloop import IOLoop

PIPE, DEVNULL, STDOUT = subprocess.PIPE, subprocess.DEVNULL, subprocess.STDOUT
ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["descriptor", "thread"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "thread":
        monkeypatch.delattr(os, "pidfd_open")
    return str(request.param)


# Arguments


@pytest.mark.parametrize(
    "option",
    [
        {"universal_newlines": True},
        {"text": True},
        {"encoding": "utf-8"},
        {"errors": "strict"},
        {"bufsize": 4096},
    ],
    ids=str,
)
def test_what_would_make_text_of_it_is_refused(io_loop: IOLoop, option: dict[str, Any]) -> None:
    name = next(iter(option))

    async def main() -> None:
        with pytest.raises(ValueError, match=f"{name} must be"):
            await io_loop.subprocess_exec(asyncio.SubprocessProtocol, "true", **option)
        with pytest.raises(ValueError, match=f"{name} must be"):
            await io_loop.subprocess_shell(asyncio.SubprocessProtocol, "true", **option)

    io_loop.run_sync(main)


def test_shell_or_not_is_the_method(io_loop: IOLoop) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="shell must be False; subprocess_shell"):
            await io_loop.subprocess_exec(asyncio.SubprocessProtocol, "true", shell=True)
        with pytest.raises(ValueError, match="shell must be True; subprocess_exec"):
            await io_loop.subprocess_shell(asyncio.SubprocessProtocol, "true", shell=False)
        with pytest.raises(ValueError, match="cmd must be a string"):
            await io_loop.subprocess_shell(asyncio.SubprocessProtocol, ["true"])  # type: ignore[arg-type]

    io_loop.run_sync(main)


def test_what_popen_refuses_leaves_nothing(io_loop: IOLoop) -> None:
    async def main() -> None:
        with pytest.raises(FileNotFoundError):
            await asyncio.create_subprocess_exec("/no/such/program", stdin=PIPE, stdout=PIPE)
        with pytest.raises(PermissionError):
            await asyncio.create_subprocess_exec("/", stdin=PIPE)
        with pytest.raises(TypeError):
            await asyncio.create_subprocess_exec("true", 1)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            await asyncio.create_subprocess_exec("true", no_such_option=1)

    io_loop.run_sync(main)


def test_programs_by_path_and_bytes(io_loop: IOLoop) -> None:
    async def main() -> None:
        for program in (Path(sys.executable), os.fsencode(sys.executable)):
            process = await asyncio.create_subprocess_exec(program, "-c", b"raise SystemExit(3)")
            assert await process.wait() == 3
        process = await asyncio.create_subprocess_shell(b"exit 4")
        assert await process.wait() == 4

    io_loop.run_sync(main)


# Streams


async def output(*command: Any, **options: Any) -> bytes:
    options = {"stdout": PIPE, **options}
    process = await asyncio.create_subprocess_exec(*command, **options)
    received, _ = await process.communicate()
    return received


def test_communicate(io_loop: IOLoop) -> None:
    async def main() -> None:
        process = await asyncio.create_subprocess_shell(
            "cat; echo error >&2; exit 9", stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        assert await process.communicate(b"input") == (b"input", b"error\n")
        assert process.returncode == 9
        assert await process.wait() == 9

    io_loop.run_sync(main)


def test_much_in_and_much_out(io_loop: IOLoop) -> None:
    async def main() -> None:
        process = await asyncio.create_subprocess_shell(
            "tee /dev/stderr", stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        data = os.urandom(1 << 20) * 4
        assert await process.communicate(data) == (data, data)

    io_loop.run_sync(main)


def test_broken_pipes_do_not_disturb_communicate(io_loop: IOLoop) -> None:
    async def main() -> None:
        for _ in range(5):
            process = await asyncio.create_subprocess_exec("true", stdin=PIPE)
            await process.communicate(b"x" * 1_000_000)
            assert process.returncode == 0

    io_loop.run_sync(main)


def test_drain_tells_that_the_child_has_gone(io_loop: IOLoop) -> None:
    async def main() -> None:
        process = await asyncio.create_subprocess_shell("read line", stdin=PIPE)
        assert process.stdin is not None
        process.stdin.write(b"line\n" + b"x" * 1_000_000)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            await process.stdin.drain()
        await process.wait()

    io_loop.run_sync(main)


def test_lines_as_they_come(io_loop: IOLoop) -> None:
    async def main() -> None:
        process = await asyncio.create_subprocess_exec("cat", stdin=PIPE, stdout=PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(20):
            process.stdin.write(b"%d\n" % number)
            assert await process.stdout.readline() == b"%d\n" % number
        process.stdin.close()
        await process.stdin.wait_closed()
        assert await process.stdout.read() == b""
        assert await process.wait() == 0

    io_loop.run_sync(main)


def test_a_slow_reader_holds_the_child_back(io_loop: IOLoop) -> None:
    async def main() -> None:
        process = await asyncio.create_subprocess_exec(
            "head", "-c", "3000000", "/dev/zero", stdout=PIPE, limit=1000
        )
        assert process.stdout is not None
        received = 0
        while data := await process.stdout.read(50_000):
            received += len(data)
            await asyncio.sleep(0)
        assert received == 3_000_000
        assert await process.wait() == 0

    io_loop.run_sync(main)


def test_where_the_streams_may_go(io_loop: IOLoop) -> None:
    async def main() -> None:
        script = "cat; echo error >&2"
        command = ("sh", "-c", script)
        assert await output(*command, stdin=DEVNULL, stderr=DEVNULL) == b""
        assert await output(*command, stdin=DEVNULL, stderr=STDOUT) == b"error\n"
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
            source.write(b"from a file\n")
            source.seek(0)
            process = await asyncio.create_subprocess_exec(
                *command, stdin=source, stdout=target.fileno(), stderr=target
            )
            assert (process.stdin, process.stdout, process.stderr) == (None, None, None)
            assert await process.wait() == 0
            target.seek(0)
            assert target.read() == b"from a file\nerror\n"

    io_loop.run_sync(main)


def test_the_input_is_a_pipe_to_the_child(io_loop: IOLoop) -> None:
    async def main() -> None:
        process = await asyncio.create_subprocess_exec("cat", "/dev/stdin", stdin=PIPE, stdout=PIPE)
        assert (await process.communicate(b"opened again"))[0] == b"opened again"

    io_loop.run_sync(main)


def test_pipes_are_not_inherited_by_other_children(io_loop: IOLoop) -> None:
    async def main() -> None:
        first = await asyncio.create_subprocess_exec("cat", stdin=PIPE, stdout=PIPE)
        second = await asyncio.create_subprocess_exec(
            "cat", stdin=PIPE, stdout=PIPE, close_fds=False
        )
        assert (await first.communicate(b"x"))[0] == b"x"  # its input ends
        assert (await second.communicate(b"y"))[0] == b"y"

    io_loop.run_sync(main)


def test_options_reach_the_child(io_loop: IOLoop, tmp_path: Path) -> None:
    async def main() -> None:
        async def shell(script: str, **options: Any) -> str:
            return (await output("sh", "-c", script, **options)).decode().strip()

        assert await shell("pwd", cwd=tmp_path) == str(tmp_path)
        assert await shell("echo $ONE", env={"ONE": "1"}) == "1"
        assert await shell("umask", umask=0o027) == "0027"
        reading, writing = os.pipe()
        os.write(writing, b"passed\n")
        os.close(writing)
        assert await shell(f"cat /dev/fd/{reading}", pass_fds=(reading,)) == "passed"
        os.close(reading)
        code = "import os; print(os.getpid() == os.getsid(0), os.getpid() == os.getpgid(0))"
        python = (sys.executable, "-c", code)
        assert await output(*python, start_new_session=True) == b"True True\n"
        assert await output(*python, process_group=0) == b"False True\n"
        assert await output(*python) == b"False False\n"
        assert await shell("umask", preexec_fn=lambda: os.umask(0o077)) == "0077"
        if os.getuid() == 0:
            options: dict[str, Any] = {"user": 1, "group": 2, "extra_groups": [3]}
            assert await shell("id -u; id -g; id -G", **options) == "1\n2\n2 3"

    io_loop.run_sync(main)


# Waiting


def test_wait_does_not_wait_for_a_grandchild(io_loop: IOLoop) -> None:
    async def main() -> None:
        process = await asyncio.create_subprocess_shell(
            "sleep 60 & echo $!", stdin=DEVNULL, stdout=PIPE
        )
        assert process.stdout is not None
        grandchild = int(await process.stdout.readline())
        try:
            assert await asyncio.wait_for(process.wait(), 10) == 0
        finally:
            os.kill(grandchild, signal.SIGKILL)
        assert await process.stdout.read() == b""

    io_loop.run_sync(main)


def test_a_time_out_for_waiting(io_loop: IOLoop) -> None:
    async def main() -> None:
        process = await asyncio.create_subprocess_exec("sleep", "60")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await process.wait()
        assert process.returncode is None
        process.terminate()
        assert await process.wait() == -signal.SIGTERM
        with pytest.raises(ProcessLookupError):
            process.terminate()

    io_loop.run_sync(main)


def test_a_loop_that_stops_after_wait_leaves_nothing() -> None:
    async def main() -> None:
        process = await asyncio.create_subprocess_exec("echo", "x", stdin=PIPE, stdout=PIPE)
        await process.wait()

    for _ in range(5):
        with asyncio.Runner(loop_factory=IOLoop) as runner:
            runner.run(main())


def test_loops_in_threads() -> None:
    """No policy, no child watcher, and not only in the main thread."""
    results = []

    def run(number: int) -> None:
        async def main() -> None:
            process = await asyncio.create_subprocess_exec("cat", stdin=PIPE, stdout=PIPE)
            received, _ = await process.communicate(b"%d" % number)
            results.append((int(received), process.returncode))

        with asyncio.Runner(loop_factory=IOLoop) as runner:
            for _ in range(3):
                runner.run(main())

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(results) == [(number, 0) for number in range(4) for _ in range(3)]


def test_the_loop_turns_meanwhile(io_loop: IOLoop) -> None:
    async def main() -> None:
        process = await asyncio.create_subprocess_exec("cat", stdin=PIPE)
        assert process.stdin is not None
        waiting = asyncio.create_task(process.wait())
        for _ in range(100):
            await asyncio.sleep(0)
        assert not waiting.done()
        process.stdin.close()
        assert await waiting == 0

    io_loop.run_sync(main)


# Signals


def test_the_users_own_sigchld(io_loop: IOLoop) -> None:
    async def main() -> None:
        heard = asyncio.Event()
        io_loop.add_signal_handler(signal.SIGCHLD, heard.set)
        try:
            for _ in range(5):
                heard.clear()
                assert await output("echo", "x") == b"x\n"
                async with asyncio.timeout(10):
                    await heard.wait()
        finally:
            io_loop.remove_signal_handler(signal.SIGCHLD)

    io_loop.run_sync(main)


INTERRUPTED = """
import asyncio, os, sys
from tornadolike.ioloop import IOLoop

if sys.argv[1] == "thread":
    del os.pidfd_open

async def main():
    # In a session of its own it is not the terminal's Ctrl-C that ends it.
    process = await asyncio.create_subprocess_exec(
        "sleep", "60", stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    print(process.pid, flush=True)
    try:
        await process.communicate()
    except asyncio.CancelledError:
        print("cancelled", flush=True)
        process.terminate()
        print(await process.wait(), flush=True)
        raise

try:
    with asyncio.Runner(loop_factory=IOLoop) as runner:
        runner.run(main())
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_ctrl_c_while_a_child_runs(way: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", INTERRUPTED, way],
        cwd=ROOT,
        stdout=PIPE,
        stderr=PIPE,
    ) as program:
        assert program.stdout is not None
        child = int(program.stdout.readline())
        program.send_signal(signal.SIGINT)
        said, errors = program.communicate(timeout=20)
    assert said.split() == [b"cancelled", b"%d" % -signal.SIGTERM, b"interrupted"]
    assert errors == b""
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


FORGETFUL = INTERRUPTED.replace("process.terminate()", "raise")


def test_ctrl_c_by_one_who_forgets_his_child(way: str) -> None:
    """The transport is dropped, which kills and reaps the child (and says so)."""
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-c", FORGETFUL, way], cwd=ROOT, stdout=PIPE, stderr=PIPE
    ) as program:
        assert program.stdout is not None
        child = int(program.stdout.readline())
        program.send_signal(signal.SIGINT)
        said, errors = program.communicate(timeout=20)
    assert said.split() == [b"cancelled", b"interrupted"]
    assert f"unclosed transport <ProcessTransport pid={child} running".encode() in errors
    assert b"Traceback" not in errors
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


# Many


def test_many_at_once(io_loop: IOLoop) -> None:
    async def main() -> None:
        before = children()
        outputs = await asyncio.gather(*[output("echo", str(number)) for number in range(200)])
        assert outputs == [b"%d\n" % number for number in range(200)]
        assert children() == before

    io_loop.run_sync(main)
