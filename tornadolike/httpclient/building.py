"""Bodies of requests: JSON, forms, files, and what producers give.

.. code-block:: text

    json={"a": 1}                        application/json
    form={"a": "1"}                      application/x-www-form-urlencoded
    files={"photo": Path("me.jpg")}      multipart/form-data, with the fields of ``form`` if there are some
    body_producer=...                    what a function writes, or what a file or an iterable gives

What is not in memory is sent as it is read, and the server is told how long it will be wherever that is known.
"""

import asyncio
import json as json_module
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from .checks import pairs_of
from .engine_types import Producer, Write
from .multipart import Files, Multipart, Part, file_parts
from .sources import BytesSource, Content, Source, source_of

__all__ = ["Body", "Files", "Form", "SourceProducer", "build_body", "producer_of"]

FormValue = str | bytes | int | float
Form = Mapping[str, FormValue | Sequence[FormValue]] | Sequence[tuple[str, FormValue]]
"""Fields of a form by their names: a value, or a list of several; or pairs of a name and a value."""


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent."""

    content_type: str
    data: bytes | None = None
    producer: Producer | None = None
    length: int | None = None
    """Bytes that ``producer`` will give, if that is known."""


def build_body(json: Any = None, form: Form | None = None, files: Files | None = None) -> Body:
    """The body that one of these makes.

    :arg json: what is written as JSON, in UTF-8.
    :arg form: fields of a form. Text is sent as UTF-8.
    :arg files: files of a form: bytes, a :class:`~pathlib.Path`, a file that is open for bytes, an (asynchronous)
        iterable of bytes, or a tuple ``(name, content)`` or ``(name, content, content_type)``; a list of these for
        several. A path is looked at now and opened when it is sent.

    Raises :exc:`ValueError` for json beside the others, and for what JSON has no words for (NaN, circles); and
    :exc:`TypeError` for values of other kinds.
    """
    if json is not None:
        if form is not None or files is not None:
            raise ValueError("a body is json, or a form with its files: give one of them")
        text = json_module.dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return Body("application/json", text.encode())
    fields = _fields("form", form or {})
    if files is None:
        return Body("application/x-www-form-urlencoded", urlencode(fields).encode())
    multipart = Multipart([*(Part(n, BytesSource(v)) for n, v in fields), *file_parts(files)])
    whole = multipart.whole()
    if whole is not None:
        return Body(multipart.content_type, whole)
    return Body(multipart.content_type, None, SourceProducer(multipart), multipart.size)


def with_params(url: str, params: Form) -> str:
    """A URL with names and values added to its query, of which what is there stays as it is: it may be signed.

    Raises :exc:`TypeError` as :func:`build_body` does for forms.
    """
    added = urlencode(_fields("params", params))
    if not added:
        return url
    before, mark, fragment = url.partition("#")
    joint = "?" if "?" not in before else "" if before[-1] in "?&" else "&"
    return f"{before}{joint}{added}{mark}{fragment}"


def _fields(option: str, fields: Form) -> list[tuple[str, bytes]]:
    return [
        (name, _value(option, name, value))
        for name, given in pairs_of(option, fields)
        for value in (given if isinstance(given, list | tuple) else [given])
    ]


def _value(option: str, name: str, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeError as error:
            raise ValueError(f"the value of {name!r} in {option} is no UTF-8: {error}") from None
    # True might be "True", "true", "1" or "on": who fills in a form has to say which.
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value).encode()
    raise TypeError(
        f"the value of {name!r} in {option} is text, bytes or a number, not {type(value).__name__}"
    )


class SourceProducer:
    """A producer (:data:`.Producer`) that gives what a source has."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.length = source.size
        """Bytes that it will give, if that is known."""
        self.repeatable = source.repeatable
        """Whether it can be called once more. If not, another call raises :exc:`RuntimeError`."""

    async def __call__(self, write: Write) -> None:
        async with aclosing(self._source.pieces()) as pieces:
            async for piece in pieces:
                if not isinstance(piece, bytes | bytearray | memoryview):
                    raise TypeError(f"a body is made of bytes, and a piece of it is {piece!r:.50}")
                if piece:
                    await write(bytes(piece))


def producer_of(given: Callable[[Any], Any] | Content | None) -> Producer | None:
    """What gives the body for a request's ``body_producer``: that itself, in a form that engines take.

    :arg given: a function as in Tornado, which is called with ``write``: it may be a coroutine function or not, and
        may await what ``write(piece)`` returns or not. Or a path, an open file or an iterable of bytes.
    """
    if given is None:
        return None
    if isinstance(given, SourceProducer):
        return given
    if callable(given):
        return FunctionProducer(given)
    return SourceProducer(source_of(given))


class FunctionProducer:
    """Calls a function as Tornado does."""

    length = None
    repeatable = True
    """As far as we know: Tornado calls it again for a redirect, too."""

    def __init__(self, function: Callable[[Any], Awaitable[None] | None]) -> None:
        self._function = function

    async def __call__(self, write: Write) -> None:
        last: asyncio.Future[None] | None = None

        def write_now(piece: bytes) -> asyncio.Future[None]:
            # It has to begin though nobody may await it, and what comes behind it has to wait for it.
            nonlocal last
            if last is None or (last.done() and not _has_failed(last)):
                last = asyncio.ensure_future(write(piece))
            else:
                last = asyncio.ensure_future(_write_behind(last, write, piece))
            # If it fails all behind it fail, and with the last of them the producer.
            last.add_done_callback(_has_failed)
            return last

        try:
            waiting = self._function(write_now)
            if waiting is not None:
                await waiting
            if last is not None:
                await last
        except BaseException:
            if last is not None:
                last.cancel()
            raise


async def _write_behind(before: asyncio.Future[None], write: Write, piece: bytes) -> None:
    await before
    await write(piece)


def _has_failed(future: asyncio.Future[None]) -> bool:
    return future.cancelled() or future.exception() is not None
