"""The Python reference, all of it, to hold the native core against."""

import pytest

from tornadolike._native import RUNNING, references
from tornadolike.http1 import EndOfMessage, Limits
from tornadolike.http1.request_reader import RequestReading
from tornadolike.httputil import HTTPInputError, HTTPServerRequest

needs_native = pytest.mark.skipif(not RUNNING, reason="The native core does not run")

PythonSection = references["fields.FieldSection"]


class PythonSections(references["fields.FieldSectionCache"]):  # type: ignore[misc]
    """The cache of the reference with sections of the reference."""

    def __missing__(self, raw: bytes) -> object:
        section = self[raw] = PythonSection(raw.decode("latin1"), self.max_count)
        return section


class PythonReader(RequestReading):
    """The reader of the reference with nothing native in it."""

    __slots__ = ()

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits, PythonSections(limits.max_header_count))


def transcript(reader: RequestReading, pieces: list[bytes]) -> tuple[list[object], str]:
    """All that can be seen of a reader that is fed so: each event and the state behind it, and how it ended."""
    seen: list[object] = []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (event := reader.next_event()) is not None:
                seen.append(_shown(event))
                seen.append(_state(reader))
            seen.append(_state(reader))
    except HTTPInputError as error:
        seen.append(_state(reader))
        return seen, f"{error.status} {error}"
    return seen, ""


def _shown(event: object) -> object:
    if isinstance(event, EndOfMessage):
        return "end", list(event.trailers.get_all())
    if isinstance(event, HTTPServerRequest):
        return (
            (event.method, event.uri, event.path, event.query, event.version, event.body),
            list(event._fields.items()),
            list(event.headers.get_all()),
        )
    return event


SAID = (
    "close",
    "coding",
    "content_length",
    "expect",
    "fields",
    "has_host",
    "keep_alive",
    "length",
    "plain",
)


def said_by(section: object) -> tuple[object, ...] | None:
    """All that a field section says."""
    return None if section is None else tuple(getattr(section, name) for name in SAID)


def _state(reader: RequestReading) -> object:
    return (
        reader.state,
        reader.complete,
        reader.buffered,
        reader.max_body_size,
        reader._searched,
        reader._ended,
        type(reader._body).__name__,
        said_by(reader.section),
    )
