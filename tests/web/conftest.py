"""``site(*rules, **settings)``: a site that is served while the test runs; ``run_program(source)``: a process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.going_away import Events
from tests.web.helpers import Site
from tests.web.programs import run_programs


@pytest.fixture
def site(serve: Callable[..., Any]) -> Callable[..., Site]:
    def start(*rules: Any, server: dict[str, Any] | None = None, **settings: Any) -> Site:
        return Site(serve, rules, server or {}, settings)

    return start


@pytest.fixture
def happened() -> Events:
    return Events()


@pytest.fixture
def run_program(forks: Any, tmp_path: Path) -> Any:
    yield from run_programs(forks, tmp_path)
