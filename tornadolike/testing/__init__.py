"""For tests of programs that use tornadolike: test cases for :mod:`unittest`, and tools for every kind of test.

.. code-block:: python

    from tornadolike.testing import AsyncHTTPTestCase

    class HelloTest(AsyncHTTPTestCase):
        def get_app(self):
            return make_app()

        def test_hello(self):
            self.assertEqual(self.fetch("/").body, b"Hello")

Rooms, from the bottom up: :mod:`.limits` (how long a test may take), :mod:`.clock` (time that jumps),
:mod:`.logs`, :mod:`.ports` and :mod:`.certificate` (what servers of tests need), :mod:`.cases`,
:mod:`.coroutines` and :mod:`.http_cases` (the test cases), :mod:`.program` (the command line).
"""

from .cases import AsyncTestCase, setup_with_context_manager
from .certificate import local_certificate
from .clock import VirtualClock
from .coroutines import gen_test
from .http_cases import AsyncHTTPSTestCase, AsyncHTTPTestCase
from .limits import get_async_test_timeout
from .logs import ExpectLog
from .ports import bind_unused_port
from .program import main

__all__ = [
    "AsyncHTTPSTestCase",
    "AsyncHTTPTestCase",
    "AsyncTestCase",
    "ExpectLog",
    "VirtualClock",
    "bind_unused_port",
    "gen_test",
    "get_async_test_timeout",
    "local_certificate",
    "main",
    "setup_with_context_manager",
]
