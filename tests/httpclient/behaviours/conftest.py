"""An engine, and servers to ask."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.httpclient.behaviours.engines import ENGINES, Engine
from tests.httpclient.behaviours.nginx import Nginx
from tests.httpclient.behaviours.scripted import Script, Scripted, scripted
from tests.tls_certs import Certificates


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn, on our loop."""
    if request.param == "curl":
        pytest.importorskip("pycurl")
    return Engine(request.param)


@pytest.fixture(params=["IOLoop", "asyncio"])
def guest_engine(engine: Engine, request: pytest.FixtureRequest) -> Engine:
    """Each engine on each kind of loop."""
    return Engine(engine.name, request.param)


@pytest.fixture
def play() -> Iterator[Callable[..., Scripted]]:
    """``server = play(script)``: a scripted server, stopped at the end of the test."""
    with ExitStack() as stack:

        def start(script: Script, **options: Any) -> Scripted:
            return stack.enter_context(scripted(script, **options))

        yield start


@pytest.fixture(scope="session")
def nginx(tmp_path_factory: pytest.TempPathFactory, certs: Certificates) -> Iterator[Nginx]:
    """An nginx with the site that all servers have, and more."""
    # Unix sockets have short paths, pytest's folders long ones.
    folder: Path = tmp_path_factory.mktemp("nginx")
    with Nginx(folder, certs) as server:
        yield server
