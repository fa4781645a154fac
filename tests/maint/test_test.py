"""./maint/test: every check runs whatever becomes of the others, and pytest has the last word."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from maint import _test
from maint._env import Environment, Failure, Interpreter
from maint._summary import VARIABLE

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def tools(
    fake: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], Path]:
    """An environment whose programs are fakes, all content until the test says otherwise."""

    def prepare(self: Environment, fresh: bool) -> None:
        self.python = python

    for name in ("ruff", "mypy", "lint-imports"):
        fake(name, "echo all is well")
    python = fake("python", f'echo "pytest: $@"; echo "${VARIABLE}"; exit 0')
    monkeypatch.setattr(Environment, "prepare", prepare)
    return fake


def names(lines: Sequence[str]) -> list[str]:
    """Return the lines of results without their times."""
    return [line.rsplit(maxsplit=2)[0].rstrip() for line in lines]


def test_everything(tools: Callable[[str, str], Path], capfd: pytest.CaptureFixture[str]) -> None:
    assert _test._check([]) == 0
    said = capfd.readouterr().out.splitlines()
    summary = ["ruff check    ok", "ruff format   ok", "mypy          ok", "lint-imports  ok"]
    assert names(said[:4]) == summary
    assert said[4] == "pytest: -m pytest -p maint._summary"
    assert said[5:] == said[:4]


def test_a_failure_does_not_stop_the_others(
    tools: Callable[[str, str], Path], capfd: pytest.CaptureFixture[str]
) -> None:
    tools("mypy", "echo wrong type; echo and this >&2; exit 1")
    tools("lint-imports", "exit 2")
    assert _test._check([]) == 1
    said = capfd.readouterr().out.splitlines()
    assert said[2:4] == ["wrong type", "and this"]
    summary = [
        "ruff check    ok",
        "ruff format   ok",
        "mypy          FAILED",
        "lint-imports  FAILED",
    ]
    assert names([*said[:2], *said[4:6]]) == summary
    assert said[6].startswith("pytest: ")
    assert names(said[7:]) == summary


def test_a_failure_of_pytest_is_one_of_all(tools: Callable[[str, str], Path]) -> None:
    tools("python", "exit 5")
    assert _test._check([]) == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tests/maint -k lock", ["pytest: -m pytest -p maint._summary tests/maint -k lock", ""]),
        ("-- --help", ["pytest: -m pytest -p maint._summary --help", ""]),
        ("--only pytest -x", ["pytest: -m pytest -p maint._summary -x", ""]),
        ("--only imports", ["lint-imports  ok"]),
        ("--only types --only lint", ["ruff check    ok", "ruff format   ok", "mypy          ok"]),
    ],
)
def test_a_part_of_it(
    tools: Callable[[str, str], Path],
    capfd: pytest.CaptureFixture[str],
    line: str,
    expected: list[str],
) -> None:
    assert _test._check(line.split()) == 0
    said = capfd.readouterr().out.splitlines()
    assert (said if said[0].startswith("pytest") else names(said)) == expected


def test_only_pytest_takes_arguments(tools: Callable[[str, str], Path]) -> None:
    with pytest.raises(Failure, match="Only pytest takes arguments: -x"):
        _test._check(["--only", "lint", "-x"])


def test_the_list_of_pythons(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [("/a/python3.13", (3, 13, 0)), ("/b/python3.11", (3, 11, 2))]
    monkeypatch.setattr("maint._python.find_all", lambda: iter(found))
    assert _test._check(["--pythons"]) == 0
    assert capsys.readouterr().out == "/a/python3.13\n/b/python3.11\n"


def test_environments_by_version() -> None:
    old = Environment("test", Interpreter("/a/python", (3, 11, 2)), ["test"])
    new = Environment("test", Interpreter("/b/python", (3, 12, 1)), ["test"])
    assert (old.path.name, new.path.name) == ("test-3.11", "test-3.12")


@pytest.mark.parametrize("checks", ["", "mypy   FAILED  1 s\nruff   ok   0 s"])
def test_the_last_line_is_pytests(tmp_path: Path, checks: str) -> None:
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "maint._summary", tmp_path],
        cwd=ROOT,
        env={VARIABLE: checks},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert "1 passed" in lines[-1]
    if checks:
        heading = next(number for number, line in enumerate(lines) if "the other checks" in line)
        assert lines[heading + 1 : heading + 3] == checks.splitlines()
    else:
        assert "the other checks" not in done.stdout
