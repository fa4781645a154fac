"""Forked workers, each test in an interpreter of its own, and children with streams."""

import asyncio
import contextlib
import contextvars
import gc
import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.running import fixture_of_run
from tornadolike import ioloop, process
from tornadolike.ioloop import IOLoop
from tornadolike.iostream import PipeIOStream, StreamClosedError
from tornadolike.process import CalledProcessError, Subprocess

LIMIT = 20.0

PRELUDE = """
import logging, os, random, signal, sys, time
logging.basicConfig(level=logging.INFO, format="LOG %(levelname)s %(message)s", stream=sys.stdout)
from tornadolike.process import fork_processes, task_id

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())  # in one piece, whoever else writes

def first_time(name):
    try:
        os.close(os.open(sys.argv[1] + "/" + name, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
"""


def program(tmp_path, source):
    """Run a program that forks; return the lines that it and its workers wrote."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRELUDE + textwrap.dedent(source), tmp_path],
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()


def test_cpu_count(monkeypatch, expect_log):
    assert process.cpu_count() == os.cpu_count()
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    with expect_log("tornadolike.general", "Could not detect"):
        assert process.cpu_count() == 1


# fork_processes


def test_each_worker_has_its_number(tmp_path):
    said = program(
        tmp_path,
        """
        assert task_id() is None
        parent = os.getpid()
        number = fork_processes(3)
        assert number == task_id()
        assert os.getppid() == parent
        say("worker", number)
        """,
    )
    assert sorted(line for line in said if "worker" in line) == [
        "worker 0",
        "worker 1",
        "worker 2",
    ]
    assert said.count("LOG INFO Starting 3 processes") == 1
    assert sum("exited normally" in line for line in said) == 3


def test_workers_have_memory_in_common(tmp_path):
    said = program(
        tmp_path,
        """
        import time

        from tornadolike.process import shared_memory
        assert shared_memory() is None
        number = fork_processes(2)
        memory = shared_memory()
        if number == 1:
            memory[8] = 1
        while not memory[number == 0 and 8]:  # each waits for the other
            time.sleep(0.001)
        memory[0] = 1
        while number == 0 and memory[8]:  # the other one has ended, for good
            time.sleep(0.001)
        say("seen by", number)
        """,
    )
    assert [line for line in said if line.startswith("seen")] == ["seen by 1", "seen by 0"]


@pytest.mark.parametrize("number", [None, 0, -1])
def test_one_for_each_processor(tmp_path, number):
    said = program(
        tmp_path,
        f"""
        os.cpu_count = lambda: 2
        say("worker", fork_processes({number}))
        """,
    )
    assert sorted(line for line in said if line.startswith("worker")) == ["worker 0", "worker 1"]


def test_the_parent_exits_when_all_have(tmp_path):
    said = program(
        tmp_path,
        """
        try:
            fork_processes(2)
        except SystemExit as end:
            assert end.code == 0
            assert task_id() is None
            say("the parent has no more children")
            try:
                os.wait()
            except ChildProcessError:
                raise end
        time.sleep(0.05)
        """,
    )
    assert said[-1] == "the parent has no more children"


def test_a_worker_that_fails_is_restarted(tmp_path):
    said = program(
        tmp_path,
        """
        number = fork_processes(2)
        if number == 1 and first_time("status"):
            sys.exit(3)
        if number == 1 and first_time("exception"):
            sys.stderr.close()
            raise ValueError
        if number == 1 and first_time("signal"):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
        say("worker", number, "is well")
        """,
    )
    assert sorted(line for line in said if line.startswith("worker")) == [
        "worker 0 is well",
        "worker 1 is well",
    ]
    warnings = [line for line in said if "WARNING" in line]
    assert [line.partition(") ")[2] for line in warnings] == [
        "exited with status 3, restarting",
        "exited with status 1, restarting",
        "killed by signal 15, restarting",
    ]
    assert all("child 1 (pid " in line for line in warnings)


@pytest.mark.parametrize("allowed", [0, 2])
def test_giving_up(tmp_path, allowed):
    said = program(
        tmp_path,
        f"""
        try:
            fork_processes(1, max_restarts={allowed})
        except RuntimeError as error:
            say("parent:", error)
        else:
            say("worker")
            os._exit(1)
        """,
    )
    assert said.count("worker") == 1 + allowed
    assert said[-1] == "parent: Too many child restarts, giving up"


def test_giving_up_by_default(tmp_path):
    said = program(
        tmp_path,
        """
        try:
            fork_processes(1)
        except RuntimeError as error:
            say("parent:", error)
        else:
            say("worker")
            os._exit(1)
        """,
    )
    assert said.count("worker") == 1 + 100


def test_other_children_do_not_count(tmp_path):
    said = program(
        tmp_path,
        """
        if os.fork() == 0:
            os._exit(7)
        say("worker", fork_processes(1))
        """,
    )
    assert "worker 0" in said
    assert not any("WARNING" in line for line in said)


def test_random_numbers_differ(tmp_path):
    said = program(
        tmp_path,
        """
        random.seed(1)
        fork_processes(3)
        say("random", random.random())
        """,
    )
    assert len({line for line in said if line.startswith("random")}) == 3


def test_what_waits_in_a_file_buffer_is_written_once(tmp_path):
    said = program(
        tmp_path,
        """
        logging.disable()  # it flushes
        print("hello")
        fork_processes(2)
        """,
    )
    assert said.count("hello") == 1


def test_closed_standard_streams(tmp_path):
    program(
        tmp_path,
        """
        sys.stdout = None
        sys.stderr.close()
        logging.disable()
        fork_processes(1)
        """,
    )


def test_workers_have_loops_of_their_own_and_share_a_socket(tmp_path):
    said = program(
        tmp_path,
        """
        import asyncio, socket
        import tornadolike
        from tornadolike.iostream import PipeIOStream

        reading, writing = os.pipe()
        number = fork_processes(2)

        async def main():
            if number:
                stream = PipeIOStream(reading)
                say("got", (await stream.read_bytes(5)).decode())
            else:
                stream = PipeIOStream(writing)
                await asyncio.sleep(0.01)
                await stream.write(b"hello")
            stream.close()

        tornadolike.run(main())
        """,
    )
    assert "got hello" in said


@pytest.mark.parametrize(
    "make",
    [
        "from tornadolike.ioloop import IOLoop; loop = IOLoop()",
        "from tornadolike.ioloop import IOLoop; loop = IOLoop.current()",
        "import asyncio; loop = asyncio.new_event_loop(); asyncio.set_event_loop(loop)",
    ],
    ids=["made", "current", "foreign"],
)
def test_not_once_there_is_a_loop(tmp_path, make):
    said = program(
        tmp_path,
        f"""
        {make}
        try:
            fork_processes(2)
        except RuntimeError as error:
            say(error)
        loop.close()
        """,
    )
    assert len(said) == 1
    assert "once there is an event loop" in said[0]


@pytest.mark.parametrize("run", ["asyncio.run", "tornadolike.run"])
def test_not_while_a_loop_is_running(tmp_path, run):
    said = program(
        tmp_path,
        f"""
        import asyncio, tornadolike

        async def main():
            try:
                fork_processes(2)
            except RuntimeError as error:
                say(error)

        {run}(main())
        """,
    )
    assert len(said) == 1
    assert "once there is an event loop" in said[0]


@pytest.mark.parametrize(
    "use",
    [
        "asyncio.run(asyncio.sleep(0))",
        "tornadolike.run(asyncio.sleep(0))",
        "loop = tornadolike.ioloop.IOLoop(); loop.close()",
        "loop = asyncio.new_event_loop(); asyncio.set_event_loop(loop); loop.close()",
    ],
)
def test_but_after_it_was_closed(tmp_path, use):
    said = program(
        tmp_path,
        f"""
        import asyncio, tornadolike
        {use}
        say("worker", fork_processes(1))
        """,
    )
    assert "worker 0" in said


def test_not_in_a_worker(tmp_path):
    said = program(
        tmp_path,
        """
        fork_processes(1)
        try:
            fork_processes(1)
        except RuntimeError as error:
            say(error)
        """,
    )
    assert any("this is worker 0" in line for line in said)


def test_not_without_fork(monkeypatch):
    monkeypatch.delattr(os, "fork")
    with pytest.raises(RuntimeError, match="needs a system with fork"):
        process.fork_processes(2)


# Subprocess


run = fixture_of_run(LIMIT)


def python(source, **options):
    return Subprocess([sys.executable, "-c", textwrap.dedent(source)], **options)


STREAM = Subprocess.STREAM
ECHO = "import sys; sys.stdout.write(sys.stdin.read().upper()); sys.stderr.write('done')"


def test_streams(run):
    async def main():
        child = python(ECHO, stdin=STREAM, stdout=STREAM, stderr=STREAM)
        assert child.io_loop is IOLoop.current()
        assert child.pid == child.proc.pid
        assert child.returncode is None
        for stream in (child.stdin, child.stdout, child.stderr):
            assert isinstance(stream, PipeIOStream)
        await child.stdin.write(b"hello")
        child.stdin.close()
        assert await child.stdout.read_until_close() == b"HELLO"
        assert await child.stderr.read_until_close() == b"done"
        assert await child.wait_for_exit() == 0
        assert child.returncode == 0
        child.stdout.close()
        child.stderr.close()

    run(main)


def test_a_conversation(run):
    async def main():
        child = Subprocess(
            [sys.executable, "-u", "-i", "-I"],
            stdin=STREAM,
            stdout=STREAM,
            stderr=subprocess.STDOUT,
        )
        await child.stdout.read_until(b">>> ")
        child.stdin.write(b"print('hello')\n")
        assert await child.stdout.read_until(b"\n") == b"hello\n"
        await child.stdout.read_until(b">>> ")
        child.stdin.write(b"raise SystemExit\n")
        assert await child.stdout.read_until_close() == b""
        child.stdin.close()
        child.stdout.close()
        await child.wait_for_exit()

    run(main)


def test_a_child_that_does_not_read_any_more(run):
    async def main():
        child = python("import os; os.close(0)", stdin=STREAM)
        with pytest.raises(StreamClosedError):
            await child.stdin.write(b"x" * 1_000_000)
        await child.wait_for_exit()

    run(main)


def test_what_popen_takes(run, tmp_path):
    async def main():
        with (tmp_path / "out").open("w+b") as file:
            child = Subprocess(
                "echo $WORD; pwd",
                shell=True,
                cwd=tmp_path,
                env={**os.environ, "WORD": "word"},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.PIPE,
            )
            assert child.stdin is None
            assert child.stdout is None
            assert child.stderr is child.proc.stderr
            await child.wait_for_exit()
            child.stderr.close()
            file.seek(0)
            assert file.read().decode().split() == ["word", str(tmp_path)]

    run(main)


@pytest.mark.parametrize("status", [0, 3])
def test_the_exit_callback(run, status):
    async def main():
        told = asyncio.get_running_loop().create_future()
        child = python(f"raise SystemExit({status})")
        child.set_exit_callback(told.set_result)
        assert await told == status
        assert child.returncode == child.proc.returncode == status

    run(main)


def test_it_is_called_too_if_the_child_has_ended_long_ago(run):
    async def main():
        told = asyncio.get_running_loop().create_future()
        child = python("")
        child.proc.wait()
        child.set_exit_callback(told.set_result)
        assert await told == 0
        again = asyncio.get_running_loop().create_future()
        child.set_exit_callback(again.set_result)
        assert not again.done()
        assert await again == 0
        assert await child.wait_for_exit() == 0

    run(main)


def test_a_number_that_was_given_back_is_not_watched(run, monkeypatch):
    async def main():
        child = python("raise SystemExit(3)")
        child.proc.wait()
        monkeypatch.delattr(process, "watch_child")
        assert await child.wait_for_exit(raise_error=False) == 3

    run(main)


def test_there_is_one_callback_and_as_many_futures_as_one_likes(run):
    async def main():
        told = []
        child = python("input()", stdin=STREAM)
        child.set_exit_callback(lambda code: told.append(("first", code)))
        first, second, cancelled = (child.wait_for_exit(raise_error=False) for _ in range(3))
        child.set_exit_callback(lambda code: told.append(("second", code)))
        cancelled.cancel()
        child.stdin.close()
        assert [await first, await second] == [1, 1]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert told == [("second", 1)]

    with contextlib.redirect_stderr(None):
        run(main)


def test_its_context_is_the_one_in_which_it_was_set(run):
    variable = contextvars.ContextVar("variable", default="")

    async def main():
        told = asyncio.get_running_loop().create_future()
        child = python("")
        variable.set("set here")
        child.set_exit_callback(lambda code: told.set_result(variable.get()))
        variable.set("")
        assert await told == "set here"

    run(main)


def test_it_may_be_a_coroutine_function_and_may_fail(run, expect_log):
    async def main():
        async def fail(code):
            failed.set()
            raise ValueError("boom")

        failed = asyncio.Event()
        child = python("")
        child.set_exit_callback(fail)
        with expect_log("tornadolike.application", "Exception in callback"):
            await failed.wait()
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    run(main)


def test_a_signal(run):
    async def main():
        child = python("input()", stdin=STREAM)
        os.kill(child.pid, signal.SIGTERM)
        assert await child.wait_for_exit(raise_error=False) == -signal.SIGTERM
        child.stdin.close()

    run(main)


def test_a_failure_is_raised(run):
    async def main():
        child = python("raise SystemExit(3)")
        with pytest.raises(CalledProcessError) as caught:
            await child.wait_for_exit()
        assert caught.value.returncode == 3
        assert caught.value.cmd == child.proc.args
        assert CalledProcessError is subprocess.CalledProcessError

    run(main)


def test_a_future_that_was_given_up(run):
    async def main():
        child = python("input()", stdin=STREAM)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(child.wait_for_exit(), 0.01)
        child.stdin.write(b"\n")
        assert await child.wait_for_exit() == 0
        child.stdin.close()

    run(main)


def test_many_at_once(run):
    async def main():
        children = [python(f"raise SystemExit({number})") for number in range(5)]
        codes = await asyncio.gather(*(child.wait_for_exit(False) for child in children))
        assert codes == [0, 1, 2, 3, 4]

    run(main)


def test_no_signal_is_needed(run):
    async def main():
        before = signal.getsignal(signal.SIGCHLD)
        Subprocess.initialize()
        Subprocess.initialize()
        child = python("")
        assert await child.wait_for_exit() == 0
        assert signal.getsignal(signal.SIGCHLD) == before
        Subprocess.uninitialize()
        Subprocess.uninitialize()

    run(main)


def test_outside_a_running_loop(io_loop):
    child = python("")
    child.set_exit_callback(lambda code: io_loop.stop())
    io_loop.call_later(LIMIT, io_loop.stop)
    io_loop.start()
    assert child.returncode == 0


def test_in_another_thread(thread_runner):
    async def main():
        return await python("").wait_for_exit()

    assert thread_runner(main) == 0


@pytest.fixture
def thread_runner():
    """Runs a coroutine function on a loop in a thread of its own."""
    with ThreadPoolExecutor(1) as executor:
        yield lambda main: executor.submit(lambda: ioloop.run(main())).result(LIMIT)


# Nothing is left open: the fixture that looks for leaks looks after each of these.


def test_a_program_that_is_not_there(run):
    async def main():
        with pytest.raises(FileNotFoundError):
            Subprocess(["/no/such/program"], stdin=STREAM, stdout=STREAM, stderr=STREAM)

    run(main)


def test_options_that_popen_refuses(run):
    async def main():
        with pytest.raises(TypeError):
            python("", stdin=STREAM, stdout=STREAM, no_such_option=1)

    run(main)


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_no_descriptors_left(run, monkeypatch, failing):
    calls = []
    real = os.pipe

    def pipe():
        calls.append(1)
        if len(calls) == failing:
            raise OSError("Too many open files")
        return real()

    async def main():
        with monkeypatch.context() as patch:
            patch.setattr(os, "pipe", pipe)
            with pytest.raises(OSError, match="Too many"):
                python("", stdin=STREAM, stdout=STREAM, stderr=STREAM)
        gc.collect()

    run(main)


def test_a_stream_that_cannot_be_made(run, monkeypatch):
    async def main():
        def fail(fd):
            raise OSError("no stream")

        with monkeypatch.context() as patch:
            patch.setattr(process, "PipeIOStream", fail)
            with pytest.raises(OSError, match="no stream"):
                python("", stdout=STREAM)

    run(main)
