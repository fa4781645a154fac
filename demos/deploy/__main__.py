"""`python -m demos.deploy`: serve the small site at the desk, without anything in front of it."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from demos.serving import main
from tornadolike.web import Application

from .site import app


@asynccontextmanager
async def site() -> AsyncIterator[Application]:
    """The application; it needs nothing around it."""
    yield app


if __name__ == "__main__":
    sys.exit(main("Deploy", site))
