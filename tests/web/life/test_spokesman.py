"""What a process that serves has to do with those who run it."""

import os
import signal
import socket
import threading

import pytest

import tornadolike
from tests.conftest import PATIENCE
from tornadolike.web import Application
from tornadolike.web.life.spokesman import Spokesman

PROGRAM = """\
import logging, os, sys
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application, RequestHandler

class Logged(RequestHandler):
    def get(self):
        logging.warning(self.get_argument("line"))

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

for name, value in zip(sys.argv[2::2], sys.argv[3::2]):
    os.environ[name] = value
if sys.argv[1]:
    logging.basicConfig(filename=sys.argv[1], level=logging.WARNING, format="%(message)s")
app = Application([("/", Logged)])
sockets = bind_sockets(0, "127.0.0.1")
app.on("application.started", lambda application: say("port", sockets[0].getsockname()[1]))
app.run(sockets=sockets)
"""


@pytest.fixture
def manager(tmp_path):
    """The socket of a service manager, and its path."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(path)
        sock.settimeout(PATIENCE * 2)
        yield sock, path


def told(sock):
    return sock.recv(1000).decode()


def all_told(sock):
    sock.setblocking(False)
    found = []
    try:
        while True:
            found.append(told(sock))
    except BlockingIOError:
        return found


def test_a_service_is_ready_well_and_stops(run_program, manager):
    sock, path = manager
    program = run_program(PROGRAM, "", "NOTIFY_SOCKET", path, "WATCHDOG_USEC", "60000")
    program.wait_for("port")
    assert told(sock) == "READY=1"
    assert [told(sock) for _ in range(3)] == ["WATCHDOG=1"] * 3
    program.tell(signal.SIGTERM)
    status, _ = program.end()
    assert status == 0
    left = all_told(sock)
    assert left.count("STOPPING=1") == 1
    assert set(left) <= {"STOPPING=1", "WATCHDOG=1"}


def test_a_service_without_a_watchdog(run_program, manager):
    sock, path = manager
    program = run_program(PROGRAM, "", "NOTIFY_SOCKET", path)
    program.wait_for("port")
    assert told(sock) == "READY=1"
    program.tell(signal.SIGTERM)
    assert program.end()[0] == 0
    assert all_told(sock) == ["STOPPING=1"]


def test_log_files_are_opened_anew(run_program, tmp_path):
    file = tmp_path / "site.log"
    program = run_program(PROGRAM, str(file))
    port = program.wait_for("port")
    program.ask(port, "/?line=one")
    old = file.rename(tmp_path / "site.log.1")
    program.ask(port, "/?line=two")
    program.tell(signal.SIGUSR1)
    while not file.exists():
        program.ask(port, "/?line=two")
    program.ask(port, "/?line=three")
    program.tell(signal.SIGTERM)
    assert program.end()[0] == 0
    assert set(old.read_text().split()) == {"one", "two"}
    assert file.read_text().split()[-1] == "three"


def test_without_log_files_the_signal_is_what_it_was(run_program):
    program = run_program(PROGRAM, "")
    program.wait_for("port")
    program.tell(signal.SIGUSR1)
    assert program.end()[0] == -signal.SIGUSR1


# In this process


@pytest.fixture
def told_here(manager, monkeypatch):
    sock, path = manager
    monkeypatch.setenv("NOTIFY_SOCKET", path)
    return lambda: all_told(sock)


def run(function):
    async def main():
        function()

    tornadolike.run(main())


def test_several_applications_are_one_service(told_here):
    def serve():
        with Spokesman(wanted=True) as first, Spokesman(wanted=True) as second:
            first.ready()
            second.ready()
            assert told_here() == ["READY=1"] * 2
            first.stopping()
            first.stopping()
            assert told_here() == []
        assert told_here() == ["STOPPING=1"]

    run(serve)


def test_one_that_never_was_ready_does_not_stop(told_here):
    def serve():
        with Spokesman(wanted=True):
            pass
        assert told_here() == []

    run(serve)


@pytest.mark.parametrize("kind", ["not wanted", "in a thread", "in a worker"])
def test_who_does_not_speak(kind, told_here, monkeypatch):
    if kind == "in a worker":
        monkeypatch.setattr("tornadolike.process._task_id", 0)

    def serve():
        with Spokesman(wanted=kind != "not wanted") as spokesman:
            spokesman.ready()

    if kind == "in a thread":
        thread = threading.Thread(target=run, args=(serve,))
        thread.start()
        thread.join()
    else:
        run(serve)
    assert told_here() == []


def test_a_signal_that_means_something_already(tmp_path, monkeypatch):
    monkeypatch.setattr("tornadolike.web.life.spokesman.has_log_files", lambda: True)
    heard = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: heard.append(number))
    try:

        def serve():
            with Spokesman(wanted=True):
                os.kill(os.getpid(), signal.SIGUSR1)

        run(serve)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert heard == [signal.SIGUSR1]


def test_what_has_a_parent_of_ours_does_not_speak(told_here):
    """Workers, and what the command ``run`` starts, are served by programs.serving."""
    from tornadolike.programs.serving import Site

    app = Application()

    async def main():
        site = Site(app, {}, lambda: None)
        app.on("application.started", lambda application: site.stop())
        await site.serve([], 0)

    tornadolike.run(main())
    assert told_here() == []
