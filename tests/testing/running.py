"""Test cases that a test makes, and runs."""

import unittest
from typing import Any


def outcome(case: type[unittest.TestCase], name: str = "test") -> unittest.TestResult:
    """What becomes of the method ``name`` of a test case."""
    result = unittest.TestResult()
    case(name).run(result)
    assert result.testsRun == 1
    return result


def passes(case: type[unittest.TestCase], name: str = "test") -> None:
    """Fails with the test case's own traceback."""
    result = outcome(case, name)
    assert not result.errors, result.errors[0][1]
    assert not result.failures, result.failures[0][1]


def complaint(case: type[unittest.TestCase], name: str = "test") -> str:
    """The traceback of a method that has to go wrong."""
    result = outcome(case, name)
    told: list[Any] = [*result.errors, *result.failures]
    assert len(told) == 1, told
    return str(told[0][1])
