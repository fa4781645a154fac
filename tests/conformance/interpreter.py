"""Runs a module of the interpreter's own event-loop tests (``test.test_asyncio``) on our loop.

    python -m tests.conformance.interpreter test_events            # without the excluded
    python -m tests.conformance.interpreter test_events --excluded # only those: do they still fail?
    python -m tests.conformance.interpreter test_events --only '*sock*'

Wherever those tests make a loop of the standard library (``asyncio.new_event_loop()``,
``asyncio.SelectorEventLoop(selector)``, the default policy) they get an :class:`IOLoop`, over our poller
of the kind that the selector is of. The tests themselves are the interpreter's, untouched. What is left
out, and why, is in ``exclusions.toml``.
"""

import argparse
import asyncio
import faulthandler
import fnmatch
import importlib
import json
import os
import selectors
import sys
import tomllib
import unittest
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.poller import Poller, SelectPoller

EXCLUSIONS = Path(__file__).with_name("exclusions.toml")

PATIENCE = 90.0
"""Seconds after which a single test is taken for hung, and ends the run with a traceback."""


@dataclass(frozen=True)
class Exclusion:
    """Tests (``module.Class.test`` patterns) that are left out, for a reason, on some Pythons."""

    tests: tuple[str, ...]
    reason: str
    pythons: tuple[str, ...] = ()

    def applies(self, name: str) -> bool:
        here = "{}.{}".format(*sys.version_info[:2])
        if self.pythons and here not in self.pythons:
            return False
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.tests)


def exclusions() -> list[Exclusion]:
    entries = tomllib.loads(EXCLUSIONS.read_text())["exclude"]
    return [
        Exclusion(tuple(entry["tests"]), entry["reason"], tuple(entry.get("pythons", ())))
        for entry in entries
    ]


class LoopUnderTest(IOLoop):
    """What the tests get in place of the standard library's loops."""

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        poller: Poller | None = None
        if isinstance(selector, selectors.SelectSelector):
            poller = SelectPoller()
        if selector is not None:
            selector.close()
        super().__init__(make_current=False, poller=poller)


def take_the_place_of_the_standard_loop() -> None:
    namespace: Any = asyncio
    namespace.SelectorEventLoop = LoopUnderTest
    if hasattr(namespace, "EventLoop"):  # since 3.13
        namespace.EventLoop = LoopUnderTest
    namespace.DefaultEventLoopPolicy._loop_factory = LoopUnderTest


def each_test(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for entry in suite:
        if isinstance(entry, unittest.TestSuite):
            yield from each_test(entry)
        else:
            yield entry


def short_name(test: unittest.TestCase) -> str:
    return test.id().removeprefix("test.test_asyncio.")


class Record(unittest.TextTestResult):
    """Also writes down what became of each test, for who reads it as JSON."""

    outcomes: dict[str, str]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.outcomes = {}

    def startTest(self, test: unittest.TestCase) -> None:
        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        self.outcomes[short_name(test)] = "passed"
        super().startTest(test)

    def stopTest(self, test: unittest.TestCase) -> None:
        faulthandler.cancel_dump_traceback_later()
        super().stopTest(test)

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        self.outcomes[short_name(test)] = "failed"
        super().addError(test, err)

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        self.outcomes[short_name(test)] = "failed"
        super().addFailure(test, err)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        if err is not None:
            self.outcomes[short_name(test)] = "failed"
        super().addSubTest(test, subtest, err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self.outcomes[short_name(test)] = "skipped"
        super().addSkip(test, reason)


def main() -> int:
    parser = argparse.ArgumentParser(description="the interpreter's own asyncio tests on our loop")
    parser.add_argument("module", help="a module of test.test_asyncio")
    parser.add_argument("--excluded", action="store_true", help="only the tests that are left out")
    parser.add_argument("--only", default="*", help="a pattern of Class.test names")
    parser.add_argument("--json", type=Path, help="where to write what became of each test")
    options = parser.parse_args()

    take_the_place_of_the_standard_loop()
    module = importlib.import_module(f"test.test_asyncio.{options.module}")
    left_out = exclusions()
    chosen = unittest.TestSuite(
        test
        for test in each_test(unittest.defaultTestLoader.loadTestsFromModule(module))
        if any(entry.applies(short_name(test)) for entry in left_out) == options.excluded
        and fnmatch.fnmatchcase(short_name(test).partition(".")[2], options.only)
    )
    runner = unittest.TextTestRunner(resultclass=Record, verbosity=1)
    result = runner.run(chosen)
    assert isinstance(result, Record)
    if options.json:
        options.json.write_text(json.dumps(result.outcomes))
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that a failed test has left must not hold the verdict back.
    os._exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    sys.exit(main())
