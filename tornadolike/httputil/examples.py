"""The examples in this package's docstrings, as tests."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import unittest


def doctests() -> "unittest.TestSuite":
    """A suite that runs the examples of :mod:`tornadolike.httputil`."""
    # Imported by whom it concerns: nobody else pays for them.
    import doctest
    import unittest

    suite = unittest.TestSuite()
    package = __name__.rpartition(".")[0]
    for name in sorted(sys.modules):
        if name == package or name.startswith(f"{package}."):
            suite.addTest(doctest.DocTestSuite(sys.modules[name]))
    return suite
