"""Loops and forks: the child works with a loop of its own, the parent does not notice it."""

import asyncio
import concurrent.futures
import contextlib
import gc
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings
import weakref

import pytest

import tornadolike
from tornadolike.ioloop import IOLoop, forks
from tornadolike.ioloop.poller import READ, WRITE
from tornadolike.ioloop.transports.stream import SocketTransport
from tornadolike.ioloop.wakeup import WakeUp

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

FORK = multiprocessing.get_context("fork")


def fork():
    """``os.fork()``, threads or no threads."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # Python 3.12 warns if there are threads
        return os.fork()


def in_child(function):
    """Run ``function`` in a forked child and return its result."""
    reading, writing = os.pipe()
    child = fork()
    if not child:
        try:
            answer = {"result": function()}
        except BaseException:
            answer = {"error": traceback.format_exc()}
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as answers:
        answer = json.loads(answers.read() or "{}")
    os.waitpid(child, 0)
    assert "result" in answer, answer.get("error", "the child died")
    return answer["result"]


def said(function):
    """The message of the RuntimeError that ``function`` raises."""
    try:
        function()
    except RuntimeError as error:
        return str(error)
    return "nothing was raised"


async def answer():
    await asyncio.sleep(0)
    return 42


# The parent


def test_what_the_child_does_to_its_copy_does_not_reach_the_parent(loop, pair):
    ours, theirs = pair
    told = []
    loop.watch(ours.fileno(), lambda events: (told.append(ours.recv(1)), loop.stop()), READ)
    transports = [SocketTransport(loop, theirs.dup(), asyncio.Protocol())]

    def child():
        watched = loop.unwatch(ours.fileno())
        with contextlib.suppress(RuntimeError):
            transports.pop().close()
        loop.close()
        gc.collect()
        return watched

    assert in_child(child) is False
    theirs.send(b"x")
    loop.run_forever()
    assert told == [b"x"]
    loop.unwatch(ours.fileno())
    transports[0].close()
    loop.call_soon(loop.stop)
    loop.run_forever()


PROGRAM = """\
import os, socket, sys

from tornadolike.ioloop import IOLoop

loop = IOLoop()
ours, theirs = socket.socketpair()
loop.add_reader(ours, loop.stop)
child = os.fork()
if not child:
    sys.exit(3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
theirs.send(b"x")
loop.run_forever()
loop.close()
print("well", end="")
"""


def test_the_end_of_the_child_does_not_reach_the_parent():
    """A child that ends as any program does, with all its finalizers."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("well", "")


def test_a_child_does_not_wake_its_parent(io_loop):
    def child():
        return said(lambda: io_loop.call_soon_threadsafe(print)), io_loop._wake_up.fileno()

    message, number = in_child(child)
    assert "was made before this process was forked" in message
    assert number == -1
    io_loop.call_soon(io_loop.stop)
    io_loop.run_forever()
    assert io_loop.stats().wake_ups == 0


def test_signals_of_the_child_are_not_the_parents(io_loop):
    """Its handler is not there, so the signal does what it does without one; the parent hears nothing."""
    heard = []
    io_loop.add_signal_handler(signal.SIGTERM, heard.append, 1)
    io_loop.add_signal_handler(signal.SIGINT, heard.append, 2)
    child = fork()
    if not child:
        try:
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
            assert signal.set_wakeup_fd(-1) == -1
            assert not WakeUp._listeners
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGTERM
    io_loop.call_soon(io_loop.stop)
    io_loop.run_forever()
    assert heard == []
    os.kill(os.getpid(), signal.SIGTERM)
    io_loop.call_soon(io_loop.stop)
    io_loop.run_forever()
    assert heard == [1]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="asyncio itself resets it from 3.12 on")
def test_a_signal_descriptor_of_somebody_else_is_left_alone(io_loop, pair):
    before = signal.set_wakeup_fd(pair[0].fileno())
    try:
        assert in_child(lambda: signal.set_wakeup_fd(-1)) == pair[0].fileno()
    finally:
        signal.set_wakeup_fd(before)


# The child and the loop that it inherits


USES = {
    "call_soon": lambda loop, fd: loop.call_soon(print),
    "call_soon_threadsafe": lambda loop, fd: loop.call_soon_threadsafe(print),
    "call_later": lambda loop, fd: loop.call_later(1, print),
    "call_at": lambda loop, fd: loop.call_at(1, print),
    "add_timeout": lambda loop, fd: loop.add_timeout(1, print),
    "watch": lambda loop, fd: loop.watch(fd, print, WRITE),
    "add_reader": lambda loop, fd: loop.add_reader(fd, print),
    "add_writer": lambda loop, fd: loop.add_writer(fd, print),
    "add_handler": lambda loop, fd: loop.add_handler(fd, print, WRITE),
    "add_signal_handler": lambda loop, fd: loop.add_signal_handler(signal.SIGUSR1, print),
    "run_in_executor": lambda loop, fd: loop.run_in_executor(None, print),
    "run_forever": lambda loop, fd: loop.run_forever(),
    "start": lambda loop, fd: loop.start(),
    "run_sync": lambda loop, fd: loop.run_sync(lambda: None),
}


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
@pytest.mark.parametrize("use", USES)
def test_the_inherited_loop_says_why_it_does_not_work(io_loop, pair, use):
    message = in_child(lambda: said(lambda: USES[use](io_loop, pair[0].fileno())))
    assert message.startswith("<IOLoop ")
    assert "was made before this process was forked" in message
    assert "make a new loop here" in message


def test_the_inherited_loop_counts_as_closed(io_loop):
    def child():
        io_loop.close()
        io_loop.stats()
        return io_loop.is_closed(), io_loop.is_running(), io_loop.remove_reader(1)

    assert in_child(child) == [True, False, False]
    assert not io_loop.is_closed()


def test_a_closed_loop_is_inherited_as_that(io_loop):
    io_loop.close()
    assert in_child(lambda: said(io_loop.run_forever)) == "Event loop is closed"


def test_a_task_that_goes_on_in_the_child_gets_no_further(io_loop):
    """The rest of a coroutine that has forked runs in the child as well; the loop does not."""
    child = None

    async def main():
        nonlocal child
        child = fork()
        if child:
            return
        await io_loop.create_future()

    try:
        io_loop.run_until_complete(main())
    except RuntimeError as error:
        if not child:
            os._exit(7 if "was made before this process was forked" in str(error) else 1)
        raise
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7


def test_the_turn_in_which_was_forked_ends_in_the_child(loop, pair):
    """What else was to run in it runs in the parent only, and then the child's loop ends with an error."""
    ours, theirs = pair
    reading, writing = os.pipe()
    child = None
    ran = []

    def fork_here():
        nonlocal child
        child = fork()
        if child:
            loop.call_later(0.001, loop.stop)

    def run(what):
        ran.append(what)
        os.write(writing, what)

    theirs.send(b"x")
    loop.add_reader(ours, lambda: (ours.recv(1), run(b"reader")))
    loop.call_later(0, run, b"timer")
    loop.call_soon(fork_here)
    loop.call_soon(run, b"callback")
    try:
        loop.run_forever()
    except RuntimeError as error:
        if not child:
            os.write(writing, b"!" if "was forked" in str(error) else b"?")
            os._exit(0)
        raise
    os.waitpid(child, 0)
    assert sorted(ran) == [b"callback", b"reader", b"timer"]
    assert sorted(os.read(reading, 100)) == sorted(b"!callbackreadertimer")
    for fd in (reading, writing):
        os.close(fd)
    loop.remove_reader(ours)


def test_events_of_the_poll_before_the_fork_are_the_parents(loop, pair):
    reading, writing = os.pipe()
    child = None
    for sock in pair:
        sock.send(b"x")

    def fork_or_tell(sock, events):
        nonlocal child
        sock.recv(1)
        if child is None:
            child = fork()
        else:
            os.write(writing, b"told")
            loop.stop()

    for sock in pair:
        loop.add_handler(sock, fork_or_tell, READ)
    try:
        loop.run_forever()
    except RuntimeError:
        if not child:
            os._exit(0)
        raise
    _, status = os.waitpid(child, 0)
    assert status == 0
    assert os.read(reading, 100) == b"told"
    for fd in (reading, writing):
        os.close(fd)
    for sock in pair:
        loop.remove_handler(sock)


# The child and a loop of its own


@pytest.mark.parametrize(
    "run",
    [
        lambda: tornadolike.run(answer()),
        lambda: IOLoop.current().run_sync(answer),
        lambda: asyncio.Runner(loop_factory=IOLoop).run(answer()),
    ],
)
@pytest.mark.parametrize("running", [False, True])
def test_a_new_loop_works_in_the_child(io_loop, run, running):
    def fork_and_run():
        return in_child(run)

    async def main():
        return fork_and_run()

    assert (io_loop.run_until_complete(main()) if running else fork_and_run()) == 42


def test_the_current_loop_of_a_child_is_a_new_one(io_loop):
    def child():
        loop = IOLoop.current()
        return loop is not io_loop and loop is IOLoop.current() and not loop.is_closed()

    assert in_child(child) is True


def test_the_child_of_a_child(io_loop):
    def child():
        loop = IOLoop()
        message = in_child(lambda: said(lambda: loop.call_soon(print)))
        return message, loop.run_until_complete(answer())

    message, result = in_child(child)
    assert "was made before this process was forked" in message
    assert result == 42


def test_a_loop_in_a_thread_is_inherited_by_a_fork_in_another(io_loop, thread):
    """The thread that runs it is not in the child; there it must not look as if it ran."""
    thread(io_loop.run_forever)
    running = threading.Event()
    io_loop.call_soon_threadsafe(running.set)
    assert running.wait(10)

    def child():
        return io_loop.is_running(), io_loop.is_closed(), tornadolike.run(answer())

    assert in_child(child) == [False, True, 42]
    io_loop.call_soon_threadsafe(io_loop.stop)


def test_a_fork_in_another_thread_leaves_the_signals_behind_too(io_loop, thread):
    io_loop.add_signal_handler(signal.SIGTERM, print)
    results = []

    def child():
        return signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, signal.set_wakeup_fd(-1)

    thread(lambda: results.append(in_child(child))).join()
    assert results == [[True, -1]]
    io_loop.remove_signal_handler(signal.SIGTERM)


def test_a_fork_costs_little(io_loop):
    """What runs in the child for each loop that lives."""
    loops = [IOLoop(make_current=False) for _ in range(50)]

    def child():
        return [loop.is_closed() for loop in loops]

    assert in_child(child) == [True] * 50
    for loop in loops:
        loop.close()


# Those who fork for us


def square(number):
    return number * number


def square_on_a_loop(number):
    async def work():
        await asyncio.sleep(0)
        return number * number

    return tornadolike.run(work())


def say_so_and_sleep(started):
    started.set()
    time.sleep(60)


pools_may_fork = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@pools_may_fork
@pytest.mark.parametrize("work", [square, square_on_a_loop])
def test_a_process_pool_works_from_a_running_loop(io_loop, work):
    async def main():
        with concurrent.futures.ProcessPoolExecutor(2, mp_context=FORK) as pool:
            calls = [io_loop.run_in_executor(pool, work, number) for number in range(5)]
            results = await asyncio.gather(*calls)
            return results, io_loop.stats().descriptors

    results, descriptors = io_loop.run_until_complete(main())
    assert results == [0, 1, 4, 9, 16]
    assert descriptors == 0
    gc.collect()


@pools_may_fork
def test_a_process_of_multiprocessing_can_be_terminated(io_loop):
    """Although the loop handles that signal, and the child has inherited the handler."""
    io_loop.add_signal_handler(signal.SIGTERM, print)

    async def main():
        process = FORK.Process(target=say_so_and_sleep, args=(started := FORK.Event(),))
        process.start()
        await asyncio.to_thread(started.wait)
        process.terminate()
        await asyncio.to_thread(process.join)
        code = process.exitcode
        process.close()
        return code

    assert io_loop.run_until_complete(main()) == -signal.SIGTERM
    io_loop.remove_signal_handler(signal.SIGTERM)


@pytest.mark.filterwarnings("ignore:.*preexec_fn:DeprecationWarning")
def test_a_subprocess_with_preexec_fn_is_unharmed(io_loop, pair):
    ours, theirs = pair
    io_loop.add_signal_handler(signal.SIGUSR1, print)
    io_loop.add_reader(ours, io_loop.stop)

    async def main():
        process = subprocess.Popen(
            [sys.executable, "-c", "import os; print(os.getsid(0) == os.getpid())"],
            stdout=subprocess.PIPE,
            preexec_fn=os.setsid,
        )
        output, _ = await asyncio.to_thread(process.communicate)
        return process.returncode, output

    assert io_loop.run_until_complete(main()) == (0, b"True\n")
    theirs.send(b"x")
    io_loop.run_forever()
    io_loop.remove_reader(ours)
    io_loop.remove_signal_handler(signal.SIGUSR1)


# The list of loops


def test_the_list_of_loops_holds_none():
    gc.collect()
    before = len(forks._inheritances)
    loops = [IOLoop(make_current=False) for _ in range(10)]
    assert len(forks._inheritances) == before + 10
    last = weakref.ref(loops[-1])
    for loop in loops:
        loop.close()
    del loop
    loops.clear()
    gc.collect()
    assert last() is None
    assert len(forks._inheritances) == before


def test_a_child_forgets_the_loops_of_its_parent(io_loop):
    assert in_child(lambda: len(forks._inheritances)) == 0
    assert len(forks._inheritances) >= 1
