"""``visit(sessions, page=function, ...)``: a browser at a site; ``keeping``: each way to keep sessions in turn."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.sessions.browser import Browser, Clock, visited
from tests.web.conftest import site  # noqa: F401 (a fixture)
from tests.web.helpers import Site
from tornadolike.sessions import Sessions
from tornadolike.stores import MemoryStore


@pytest.fixture
def visit(site: Callable[..., Site]) -> Callable[..., Browser]:  # noqa: F811 - pytest finds fixtures by their names
    return partial(visited, site)


@pytest.fixture(params=["cookie", "store"])
def keeping(request: pytest.FixtureRequest) -> Callable[..., Sessions]:
    """Makes the middleware."""
    return Sessions if request.param == "cookie" else partial(Sessions, MemoryStore())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)
