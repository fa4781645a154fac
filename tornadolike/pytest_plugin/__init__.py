"""A plugin for pytest: ``async def`` tests on our loop, and an application that is served on a free port.

.. code-block:: python

    import pytest
    from site import make_app

    @pytest.fixture
    def app():
        return make_app()

    async def test_hello(http_client):
        response = await http_client.fetch("/")
        assert response.body == b"Hello"

pytest finds it by its entry point wherever tornadolike is installed. Therefore it imports nothing of the rest
before a test wants it, and leaves alone what belongs to others.

Its rooms, each of which knows only those above it:

.. code-block:: text

   settings     what the configuration, the command line and a test's marks say
   choosing     which tests are ours to run
   running      coroutines on a loop, for so long at the most
   loops        a loop for a test, and its end
   checks       what a test may leave behind
   sites        applications that are served, and their clients
   fixtures     the fixtures
   hooks        what pytest calls
"""

from .hooks import (
    pytest_addoption,
    pytest_configure,
    pytest_fixture_setup,
    pytest_pycollect_makeitem,
    pytest_pycollect_makeitem_ours,
    pytest_pyfunc_call,
)
from .loops import new_loop

__all__ = [
    "new_loop",
    "pytest_addoption",
    "pytest_configure",
    "pytest_fixture_setup",
    "pytest_pycollect_makeitem",
    "pytest_pycollect_makeitem_ours",
    "pytest_pyfunc_call",
]
