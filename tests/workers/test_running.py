"""A site in production, as who runs it and who visits it see it."""

import contextlib
import http.client
import json
import os
import queue
import re
import signal
import socket
import sys
import threading

import pytest

from tests.programs.commands import PATIENCE, Run, children_of, is_there, write

pytestmark = [pytest.mark.once, pytest.mark.production, pytest.mark.timeout(180)]

SITE = """
import asyncio, logging, os, time
from tornadolike.web import Application, RequestHandler

class Main(RequestHandler):
    def get(self):
        self.write(f"{os.getpid()} SAID")

class Slow(RequestHandler):
    async def get(self):
        with open("asked", "w"):
            pass
        while not os.path.exists("go on"):
            await asyncio.sleep(0.01)
        self.write("answered slowly")

class Stuck(RequestHandler):
    def get(self):
        time.sleep(1000)

class Grows(RequestHandler):
    def get(self):
        self.application.kept = bytearray(int(self.get_argument("size")))
        self.write(str(os.getpid()))

handler = logging.FileHandler("site.log")
logging.basicConfig(level=logging.INFO, handlers=[handler, logging.StreamHandler()], format="%(message)s")
app = Application([("/", Main), ("/slow", Slow), ("/stuck", Stuck), ("/grows", Grows)])
"""


# What is replaced by exec keeps its process number, which the sockets are said to be for.
HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "site_here.py", SITE)
    return tmp_path


@pytest.fixture
def start(folder):
    runs = []

    def start_run(*arguments, port=("--port", "0"), **options):
        runs.append(Workers(folder, "site_here:app", *port, *arguments, **options))
        return runs[-1]

    yield start_run
    for run in runs:
        run.close()


class Workers(Run):
    """The command with --workers."""

    def until_ready(self, count):
        """Wait until so many workers are; return their pids."""
        return [int(self.until(r"worker \d+ \(pid (\d+)\) is ready")[1]) for _ in range(count)]

    def status(self):
        """What the admin site says, at the address that was told of before the site's."""
        [admin] = [line for line in self.said if "tells of itself on" in line]
        connection = http.client.HTTPConnection(admin.rpartition("/")[2], timeout=PATIENCE)
        try:
            connection.request("GET", "/status.json")
            return json.load(connection.getresponse())
        finally:
            connection.close()

    def ask(self, path):
        """Ask in the background; return a queue with the answer."""
        answers = queue.Queue()

        def visit():
            try:
                answers.put(self.get(path)[2])
            except (OSError, http.client.HTTPException) as error:
                answers.put(error)

        threading.Thread(target=visit, daemon=True).start()
        return answers


def until_there(path):
    """Wait for a file that somebody makes."""
    patience = threading.Event()
    for _ in range(int(PATIENCE * 50)):
        if path.exists():
            return
        patience.wait(0.02)
    raise AssertionError(f"there is no {path}")


def test_connections_are_spread(start):
    """Also those that come one after another, and stay."""
    run = start("--workers", "2")
    workers = run.until_ready(2)
    run.until_served()
    answered = []
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            connection = http.client.HTTPConnection("127.0.0.1", run.port, timeout=PATIENCE)
            stack.callback(connection.close)
            connection.request("GET", "/")
            answered.append(int(connection.getresponse().read().split()[0]))
    # (On a machine that is busy enough the other one may come late now and then.)
    assert min(answered.count(pid) for pid in workers) >= 3


def test_a_cookie_secret_that_can_be_guessed(start, folder):
    text = SITE.replace("Application([", "Application(cookie_secret='secret', handlers=[")
    write(folder / "site_here.py", text)
    run = start("--workers", "2")
    run.until("cookie_secret")
    assert run.wait() == 1


@pytest.mark.parametrize("way", [(), ("--preload",)], ids=["fresh", "preload"])
def test_a_life(start, folder, way):
    run = start("--workers", "2", "--admin", "127.0.0.1:0", "--pid-file", "here.pid", *way)
    first = run.until_ready(2)
    run.until_served()
    assert (folder / "here.pid").read_text() == f"{run.process.pid}\n"
    pid, said = run.get()[2].split()
    assert (int(pid) in first, said) == (True, "SAID")

    # A worker is killed
    os.kill(first[0], signal.SIGKILL)
    run.until(rf"worker \d+ \(pid {first[0]}\) was killed by SIGKILL")
    [third] = run.until_ready(1)
    status = run.status()
    assert {worker["pid"] for worker in status["workers"]} == {first[1], third}
    assert status["restarts"] == 1
    assert "was killed by SIGKILL" in status["last_end"]

    # Log files are opened anew
    (folder / "site.log").rename(folder / "site.log.1")
    run.process.send_signal(signal.SIGUSR1)
    run.until("Opening log files anew")
    run.get_until("SAID")
    until_there(folder / "site.log")

    # A new version, while somebody waits for an answer of the old one
    slow = run.ask("/slow")
    until_there(folder / "asked")
    write(folder / "site_here.py", SITE.replace("SAID", "MENDED"))
    run.process.send_signal(signal.SIGHUP)
    run.until("All workers are of generation 2")
    run.get_until("MENDED")  # who was replaced last may just be hearing of it
    assert slow.empty()
    write(folder / "go on", "")
    assert slow.get(timeout=PATIENCE) == "answered slowly"

    # A version that does not start changes nothing
    write(folder / "site_here.py", "this is no program")
    run.process.send_signal(signal.SIGHUP)
    run.until("The reload has failed, and what was there goes on: site_here.py, line 1: SyntaxErr")
    run.get_until("MENDED")
    assert run.status()["generation"] == 2
    write(folder / "site_here.py", SITE.replace("SAID", "AGAIN"))

    # More, and less
    run.process.send_signal(signal.SIGTTIN)
    run.until_ready(1)
    assert run.status()["wanted"] == 3
    run.process.send_signal(signal.SIGTTOU)
    run.until(r"worker 3 \(pid \d+\) has ended")

    # The end, which waits for answers
    (folder / "asked").unlink()
    (folder / "go on").unlink()
    slow = run.ask("/slow")
    until_there(folder / "asked")
    run.process.send_signal(signal.SIGTERM)
    run.until("Stopping: 2 workers drain")
    write(folder / "go on", "")
    assert run.wait() == 0
    assert slow.get(timeout=PATIENCE) == "answered slowly"
    assert not (folder / "here.pid").exists()


def test_a_template_that_dies_is_made_again(start, folder):
    run = start("--workers", "1", "--preload")
    [first] = run.until_ready(1)
    run.until_served()
    [template] = children_of(run.process.pid)
    assert children_of(template) == [first]
    os.kill(template, signal.SIGKILL)
    run.until("the template was killed by SIGKILL")
    assert run.get()[2] == f"{first} SAID"  # nobody else has noticed
    os.kill(first, signal.SIGKILL)
    run.until(rf"worker 1 \(pid {first}\) has ended")
    [second] = run.until_ready(1)
    assert run.get_until("SAID") == 200
    assert run.end() == 0
    assert not is_there(second)


@pytest.mark.parametrize(
    ("name", "source", "way", "status", "text"),
    [
        ("site_here:nothing", SITE, [], 2, "site_here has no 'nothing'"),
        ("site_here:app", "1 / 0", [], 1, "site_here.py, line 1: ZeroDivisionError"),
        ("site_here:app", "1 / 0", ["--preload"], 1, "site_here.py, line 1: ZeroDivisionError"),
        ("site_here:app", "import os; os._exit(3)", [], 1, "has ended by itself, with status 3"),
    ],
    ids=["wrong use", "an error", "an error, preload", "a sudden end"],
)
def test_what_cannot_start_ends(folder, name, source, way, status, text):
    write(folder / "site_here.py", source)
    run = Run(folder, name, "--port", "0", "--workers", "2", *way)
    try:
        assert run.wait() == status
    finally:
        run.close()
    assert [line for line in run.said if line.startswith("tornadolike: ") and text in line]


def test_who_is_stuck_is_replaced_and_says_where(start, folder):
    run = start("--workers", "1", "--worker-timeout", "3")
    [first] = run.until_ready(1)
    run.until_served()
    stuck = run.ask("/stuck")
    run.until(rf"worker 1 \(pid {first}\) has said nothing for \d+ seconds: it is killed")
    run.until(r'File ".*site_here.py", line \d+ in get')
    [second] = run.until_ready(1)
    assert isinstance(stuck.get(timeout=PATIENCE), Exception)
    assert run.get()[2] == f"{second} SAID"
    assert run.end() == 0


def test_who_starts_too_slowly_is_ended(folder):
    write(folder / "site_here.py", "import time; time.sleep(1000)")
    run = Run(folder, "site_here:app", "--port", "0", "--workers", "1", "--start-timeout", "1")
    try:
        assert run.wait() == 1
    finally:
        run.close()
    assert "did not start within 1 seconds" in run.said[-1]


def test_a_leak(start):
    run = start("--workers", "1", "--max-memory", "300M")
    [first] = run.until_ready(1)
    run.until_served()
    assert run.get("/grows?size=300000000")[2] == str(first)
    run.until(rf"worker 1 \(pid {first}\) uses \d+ MiB of memory: it is replaced")
    [second] = run.until_ready(1)
    run.until(rf"worker 1 \(pid {first}\) has ended")
    assert run.get()[2] == f"{second} SAID"
    assert run.end() == 0


def test_nobody_is_left_behind(start):
    """Not even a worker that is stuck, and whose supervisor is gone."""
    run = start("--workers", "2", "--worker-timeout", "1", "--preload")
    run.until_ready(2)
    run.until_served()
    run.ask("/stuck")
    run.process.kill()
    run.wait()  # which waits for the end of all, too: they have the other end of the pipe
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", run.port)) != 0


def test_the_service_manager(folder, tmp_path):
    """Sockets from it, and what it is told: as with Type=notify-reload and WatchdogSec=."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "notify"))
    manager.settimeout(PATIENCE)
    told = []

    def until_told(pattern):
        while True:
            told.append(manager.recv(4096).decode())
            if found := re.search(pattern, told[-1]):
                return found

    with manager, socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        run = Workers(
            folder,
            *("site_here:app", "--workers", "1"),
            shell=[sys.executable, "-c", HAND_OVER, str(listening.fileno())],
            pass_fds=[listening.fileno()],
            environment={
                "LISTEN_FDS": "1",
                "NOTIFY_SOCKET": str(tmp_path / "notify"),
                "WATCHDOG_USEC": "3000000",
            },
        )
        try:
            run.until_served()
            assert run.port == port
            assert run.get()[0] == 200
            until_told("^READY=1")
            until_told("STATUS=1 of 1 workers ready")
            until_told("WATCHDOG=1")
            run.process.send_signal(signal.SIGHUP)
            assert int(until_told(r"RELOADING=1\nMONOTONIC_USEC=(\d+)")[1]) > 0
            until_told("^READY=1")
            assert run.end(signal.SIGTERM) == 0
            until_told("STOPPING=1")
        finally:
            run.close()


def test_a_unix_socket_has_a_mode_and_is_removed(folder):
    run = Run(
        folder, "site_here:app", "--unix-socket", "a.sock", "--unix-mode", "660", "--workers", "1"
    )
    try:
        run.until("is served on unix:a.sock")
        assert (folder / "a.sock").stat().st_mode & 0o777 == 0o660
        with socket.socket(socket.AF_UNIX) as visitor:
            visitor.connect(str(folder / "a.sock"))
            visitor.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert visitor.recv(12) == b"HTTP/1.1 200"
        assert run.end(signal.SIGQUIT) == 0
    finally:
        run.close()
    assert not (folder / "a.sock").exists()


def test_a_socket_for_each_worker(start):
    run = start("--workers", "2", "--reuse-port")
    workers = set(run.until_ready(2))
    run.until_served()
    answers = {int(run.get()[2].split()[0]) for _ in range(40)}
    assert answers == workers  # by chance it is another one time in 2**39
    run.process.send_signal(signal.SIGTTIN)
    [third] = run.until_ready(1)
    while third not in answers:
        answers.add(int(run.get()[2].split()[0]))
    assert run.end() == 0


def test_an_address_that_cannot_be_had(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for arguments, text in (
            (["--port", port], "choose another by --port"),
            (["--admin", f"127.0.0.1:{port}"], f"--admin 127.0.0.1:{port}: "),
        ):
            port_given = [] if "--port" in arguments else ["--port", "0"]
            run = Run(folder, "site_here:app", "--workers", "1", *port_given, *arguments)
            try:
                assert run.wait() == 2
            finally:
                run.close()
            assert text in run.said[-1]
