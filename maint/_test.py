"""./maint/test: check everything, each step in the environment that the `test` extra describes.

pytest comes last, so that the last line of the output is its own.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from maint import _python
from maint._env import FAILED, USAGE, Environment, Failure, Interpreter, call, command, parse
from maint._summary import VARIABLE


@dataclass(frozen=True)
class Step:
    """One check: what it is called, the group it is chosen by, its module and arguments."""

    name: str
    group: str
    program: tuple[str, ...]


STEPS = (
    Step("ruff check", "lint", ("ruff", "check", ".")),
    Step("ruff format", "lint", ("ruff", "format", "--check", ".")),
    Step("mypy", "types", ("mypy",)),
    Step("lint-imports", "imports", ("lint-imports",)),
    Step("pytest", "pytest", ("pytest", "-p", "maint._summary")),
)
GROUPS = tuple(dict.fromkeys(step.group for step in STEPS))


def main() -> int:
    """Run the checks that the command line asks for."""
    return command(_check)


def _check(arguments: Sequence[str]) -> int:
    options, for_pytest = parse(_parser(), arguments)
    if options.pythons:
        for path, _version in _python.find_all():
            print(path)
        return 0
    groups = options.only or (["pytest"] if for_pytest else GROUPS)
    if for_pytest and groups != ["pytest"]:
        raise Failure(f"Only pytest takes arguments: {' '.join(for_pytest)}", USAGE)
    environment = Environment("test", Interpreter.find(options.python), ["test"])
    environment.prepare(fresh=options.fresh)
    if options.prepare:
        return 0
    steps = [step for step in STEPS if step.group in groups]
    return FAILED if _run(steps, environment, for_pytest) else 0


def _run(steps: Sequence[Step], environment: Environment, for_pytest: Sequence[str]) -> bool:
    """Run all the steps, whatever becomes of each; return whether any failed."""
    results: list[str] = []
    failed = False
    for step in steps:
        variables = environment.variables()
        program, *rest = step.program
        if step.group == "pytest":
            variables[VARIABLE] = "\n".join(results)
            # As a module, so that the clone's root is on sys.path: the tests use demos and maint.
            line = [str(environment.python), "-m", program, *rest, *for_pytest]
            failed |= call(line, variables) != 0
        else:
            line = [str(environment.python.with_name(program)), *rest]
            passed, result = _quietly(step.name, line, variables)
            failed |= not passed
            results.append(result)
    return failed


def _quietly(name: str, line: Sequence[str], variables: dict[str, str]) -> tuple[bool, str]:
    """Run a step whose output matters only when it fails; return its line of the summary too."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as output:
        passed = call(line, variables, output=output.fileno()) == 0
        output.seek(0)
        said = output.read().decode(errors="replace")
    verdict = "ok" if passed else "FAILED"
    result = f"{name:14}{verdict:8}{time.monotonic() - start:5.1f} s"
    if not passed and said.strip():
        print(said.rstrip())
    print(result, flush=True)
    return passed, result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./maint/test",
        usage="%(prog)s [--only GROUP] [--python WHICH] [--fresh] [arguments of pytest ...]",
        description="Run every check: ruff, mypy, import-linter and pytest. The first time, make "
        "an environment for them in .venvs/.",
        epilog="With any other argument only pytest runs, with these: ./maint/test tests/maint -k "
        "lock. What stands behind -- is for pytest as well: ./maint/test -- --help",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--only", action="append", choices=GROUPS, help="run these checks only; may be repeated"
    )
    parser.add_argument(
        "--python", metavar="WHICH", help="the Python to use: a path, a command or a version (3.12)"
    )
    parser.add_argument("--pythons", action="store_true", help="list the usable Pythons and end")
    parser.add_argument("--fresh", action="store_true", help="make the environment anew")
    parser.add_argument("--prepare", action="store_true", help="make the environment, and end")
    return parser
