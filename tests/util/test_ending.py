"""A program ends with a line."""

import subprocess
import sys

import pytest

RAISING = """
import sys
from tornadolike.util import ends_in_one_line

def fail(error):
    ends_in_one_line(error, "a line")
    raise error

try:
    fail(ValueError("first"))
except ValueError as error:
    caught = error
"""


def end(program: str, *flags: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *flags, "-c", RAISING + program],
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("error", ["ValueError('x')", "OSError(2, 'x', 'y')", "KeyError()"])
def test_it_is_told_in_a_line(error: str) -> None:
    assert end(f"fail({error})") == (2, "-c: a line\n")


def test_one_that_was_caught_changes_nothing() -> None:
    assert end("print('runs', file=sys.stderr)") == (0, "runs\n")


def test_others_have_their_traceback() -> None:
    status, said = end("raise ValueError('other')")
    assert status == 1
    assert said.endswith("ValueError: other\n")
    assert said.startswith("Traceback")


def test_the_one_before_is_asked_for_others() -> None:
    hooked = "sys.excepthook = lambda *info: print('mine', info[1], file=sys.stderr)\n"
    assert end(f"{hooked}fail(ValueError('x'))") == (2, "-c: a line\n")
    assert end(f"{hooked}fails = fail\nraise ValueError('x')") == (1, "mine x\n")
    again = f"{hooked}\ntry: fail(ValueError('x'))\nexcept ValueError: pass\nraise ValueError('y')"
    assert end(again) == (1, "mine y\n")


@pytest.mark.parametrize("flags", [("-X", "dev"), ("-i",)])
def test_whoever_wants_a_traceback_gets_it(flags: tuple[str, ...]) -> None:
    _, said = end("fail(ValueError('x'))", *flags)
    assert "Traceback" in said
    assert "ValueError: x" in said


def test_the_exception_goes_when_nobody_has_it() -> None:
    program = """
import gc, weakref
class Kept(Exception): pass
def caught():
    try:
        fail(Kept())
    except Kept as error:
        return weakref.ref(error)
kept = caught()
gc.collect()
assert kept() is None
"""
    assert end(program) == (0, "")
