"""docs/limits.rst has every limit, with its default."""

import dataclasses
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from tornadolike.accesslog import AccessLog
from tornadolike.http1 import Limits, ResponseReader
from tornadolike.http1connection import ServingParameters
from tornadolike.httputil import ParseMultipartConfig, ParseUrlEncodedConfig, TrustedProxies
from tornadolike.ioloop.transports.tls.transport import HANDSHAKE_TIMEOUT, SHUTDOWN_TIMEOUT
from tornadolike.iostream import BaseIOStream
from tornadolike.iostream.reading import MAX_BUFFER_SIZE, READ_CHUNK_SIZE
from tornadolike.locale.negotiation import MAX_LANGUAGE_RANGES
from tornadolike.locale.numbers import MAX_DIGITS
from tornadolike.locale.tags import LONGEST_TAG
from tornadolike.netutil import CachedResolver
from tornadolike.netutil.binding import DEFAULT_BACKLOG
from tornadolike.process import MAX_RESTARTS
from tornadolike.tcpclient import TCPClient
from tornadolike.template.checking.sources import MOST_FILES
from tornadolike.template.parser import MAX_DEPTH
from tornadolike.template.runtime import CHUNK_SIZE
from tornadolike.tls import ClientSessions
from tornadolike.web import GZipContentEncoding, StaticFileHandler
from tornadolike.web.rendering import FLUSH_SIZE
from tornadolike.web.resources import MAX_BEHIND_BODY
from tornadolike.web.spool import DEFAULT_MEMORY_SIZE
from tornadolike.websocket.protocol import DEFAULT_MAX_MESSAGE_SIZE

PAGE = (Path(__file__).parents[2] / "docs" / "limits.rst").read_text()
ROW = re.compile(r"^``(\w+)`` +(\S+(?: [KM]iB)?) ", re.MULTILINE)

LIMITS: dict[str, Any] = {
    field.name: field.default
    for owner in (Limits, ServingParameters, ParseMultipartConfig, ParseUrlEncodedConfig)
    for field in dataclasses.fields(owner)
    # these are none
    if field.name not in ("limits", "no_keep_alive", "protocol", "trust", "proxy_protocol")
}
LIMITS |= {
    name: getattr(StaticFileHandler, name)
    for name in ("MAX_VERSION_CONTENT_SIZE", "MAX_CACHED_VERSIONS", "CACHE_MAX_AGE")
}
LIMITS["min_length"] = GZipContentEncoding.MIN_LENGTH
LIMITS["LARGE_LENGTH"] = GZipContentEncoding.LARGE_LENGTH
LIMITS["websocket_max_message_size"] = DEFAULT_MAX_MESSAGE_SIZE
LIMITS["websocket_ping_interval"] = 0
LIMITS["upload_memory_size"] = DEFAULT_MEMORY_SIZE
LIMITS |= {
    "max_buffer_size": MAX_BUFFER_SIZE,
    "read_chunk_size": READ_CHUNK_SIZE,
    "ssl_handshake_timeout": HANDSHAKE_TIMEOUT,
    "ssl_shutdown_timeout": SHUTDOWN_TIMEOUT,
    "backlog": str(DEFAULT_BACKLOG),  # connections, not bytes
    "max_restarts": MAX_RESTARTS,
}
LIMITS |= {
    name: inspect.signature(function).parameters[name].default
    for function, names in (
        (BaseIOStream.__init__, ("max_write_buffer_size",)),
        (BaseIOStream.read_until, ("max_bytes",)),
        (TrustedProxies.__init__, ("max_hops",)),
        (TCPClient.__init__, ("happy_eyeballs_delay",)),
        (TCPClient.connect, ("timeout",)),
        (AccessLog.__init__, ("flush_interval", "flush_size", "max_pending_size")),
        (CachedResolver.initialize, ("ttl", "error_ttl", "max_entries")),
        (ClientSessions.__init__, ("max_sessions", "max_contexts")),
        (ResponseReader.__init__, ("max_interim_responses",)),
    )
    for name in names
}


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
    assert {default for row, default in ROW.findall(PAGE) if row == name} == {said(LIMITS[name])}


def test_nothing_else_is() -> None:
    assert {name for name, _ in ROW.findall(PAGE)} - LIMITS.keys() == {"websocket_ping_timeout"}


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        (MAX_LANGUAGE_RANGES, "{} languages of an ``Accept-Language``"),
        (LONGEST_TAG, "The code of a language has {} characters"),
        (MAX_DIGITS, "have {} digits at the most"),
        (FLUSH_SIZE, "when there are more than {} of it"),
        (MAX_BEHIND_BODY, "if that is not more than {}."),
        (str(CHUNK_SIZE), "``template.stream()`` collects {} characters"),
        (MAX_DEPTH, "tags stand in each other {} deep"),
        (MOST_FILES, "``templates check`` reads {} files"),
    ],
)
def test_what_is_fixed_is_as_the_page_says(limit: Any, sentence: str) -> None:
    assert sentence.format(said(limit)) in " ".join(PAGE.split())
