"""docs/limits.rst has every limit, with its default."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from tornadolike.http1 import Limits
from tornadolike.http1connection import ServingParameters
from tornadolike.httputil import ParseMultipartConfig, ParseUrlEncodedConfig
from tornadolike.web import StaticFileHandler
from tornadolike.websocket.protocol import DEFAULT_MAX_MESSAGE_SIZE

PAGE = (Path(__file__).parents[2] / "docs" / "limits.rst").read_text()
ROW = re.compile(r"^``(\w+)`` +(\S+(?: [KM]iB)?) ", re.MULTILINE)

LIMITS: dict[str, Any] = {
    field.name: field.default
    for owner in (Limits, ServingParameters, ParseMultipartConfig, ParseUrlEncodedConfig)
    for field in dataclasses.fields(owner)
    if field.name not in ("limits", "no_keep_alive")  # these are none
}
LIMITS |= {
    name: getattr(StaticFileHandler, name)
    for name in ("MAX_VERSION_CONTENT_SIZE", "MAX_CACHED_VERSIONS", "CACHE_MAX_AGE")
}
LIMITS["websocket_max_message_size"] = DEFAULT_MAX_MESSAGE_SIZE
LIMITS["websocket_ping_interval"] = 0


def said(default: Any) -> str:
    """A default as the page says it."""
    if default is None:
        return "none"
    for size, unit in ((1024 * 1024, "MiB"), (1024, "KiB")):
        if type(default) is int and default >= size and default % size == 0:
            return f"{default // size} {unit}"
    return f"{default:g}" if isinstance(default, float) else str(default)


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_is_on_the_page(name: str) -> None:
    assert dict(ROW.findall(PAGE)).get(name) == said(LIMITS[name])


def test_nothing_else_is() -> None:
    assert {name for name, _ in ROW.findall(PAGE)} - LIMITS.keys() == {"websocket_ping_timeout"}
