"""Server-sent events (the HTML standard, section 9.2): a response without an end that browsers read by themselves.

.. code-block:: python

    async def get(self):
        async with self.event_stream() as events:
            async for price in prices():
                await events.send({"price": price}, event="price")
"""

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Literal
from weakref import WeakValueDictionary

from ...escape import json_encode
from ...ioloop import Deadlines, IOLoop
from ...iostream import StreamClosedError
from ...log import gen_log
from ...util import lazy
from ..errors import Finish, HTTPError
from .generators import Source, Streams, Turns, close_items, items_of
from .lasting import Lasting

WhenFull = Literal["close", "drop_oldest", "drop_newest"]

POLICIES: Final = ("close", "drop_oldest", "drop_newest")

DEFAULT_KEEP_ALIVE: Final = 15.0
"""Seconds of silence after which a comment is sent: as the standard advises, for proxies that drop what is idle."""
DEFAULT_MAX_WAITING: Final = 100
"""Events that wait for a client that is slow."""

KEEP_ALIVE: Final = b":\n\n"
TICK: Final = 0.5
"""How exactly the silence is measured, in seconds."""

_LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")
_UNSAFE: Final = re.compile(r"[\r\n\0]")

_wheels: Final[WeakValueDictionary[int, Deadlines]] = WeakValueDictionary()
"""What looks for silence, by the numbers of loops: one for all streams of a loop, as long as there is one."""


@dataclass(frozen=True, slots=True)
class Event:
    """What :meth:`EventStream.send` sends at once.

    :ivar data: text of any number of lines, bytes in UTF-8, or a dict, which is sent as JSON. None: the client learns
        no more than ``id`` and ``retry``, and calls nobody.
    :ivar event: the name by which the client listens for it; None: ``"message"``.
    :ivar id: what the client says in ``Last-Event-ID`` when it comes back; an empty one makes it forget.
    :ivar retry: milliseconds until it comes back if the connection is lost.
    :ivar comment: text that the client ignores.
    """

    data: str | bytes | Mapping[str, Any] | None = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    comment: str | None = None

    def encode(self) -> bytes:
        """The event as it is sent.

        Raises :exc:`ValueError` for a line break or a NUL in ``event`` or ``id``, for what is not UTF-8 and for an
        event with nothing in it, and :exc:`TypeError` for other types than those that are told above.
        """
        return encode_event(self.data, self.event, self.id, self.retry, self.comment)


def encode_event(
    data: object, event: object, id: object, retry: object, comment: object = None
) -> bytes:
    """What :meth:`Event.encode` gives, without an :class:`Event`."""
    lines: list[str] = []
    if comment is not None:
        lines += [f": {line}" for line in _lines_of("comment", comment)]
    if event is not None:
        lines.append(f"event: {_one_line('event', event)}")
    if id is not None:
        lines.append(f"id: {_one_line('id', id)}")
    if retry is not None:
        lines.append(f"retry: {checked_retry(retry)}")
    if data is not None:
        lines += [f"data: {line}" for line in _lines_of("data", _text_of(data))]
    if not lines:
        raise ValueError("an event has data, or at least an id, a retry or a comment")
    return ("\n".join(lines) + "\n\n").encode()


def _text_of(data: object) -> str:
    if isinstance(data, str):
        return data
    if isinstance(data, bytes):
        return data.decode()
    if isinstance(data, Mapping):
        return json_encode(data)
    raise TypeError(
        f"the data of an event is str, bytes or a dict, not {type(data).__name__}; "
        "json_encode() makes text of what JSON can hold"
    )


def _lines_of(name: str, text: object) -> list[str]:
    if not isinstance(text, str):
        raise TypeError(f"the {name} of an event is a str, not {text!r}")
    return _LINE_BREAK.split(text) if "\n" in text or "\r" in text else [text]


def _one_line(name: str, text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"the {name} of an event is a str, not {text!r}")
    if _UNSAFE.search(text):
        raise ValueError(f"the {name} of an event can have no line break and no NUL: {text!r}")
    return text


def checked_retry(retry: object) -> int:
    """``retry`` if it is a number of milliseconds. Raises :exc:`TypeError` or :exc:`ValueError`."""
    if not isinstance(retry, int) or isinstance(retry, bool):
        raise TypeError(f"retry is a whole number of milliseconds, not {retry!r}")
    if retry < 0:
        raise ValueError(f"retry should not be negative: {retry}")
    return retry


class EventStream:
    """Events on their way to one client; made by :meth:`.RequestHandler.event_stream`, for ``async with``.

    Its methods may be called by any task of the loop, as long as the ``async with`` goes on.
    """

    bucket = Deadlines.NOWHERE
    deadline = 0.0

    def __init__(
        self,
        handler: "EventStreams",
        retry: int | None,
        keep_alive: float | None,
        max_waiting: int,
        when_full: WhenFull,
    ) -> None:
        self._handler = handler
        self._retry = None if retry is None else checked_retry(retry)
        if keep_alive is not None and not keep_alive > 0:
            raise ValueError(
                f"keep_alive is a number of seconds, or None for never: not {keep_alive!r}"
            )
        if max_waiting < 1:
            raise ValueError(f"max_waiting is a number of events, 1 or more: not {max_waiting!r}")
        if when_full not in POLICIES:
            raise ValueError(f"when_full is one of {', '.join(POLICIES)}, not {when_full!r}")
        self._keep_alive = keep_alive
        self._max_waiting = max_waiting
        self._when_full = when_full
        self._lasting = Lasting(handler, endless=True)
        self._wheel: Deadlines | None = None
        self._turns = Turns()
        self._going: asyncio.Future[None] | None = None
        """What the client has not taken yet."""
        self._queue: deque[bytes] = deque()
        """The events behind that."""
        self._senders: list[asyncio.Future[None]] = []
        self.dropped = 0
        """How many events were left out because the client is too slow."""

    @property
    def last_event_id(self) -> str | None:
        """:attr:`.RequestHandler.last_event_id`, which was looked at before the head was sent."""
        return self._handler.last_event_id

    @property
    def closed(self) -> bool:
        """Whether nothing more can be sent: the stream has not begun, is over, or its client has gone."""
        handler = self._handler
        return self._lasting.is_over or handler._finished or handler.request.connection.closed

    async def __aenter__(self) -> "EventStream":
        handler = self._handler
        if handler._headers_written:
            raise RuntimeError("Cannot begin a stream of events after headers have been written")
        handler.last_event_id  # noqa: B018 - behind the head there is no place for the 400 that it may be
        handler.set_header("Content-Type", "text/event-stream")
        if "Cache-Control" not in handler._headers:
            # And nobody on the way is to collect events in order to compress them.
            handler.set_header("Cache-Control", "no-store, no-transform")
        if "X-Accel-Buffering" not in handler._headers:
            handler.set_header("X-Accel-Buffering", "no")
        if handler.request.method == "HEAD":
            await handler.flush()
            raise Finish
        self._lasting.__enter__()
        try:
            if self._retry is not None:
                handler.write(Event(retry=self._retry).encode())
            await handler.flush()
        except BaseException as error:
            if self._lasting.__exit__(type(error), error, error.__traceback__):
                raise Finish from None
            raise
        if self._keep_alive is not None:
            self._wheel = _wheel()
            self._listen()
        return self

    async def __aexit__(
        self,
        typ: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if self._wheel is not None:
            self._wheel.discard(self)
        try:
            return self._lasting.__exit__(typ, error, traceback)
        finally:
            if self._queue and not (self._lasting.client_left or self._handler._finished):
                self._put(b"".join(self._queue))
            self._queue.clear()
            self._wake_senders()

    # Sending

    async def send(
        self,
        data: str | bytes | Mapping[str, Any] | Event | None,
        event: str | None = None,
        id: str | None = None,
        retry: int | None = None,
    ) -> None:
        """Send an event; return when the client has taken enough of what was sent before it.

        The arguments are those of an :class:`Event`, which raises for them; or ``data`` is one. Raises
        :exc:`~tornadolike.iostream.StreamClosedError`, which need not be caught, if the stream is over.
        """
        piece = _encode(data, event, id, retry)
        if self.closed:
            raise StreamClosedError
        if self._going is None:
            self._put(piece)
        else:
            self._queue.append(piece)
        while self._going is not None:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._senders.append(waiter)
            await waiter
            if self.closed:
                raise StreamClosedError
        if self._turns.is_over(len(piece)):
            await asyncio.sleep(0)

    def post(
        self,
        data: str | bytes | Mapping[str, Any] | Event | None,
        event: str | None = None,
        id: str | None = None,
        retry: int | None = None,
    ) -> bool:
        """Have an event sent, without waiting for the client: for whoever has many of them to tell.

        Return whether it is, or will be. Up to ``max_waiting`` events wait for a client that is slow; what becomes of
        more says ``when_full``. False, too, when the stream is over. Raises as an :class:`Event`.
        """
        piece = _encode(data, event, id, retry)
        if self.closed:
            return False
        if self._going is None:
            self._put(piece)
            return True
        if len(self._queue) < self._max_waiting:
            self._queue.append(piece)
            return True
        self.dropped += 1
        if self._when_full == "drop_oldest":
            self._queue.popleft()
            self._queue.append(piece)
            return True
        if self._when_full == "close":
            summary = self._handler._request_summary()
            gen_log.info("%s: the client reads too slowly for its events", summary)
            self._queue.clear()
            self._lasting.stop()
        return False

    def close(self) -> None:
        """End the stream: the ``async with`` is left, wherever it waits. The client will come back."""
        self._lasting.stop()

    def _put(self, piece: bytes) -> None:
        handler = self._handler
        handler.write(piece)
        future = handler.flush()
        if self._keep_alive is not None and self._wheel is not None:
            self.deadline = self._wheel.loop.time() + self._keep_alive
        if not future.done():
            self._going = future
            future.add_done_callback(self._taken)

    def _taken(self, future: "asyncio.Future[None]") -> None:
        """The client has taken what was sent, or has gone."""
        self._going = None
        if self.closed:
            self._queue.clear()
        elif self._queue:
            piece = b"".join(self._queue)
            self._queue.clear()
            self._put(piece)
        if self._going is None:
            self._wake_senders()

    def _wake_senders(self) -> None:
        senders, self._senders = self._senders, []
        for waiter in senders:
            if not waiter.done():
                waiter.set_result(None)

    # Silence

    def _listen(self) -> None:
        assert self._wheel is not None
        assert self._keep_alive is not None
        self.deadline = self._wheel.loop.time() + self._keep_alive
        self._wheel.add(self)

    def deadline_passed(self) -> None:
        """Nothing was sent for a while."""
        if not self.closed:
            if self._going is None:
                self._put(KEEP_ALIVE)
            self._listen()


def _encode(
    data: str | bytes | Mapping[str, Any] | Event | None,
    event: str | None,
    id: str | None,
    retry: int | None,
) -> bytes:
    if not isinstance(data, Event):
        return encode_event(data, event, id, retry)
    if not (event is None and id is None and retry is None):
        raise TypeError("an Event has its own event, id and retry: give them to it")
    return data.encode()


def _wheel() -> Deadlines:
    loop = IOLoop.current()
    assert loop is not None
    wheel = _wheels.get(id(loop))  # which it has, so that no other loop gets that number meanwhile
    if wheel is None:
        wheel = _wheels[id(loop)] = Deadlines(loop, TICK)
    return wheel


class EventStreams(Streams):
    """Sends events."""

    @lazy
    def last_event_id(self) -> str | None:
        """The id of the last event that the client has got, if it comes back after losing the connection.

        It is the header ``Last-Event-ID``. Raises :exc:`HTTPError` (400) if that is not UTF-8.
        """
        value = self.request.headers.get("Last-Event-ID")
        if not value:
            return None
        try:
            return value.encode("latin1").decode()
        except ValueError:
            raise HTTPError(
                400, "Last-Event-ID is not UTF-8", detail="Last-Event-ID is not UTF-8."
            ) from None

    def event_stream(
        self,
        *,
        retry: int | None = None,
        keep_alive: float | None = DEFAULT_KEEP_ALIVE,
        max_waiting: int = DEFAULT_MAX_WAITING,
        when_full: WhenFull = "close",
    ) -> EventStream:
        """``async with self.event_stream() as events:`` answers with server-sent events, until it is left.

        The head is sent at once. It is left by itself, wherever it waits, when the client leaves (which ends the
        handler, by a :exc:`~tornadolike.iostream.StreamClosedError`) and when the server begins to stop
        (:meth:`.TCPServer.drain`; the response ends, and the browser comes back). In answer to HEAD only the head is
        sent. No cache may keep the response, and no proxy hold it up, unless the handler has set these headers itself.

        :arg retry: milliseconds after which the client comes back if the connection is lost; None: as it likes.
        :arg keep_alive: after how many seconds of silence a comment is sent, to the next half second; None: never.
        :arg max_waiting: how many events of :meth:`EventStream.post` wait for a client that is slow.
        :arg when_full: what becomes of one more: ``"close"`` ends the stream, and the client comes back with the id
            of the last event that it got; ``"drop_oldest"`` leaves out the event that waits longest, ``"drop_newest"``
            this one.

        Raises :exc:`ValueError` and :exc:`TypeError` for other values, and, where it is entered,
        :exc:`RuntimeError` if the head of a response has been sent.
        """
        return EventStream(self, retry, keep_alive, max_waiting, when_full)

    async def send_events(
        self,
        source: Source,
        *,
        retry: int | None = None,
        keep_alive: float | None = DEFAULT_KEEP_ALIVE,
        in_thread: bool = False,
    ) -> None:
        """Answer with the events that a generator makes, one after another.

        .. code-block:: python

            async def get(self):
                async def ticks():
                    for number in itertools.count():
                        yield Event(str(number), id=str(number))
                        await asyncio.sleep(1)

                await self.send_events(ticks())

        :arg source: a generator, as for :meth:`stream`, of what :meth:`EventStream.send` takes. It is closed whatever
            happens.

        The other arguments are those of :meth:`event_stream` and :meth:`stream`.
        """
        items = items_of(source, in_thread)
        try:
            async with self.event_stream(retry=retry, keep_alive=keep_alive) as events:
                async for item in items:
                    await events.send(item)
        finally:
            await close_items(items)
