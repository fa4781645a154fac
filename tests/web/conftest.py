"""``site(*rules, **settings)``: a site that is served while the test runs."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import Site


@pytest.fixture
def site(serve: Callable[..., Any]) -> Callable[..., Site]:
    def start(*rules: Any, server: dict[str, Any] | None = None, **settings: Any) -> Site:
        return Site(serve, rules, server or {}, settings)

    return start
