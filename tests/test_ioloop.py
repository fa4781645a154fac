"""The reactor's package face, and how a program is run on it."""

import asyncio
import contextvars
import subprocess
import sys
import threading

import pytest

import tornadolike
from tornadolike import ioloop
from tornadolike.ioloop import IOLoop


async def answer():
    await asyncio.sleep(0)
    return 42


def test_the_face_has_what_its_users_import():
    tornados = {"Configurable", "IOLoop", "PeriodicCallback", "TimeoutError", "import_object"}
    ours = {"ConnectionMoment", "Deadlines", "GuestLoop", "LoopStats", "log_connections", "run"}
    assert set(ioloop.__all__) == tornados | ours
    assert all(hasattr(ioloop, name) for name in ioloop.__all__)
    assert ioloop.TimeoutError is asyncio.TimeoutError
    assert tornadolike.run is ioloop.run


def test_run_gives_the_result():
    assert tornadolike.run(answer()) == 42


def test_run_raises_what_is_raised():
    async def fail():
        raise ValueError("out of main")

    with pytest.raises(ValueError, match="out of main"):
        tornadolike.run(fail())


def test_run_is_on_our_loop_and_closes_it():
    async def main():
        loop = asyncio.get_running_loop()
        assert type(loop) is IOLoop
        assert IOLoop.current() is loop
        assert asyncio.get_event_loop() is loop
        return loop

    assert tornadolike.run(main()).is_closed()


@pytest.mark.parametrize("debug", [None, False, True])
def test_run_in_debug_mode(debug):
    async def main():
        return asyncio.get_running_loop().get_debug()

    assert tornadolike.run(main(), debug=debug) is bool(debug)


def test_run_leaves_the_threads_current_loop_as_it_was(io_loop):
    assert tornadolike.run(answer()) == 42
    assert IOLoop.current() is io_loop
    assert asyncio.get_event_loop() is io_loop
    IOLoop.clear_current()
    tornadolike.run(answer())
    assert IOLoop.current(instance=False) is None


def test_run_cancels_what_is_left():
    ended = []

    async def forever():
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append(1)

    async def main():
        tasks.append(asyncio.create_task(forever()))
        await asyncio.sleep(0)

    tasks = []
    tornadolike.run(main())
    assert ended == [1]


@pytest.mark.parametrize("outer", [tornadolike.run, asyncio.run])
def test_run_inside_a_running_loop_is_refused(outer):
    async def main():
        before = asyncio.get_event_loop()
        coroutine = answer()
        with pytest.raises(RuntimeError, match="while a loop is running"):
            tornadolike.run(coroutine)
        coroutine.close()
        assert asyncio.get_event_loop() is before
        return "refused"

    assert outer(main()) == "refused"


def test_run_wants_a_coroutine():
    with pytest.raises((ValueError, TypeError), match="coroutine"):
        tornadolike.run(answer)


def test_run_keeps_the_context():
    variable = contextvars.ContextVar("variable")

    async def main():
        return variable.get()

    variable.set("of the caller")
    assert tornadolike.run(main()) == "of the caller"


def test_run_in_a_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(tornadolike.run(answer())))
    thread.start()
    thread.join(10)
    assert results == [42]


PROGRAM = """
import asyncio, os, signal, threading, tornadolike

async def main():
    try:
        threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT)).start()
        await asyncio.get_running_loop().create_future()
    finally:
        print("cleaned up", flush=True)

tornadolike.run(main())
"""


def test_ctrl_c_ends_a_program_cleanly():
    """As the shell sees it: the coroutine's finally runs, and the process dies of the signal."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=30,
        env={"PYTHONPATH": ":".join(sys.path)},
        check=False,
    )
    assert done.stdout == "cleaned up\n"
    assert "KeyboardInterrupt" in done.stderr
    assert done.returncode == -2


def test_importing_starts_no_loop():
    program = (
        "import tornadolike.ioloop, threading\n"
        "assert tornadolike.ioloop.IOLoop.current(instance=False) is None\n"
        "assert threading.active_count() == 1\n"
    )
    subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        check=True,
        timeout=30,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
