"""The examples in the docstrings."""

import unittest

from tornadolike.httputil import doctests


def test_doctests() -> None:
    suite = doctests()
    assert suite.countTestCases() >= 5
    result = unittest.TestResult()
    suite.run(result)
    assert result.wasSuccessful(), result.failures
