"""Servers that can be watched."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.http1connection.helpers import Watched
from tests.wire.site import answer


@pytest.fixture
def watch(serve: Any) -> Callable[..., Watched]:
    """``server = watch(application, **options)``: a :class:`Watched` server."""

    def start(application: Any = answer, **options: Any) -> Watched:
        return Watched(serve(application, **options))

    return start
