"""Programs that serve until they are told to stop, in processes of their own."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading

import pytest

from tests.conftest import PATIENCE
from tests.running import on_every_loop
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application, RequestHandler

SERVED = "asyncio.run(app.serve(int(sys.argv[1]), '127.0.0.1'))"

BEGINNING = """\
import asyncio, os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever has started the tests
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application, RequestHandler

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())  # in one piece, whoever else writes

class Slow(RequestHandler):
    async def get(self):
        say("asked")
        self.run_in_background(job, self.get_argument("job", "0.01"))
        await asyncio.sleep(0.3)
        self.write("answered")

async def job(seconds):
    try:
        await asyncio.sleep(float(seconds))
        say("job done")
    finally:
        say("job over")

app = Application([("/", Slow)], background_stop_seconds=0.5)
app.on_startup(lambda: say("up"))
app.on_shutdown(lambda: say("down"))
sockets = bind_sockets(0, "127.0.0.1")

@app.on("application.started")
def started(application):
    say("port", sockets[0].getsockname()[1])

app.on("application.stopping", lambda application: say("stopping"))
"""


@pytest.fixture
def run(run_program):
    return lambda end: run_program(BEGINNING + textwrap.dedent(end))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_was_accepted_is_answered_and_jobs_are_done_or_cancelled(run, number):
    program = run("""
        import logging
        logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(message)s")
        app.run(sockets=sockets)
        say("returned")
    """)
    port = int(program.wait_for("port"))
    answers = []
    paths = ["/", "/", "/?job=3600"]
    clients = [
        threading.Thread(target=lambda path=path: answers.append(program.ask(port, path)))
        for path in paths
    ]
    for client in clients:
        client.start()
    for _ in clients:
        program.wait_for("asked")
    program.tell(number)
    for client in clients:
        client.join(PATIENCE)
    status, said = program.end()
    assert status == 0
    assert answers == ["answered"] * 3
    assert said[0] == "up"
    assert said[-2:] == ["down", "returned"]
    assert said.count("job done") == 2
    assert said.count("job over") == 3
    cancelled = "The background job job is cancelled: it did not end within 0.5 seconds"
    assert said.count(cancelled) == 1
    assert said.index("stopping") < said.index("job done")


def test_the_second_signal_ends_at_once(run):
    program = run("""
        app.on_shutdown(lambda: (say("stuck"), time.sleep(3600)))
        app.run(sockets=sockets)
    """)
    program.wait_for("port")
    program.tell(signal.SIGINT)
    program.wait_for("stuck")
    program.tell(signal.SIGINT)
    status, said = program.end()
    assert status == -signal.SIGINT
    assert said[-1] == "stuck"  # and no traceback


def test_a_signal_at_start_up_undoes_it(run):
    program = run("""
        @app.on_startup
        async def slow():
            say("port 0")
            await asyncio.sleep(3600)
        app.run(sockets=sockets)
        say("returned")
    """)
    program.wait_for("port")
    program.tell(signal.SIGTERM)
    assert program.end() == (0, ["up", "port 0", "down", "returned"])


def test_an_interrupt_elsewhere_is_no_traceback(run):
    program = run("""
        app.on_shutdown(lambda: signal.raise_signal(signal.SIGINT))
        @app.on_startup
        def interrupted():
            raise KeyboardInterrupt
        app.run(sockets=sockets)
    """)
    status, said = program.end()
    assert status in (130, -signal.SIGINT)
    assert "Traceback" not in "\n".join(said)


def test_a_failing_start_says_what_failed(run):
    program = run("""
        @app.on_startup
        def database():
            raise ConnectionError("no database")
        app.run(sockets=sockets)
    """)
    status, said = program.end()
    assert status == 1
    assert said[:2] == ["up", "down"]
    assert said[-2] == "ConnectionError: no database"
    assert said[-1].startswith("It was raised by on_startup(database)")


def test_several_processes_share_a_socket(run):
    program = run("""
        from tornadolike.process import fork_processes
        say("number", fork_processes(2))
        app.run(sockets=sockets)
        os._exit(0)
    """)
    port = int(program.wait_for("port"))
    program.wait_for("port")
    assert program.ask(port) == "answered"
    # The parent looks after its workers as ever; they are told to stop, each by itself.
    with open(f"/proc/{program.process.pid}/task/{program.process.pid}/children") as children:
        workers = [int(pid) for pid in children.read().split()]
    assert len(workers) == 2
    for pid in workers:
        os.kill(pid, signal.SIGTERM)
    status, said = program.end()
    assert (status, said.count("up"), said.count("down")) == (0, 2, 2)


@on_every_loop
async def test_it_can_be_stopped_from_within_and_served_again():
    app, told = Application(), []
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    app.on_startup(lambda: told.append("up"))
    app.on_shutdown(lambda: told.append("down"))
    app.on("application.started", lambda application: app.background.start(app.stop))
    for _ in range(2):
        await app.serve(0, "127.0.0.1")
        assert told == ["up", "down"]
        told.clear()
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


@on_every_loop
async def test_what_is_cancelled_stops_in_an_orderly_way():
    app, told, started = Application(), [], asyncio.Event()
    app.on_shutdown(lambda: told.append("down"))
    app.on("application.started", lambda application: started.set())
    serving = asyncio.ensure_future(app.serve(0, "127.0.0.1"))
    await started.wait()
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="being served already"):
        await app.serve(0, "127.0.0.1")
    assert told == []
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert told == ["down"]


@on_every_loop
async def test_one_that_was_started_can_be_served():
    app, told = Application(), []
    app.on_startup(lambda: told.append("up"))
    app.on_shutdown(lambda: told.append("down"))
    async with app:
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGTERM)
        await app.serve(0, "127.0.0.1")
    assert told == ["up", "down"]


@on_every_loop
async def test_two_are_told_by_one_signal():
    apps, told = [Application(), Application()], []
    for app in apps:
        app.on_shutdown(lambda: told.append("down"))
    both = asyncio.gather(*(app.serve(0, "127.0.0.1") for app in apps))
    while not all(app._life.servers for app in apps):
        await asyncio.sleep(0)
    signal.raise_signal(signal.SIGTERM)
    await both
    assert told == ["down", "down"]


@on_every_loop
async def test_a_port_that_is_taken_is_said_and_all_is_undone():
    app, told = Application(), []
    app.on_shutdown(lambda: told.append("down"))
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        await app.serve(taken.getsockname()[1], "127.0.0.1")
    assert told == ["down"]


@pytest.mark.parametrize("call", ["app.run(int(sys.argv[1]), '127.0.0.1')", SERVED])
def test_whoever_starts_a_program_is_told_of_the_port_in_a_line(call, tmp_path):
    program = (
        f"import asyncio, sys\nfrom tornadolike.web import Application\napp = Application()\n{call}"
    )
    (tmp_path / "site.py").write_text(program)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "site.py", str(port)],
            cwd=tmp_path,
            env={"PYTHONPATH": ":".join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            timeout=60,
        )
    said = f"site.py: cannot listen on 127.0.0.1 port {port}: Address already in use\n"
    assert (done.returncode, done.stderr) == (2, said)


@on_every_loop
async def test_run_within_a_loop_says_what_to_do():
    with pytest.raises(RuntimeError, match=r"write await app\.serve\(\)"):
        Application().run(0, "127.0.0.1")


def test_in_another_thread_it_is_cancelled_or_stopped():
    app, ready = Application([("/", RequestHandler)]), threading.Event()
    sockets = bind_sockets(0, "127.0.0.1")
    loops = []

    @app.on("application.started")
    def started(application):
        loops.append(asyncio.get_running_loop())
        ready.set()

    thread = threading.Thread(target=app.run, kwargs={"sockets": sockets})
    thread.start()
    assert ready.wait(PATIENCE)
    asyncio.run_coroutine_threadsafe(app.stop(), loops[0])
    thread.join(PATIENCE)
    assert not thread.is_alive()


@on_every_loop
async def test_under_load_nobody_and_nothing_is_lost(expect_log):
    busy, jobs = [], []

    class Slow(RequestHandler):
        async def get(self, number):
            busy.append(number)
            jobs.append(self.run_in_background(asyncio.sleep, 3600 if number == "7" else 0.1))
            await asyncio.sleep(0.05)
            self.write(number)

    async def ask(number):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        try:
            return (await reader.read()).rpartition(b"\r\n")[2]
        finally:
            writer.close()
            await writer.wait_closed()

    app = Application([("/([0-9]+)", Slow)], background_stop_seconds=0.3)
    sockets = bind_sockets(0, "127.0.0.1")
    port = sockets[0].getsockname()[1]
    serving = asyncio.ensure_future(app.serve(sockets=sockets))
    clients = [asyncio.ensure_future(ask(number)) for number in range(100)]
    while len(busy) < 100:
        await asyncio.sleep(0.001)
    with (
        expect_log("tornadolike.application", "sleep is cancelled", count=1),
        expect_log("tornadolike.application", "finished before the end"),
    ):
        signal.raise_signal(signal.SIGTERM)
        await serving
    assert await asyncio.gather(*clients) == [b"%d" % number for number in range(100)]
    states = [job.state for job in jobs]
    assert (states.count("finished"), states.count("cancelled")) == (99, 1)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


def test_a_handler_can_stop_it(run):
    program = run("""
        class Stop(RequestHandler):
            async def get(self):
                await app.stop()
                self.write("stopped")

        app.add_handlers(".*", [("/stop", Stop)])
        app.run(sockets=sockets)
        say("returned")
    """)
    port = int(program.wait_for("port"))
    assert program.ask(port, "/stop") == "stopped"
    status, said = program.end()
    assert (status, said[-3:]) == (0, ["stopping", "down", "returned"])
