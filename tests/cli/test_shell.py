"""``python -m tornadolike shell``."""

import contextlib
import fcntl
import io
import os
import pty
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tornadolike.cli import main
from tornadolike.cli.shells.history import history_file

ROOT = Path(__file__).parents[2]

SITE = """
from tornadolike.web import Application
app = Application()
@app.on_startup
def begin(): print("begins")
@app.on_shutdown
def end(): print("ends")
@app.get("/hello/{name}")
def hello(handler, name): return f"Hello, {name}!"
@app.get("/visits")
def visits(handler):
    count = int(handler.get_cookie("count", "0")) + 1
    handler.set_cookie("count", str(count))
    return str(count)
"""


@pytest.fixture
def shell(project, capsys, monkeypatch, tmp_path):
    """Types this, and returns the status and what was shown."""
    project(site_s=SITE, broken="1 / 0")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def run(*arguments, typed=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = main(["shell", *arguments])
        return status, *capsys.readouterr()

    yield run
    for name in ("ps1", "ps2"):
        if hasattr(sys, name):
            delattr(sys, name)


def test_one_command(shell):
    command = "r = await fetch('/hello/Ada')\nprint(r.body, app.settings, url[:17])"
    status, out, err = shell("site_s", "-c", command)
    assert (status, err) == (0, "")
    assert out == "begins\nb'Hello, Ada!' {} http://127.0.0.1:\nends\n"


def test_what_is_typed(shell):
    typed = """
x = await fetch("/visits")
x.body
(await fetch("/visits")).body
def double(n):
    return 2 * n

double(21)
import contextvars
v = contextvars.ContextVar("v")
_ = v.set(5)
v.get()
asyncio.get_running_loop() is loop
task = asyncio.create_task(asyncio.sleep(0, 7))
await task
"""
    status, out, err = shell("site_s", typed=typed)
    assert status == 0
    assert out == "begins\nb'1'\nb'2'\n42\n5\nTrue\n7\nends\n"
    assert err.strip() == ""


def test_errors_are_shown_without_our_frames(shell):
    status, out, err = shell(typed="def f():\n    1 / 0\n\nf()\n1 +\nprint('on')\n")
    assert status == 0
    assert out == "on\n"
    assert err.count("Traceback") == 1
    assert [line for line in err.splitlines() if "File" in line][:2] == [
        '  File "<console>", line 1, in <module>',
        '  File "<console>", line 2, in f',
    ]
    assert "ZeroDivisionError" in err
    assert "SyntaxError" in err


@pytest.mark.parametrize(
    ("command", "status"),
    [("pass", 0), ("1 / 0", 1), ("exit()", 0), ("raise SystemExit(4)", 4), ("exit('x')", 1)],
)
def test_the_status(shell, command, status):
    assert shell("-c", command)[0] == status


def test_exit_is_an_end(shell):
    assert shell(typed="exit(4)\nprint('on')\n")[:2] == (4, "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "there is no module 'nowhere'"),
        (["broken"], "broken cannot be loaded: ZeroDivisionError"),
        (["-c", "1 +"], "-c 1 +: invalid syntax"),
    ],
)
def test_wrong_use(shell, arguments, said):
    status, out, err = shell(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"tornadolike: {said}")


def test_nobody_can_type(project, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    assert main(["shell"]) == 2
    assert capsys.readouterr().err == "tornadolike: there is no standard input: give -c CODE\n"


def test_where_the_history_is(monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert str(history_file()) == "/state/tornadolike/shell_history"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/x")
    assert str(history_file()) == "/home/x/.local/state/tornadolike/shell_history"


class Terminal:
    """A shell in a terminal of its own."""

    def __init__(self, folder, *arguments):
        self._master, slave = pty.openpty()
        self._seen = b""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tornadolike", "shell", "--plain", *arguments],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "XDG_STATE_HOME": str(folder),
                "TERM": "dumb",
            },
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    def wait_for(self, text):
        while text.encode() not in self._seen:
            self._seen += self._read()
        _, _, self._seen = self._seen.partition(text.encode())

    def _read(self):
        piece = os.read(self._master, 4096)
        assert piece, self._seen
        return piece

    def type(self, text):
        os.write(self._master, text.encode())

    def interrupt(self):
        os.killpg(self._process.pid, signal.SIGINT)

    def end(self):
        with contextlib.suppress(OSError):
            while True:
                self._seen += self._read()
        os.close(self._master)
        return self._process.wait()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="terminals are made otherwise there")
def test_in_a_terminal(project):
    folder = project(site_s=SITE)
    terminal = Terminal(folder, "site_s")
    terminal.wait_for("url       http://127.0.0.1:")
    terminal.wait_for(">>> ")
    terminal.type("await asyncio.Event().wait()\n")
    terminal.wait_for("wait()")
    terminal.interrupt()
    terminal.wait_for("KeyboardInterrupt")
    terminal.wait_for(">>> ")
    terminal.type("(await fetch('/hello/you')).body\n")
    terminal.wait_for("b'Hello, you!'")
    terminal.wait_for(">>> ")
    terminal.type("\x04")
    assert terminal.end() == 0
    assert "fetch('/hello/you')" in (folder / "tornadolike" / "shell_history").read_text()
