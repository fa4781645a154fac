"""Tests from the command line."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PATIENCE

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent.parent

TESTS = """
import logging, os, signal, unittest
from tornadolike.options import define, options
from tornadolike.testing import main

define("who", default="world")

class Good(unittest.TestCase):
    def test(self):
        logging.getLogger("site").info("%s was here", options.who)

class Bad(unittest.TestCase):
    def test(self):
        print("printed by Bad")
        self.fail("as it has to")

    def test_too(self):
        self.fail("as it has to, too")

class Interrupted(unittest.TestCase):
    def test(self):
        os.kill(os.getpid(), signal.SIGINT)

def all():
    return unittest.defaultTestLoader.loadTestsFromTestCase(Good)

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def run(tmp_path):
    """``run(*arguments)`` is ``python -m tornadolike.testing``; with ``script=True``, ``python site_tests.py``."""
    (tmp_path / "site_tests.py").write_text(TESTS)

    def start(*arguments: str, script: bool = False) -> subprocess.CompletedProcess[str]:
        program = ["site_tests.py"] if script else ["-m", "tornadolike.testing"]
        return subprocess.run(
            [sys.executable, *program, *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=6 * PATIENCE,
            check=False,
        )

    return start


def test_the_named_ones_are_run(run):
    done = run("site_tests.Good", "site_tests.Bad.test")
    assert done.returncode == 1
    assert "Ran 2 tests" in done.stderr
    assert "AssertionError: as it has to" in done.stderr
    assert "world was here" in done.stderr  # it is logged, as programs do
    assert "printed by Bad" in done.stdout


@pytest.mark.parametrize(
    ("options", "told", "not_told"),
    [
        (["--verbose"], "test_too (site_tests.Bad.test_too) ... FAIL", "nothing"),
        (["--quiet"], "FAILED", "F.F"),
        (["--failfast"], "Ran 1 test", "test_too"),
        (["--buffer", "--logging=none"], "Stdout:\nprinted by Bad", "was here"),
    ],
)
def test_options(run, options, told, not_told):
    done = run(*options, "site_tests.Bad", "site_tests.Good")
    assert done.returncode == 1
    assert told in done.stderr
    assert not_told not in done.stderr


def test_a_program_with_tests_of_its_own(run):
    done = run("--who=Ann", script=True)
    assert done.returncode == 0
    assert "Ran 1 test" in done.stderr
    assert "Ann was here" in done.stderr
    done = run("__main__.Bad", script=True)
    assert done.returncode == 1
    assert "Ran 2 tests" in done.stderr


def test_what_an_interruption_does(run):
    done = run("site_tests.Interrupted")
    assert "KeyboardInterrupt" in done.stderr
    done = run("--exception-on-interrupt=false", "site_tests.Interrupted")
    assert done.returncode == -signal.SIGINT
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "tornadolike.testing: which tests?"),
        (["no_such_thing.Test"], "tornadolike.testing: there is no module 'no_such_thing' to test"),
        ([".Test"], "there is no module '' to test"),
        (["site_tests", "--verbose"], "--verbose: options stand before the names of tests"),
        (["--vebose", "site_tests"], "--vebose: there is no such option; did you mean --verbose?"),
    ],
)
def test_mistakes_are_told_in_one_line(run, arguments, told):
    done = run(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_help(run):
    done = run("--help")
    assert done.returncode == 0
    assert done.stderr.startswith("Usage: python -m tornadolike.testing [OPTIONS]")
    assert "--failfast" in done.stderr
