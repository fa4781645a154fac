"""docs/workers.rst: what it names is there, and its programs run."""

import argparse
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.programs.commands import Run
from tornadolike.cli.running.production import add_arguments
from tornadolike.workers import Settings

pytestmark = pytest.mark.once

PAGE = (Path(__file__).parents[2] / "docs" / "workers.rst").read_text()


def program(name):
    """The text of a program on the page."""
    found = re.search(rf"   :caption: {name}\n\n((?:   .*\n|\n)+)", PAGE)
    assert found is not None
    return re.sub(r"(?m)^   ", "", found[1])


def test_all_options_are_told_of():
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    assert {*parser._option_string_actions} <= {*re.findall(r"--[a-z-]+", PAGE)}


def test_the_defaults_are_true():
    default = Settings(application="")
    for name in ("start_timeout", "drain_seconds", "worker_timeout"):
        assert f"``--{name.replace('_', '-')} {getattr(default, name):g}``" in PAGE


@pytest.mark.timeout(180)
def test_the_programs_run(tmp_path):
    (tmp_path / "hello.py").write_text(program("hello.py"))
    run = Run(tmp_path, "hello:app", "--workers", "2", "--port", "0")
    try:
        run.until(r"worker \d \(pid \d+\) is ready after \d")
        run.until_served()
        assert run.get()[2] == "Hello!"
        assert run.end() == 0
    finally:
        run.close()


@pytest.mark.timeout(180)
def test_from_a_program(tmp_path):
    (tmp_path / "hello.py").write_text(program("hello.py"))
    serve = program("serve.py").replace("port=8000", "port=0")
    (tmp_path / "serve.py").write_text(serve)
    run = Run(tmp_path, command=[sys.executable, "serve.py"])
    try:
        run.until_served()
        assert run.get()[2] == "Hello!"
        assert run.end(signal.SIGTERM) == 0
    finally:
        run.close()
