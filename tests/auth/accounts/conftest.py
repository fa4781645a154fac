"""``site(*rules, **settings)``, as the tests of the site have it; ``clock``: one that is set."""

from types import SimpleNamespace

import pytest

from tests.web.conftest import site
from tornadolike.stores import memory, windows

__all__ = ["site"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock of what counts: it stands at the beginning of a day until it is set."""
    now = SimpleNamespace(seconds=864_000_000.0)
    stand = SimpleNamespace(time_ns=lambda: int(now.seconds * 10**9))
    monkeypatch.setattr(windows, "time", stand)
    monkeypatch.setattr(memory, "monotonic", lambda: now.seconds)
    return now
