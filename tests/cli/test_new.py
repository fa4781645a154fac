"""``python -m tornadolike new``: what it makes passes its own tests, and runs."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tornadolike.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path, monkeypatch, capsys):
    """A project that was made a moment ago."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my-site"]) == 0
    said = capsys.readouterr().out
    assert "my-site/my_site/app.py\n" in said
    assert "  cd my-site\n  python -m tornadolike run my_site.app\n" in said
    return tmp_path / "my-site"


def run(folder, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_it_passes_its_own_tests(project):
    arguments = ["-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:asyncio"]
    # By its entry point the plugin is found where tornadolike is installed.
    done = run(project, *arguments, "-p", "tornadolike.pytest_plugin")
    if "already registered" in done.stderr:
        done = run(project, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^1\d passed", done.stdout, re.MULTILINE)


@pytest.mark.slow
def test_it_is_clean(project):
    for arguments in (["check"], ["format", "--check", "--line-length", "100"]):
        done = run(project, "-m", "ruff", *arguments, "--isolated", "--no-cache", ".")
        assert done.returncode == 0, done.stdout + done.stderr


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.mark.slow
def test_it_runs(project):
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "my_site"],
        cwd=project,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "MY_SITE_PORT": str(port),
            "MY_SITE_SECRET": secrets.token_hex(32),
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        log = ""
        while "Serving on" not in log:
            line = process.stderr.readline()
            assert line, log
            log += line
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            assert "Hello, world!" in answer.read().decode()
        secret = secrets.token_hex(32)
        taken = run(project, "-m", "my_site", MY_SITE_PORT=str(port), MY_SITE_SECRET=secret)
        process.send_signal(signal.SIGTERM)
        log += process.stderr.read()
    assert process.returncode == 0, log
    assert (taken.returncode, taken.stderr.count("\n")) == (2, 1), taken.stderr


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "my-site: MY_SITE_SECRET is missing: tornadolike secret makes one\n"),
        ({"MY_SITE_PORT": "x"}, "my-site: MY_SITE_PORT is a number below 65536, not 'x'\n"),
    ],
)
def test_settings_that_are_of_no_use(project, environment, said):
    done = run(project, "-m", "my_site", **environment)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(said)


def test_not_twice(project, capsys):
    assert main(["new", "my-site"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"tornadolike: {project} is there already, with ")
    assert said.count("\n") == 1


def test_where_nothing_can_be_written(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["new", str(tmp_path / "file" / "site-x")]) == 2
    assert "cannot be written: Not a directory" in capsys.readouterr().err
