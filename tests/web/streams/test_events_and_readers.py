"""Streams of events: to clients that leave, to slow readers, and at the end."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.http1connection.helpers import Watched
from tests.web.going_away import Events, crash, end, leave
from tests.web.helpers import Connection, Site
from tests.web.streams.listening import Silent, listening
from tests.web.test_draining import Draining
from tornadolike.iostream import StreamClosedError
from tornadolike.web import EventStream


@pytest.mark.parametrize(
    ("wire", "leave"),
    [("plain", leave), ("plain", crash), ("plain", end), ("tls", leave), ("tls", crash)],
)
def test_a_client_that_leaves(
    site: Callable[..., Site], happened: Events, leave: Callable[[Connection], None], wire: str
) -> None:
    """It ends the handler at once."""
    served = site(("/", Silent, {"happened": happened}))
    with listening(served) as reader:
        reader.close()
        leave(reader.connection)
        assert [happened.next() for _ in range(3)] == [
            "on_connection_close",
            "StreamClosedError",
            "on_finish 200",
        ]
    Watched(served.server).until_gone()


@pytest.mark.parametrize("how", ["drain", "close"])
def test_a_stream_that_is_ended(site: Callable[..., Site], happened: Events, how: str) -> None:
    """The response is whole, and so the browser comes back."""
    streams: list[EventStream] = []

    class Handler(Silent):
        def opened(self, events: EventStream) -> None:
            streams.append(events)

        def on_going_away(self) -> None:
            streams[0].post("goodbye")

    served = site(("/", Handler, {"happened": happened}))
    with listening(served) as reader:
        if how == "drain":
            drained = Draining(served)
            event = reader.read()
            assert event is not None
            assert event.data == "goodbye"
        else:
            served.server.call(streams[0].close)
        assert reader.read() is None
        reader.close()
        reader.connection.sock.close()
        if how == "drain":
            drained()
    assert [happened.next(), happened.next()] == ["goes on", "on_finish 200"]


class Hub(Silent):
    """Tells all of its streams."""

    when_full: Any = "close"
    streams: list[EventStream]

    async def get(self) -> None:
        try:
            async with self.event_stream(max_waiting=5, when_full=self.when_full) as events:
                self.streams.append(events)
                await self.wait(events)
        except BaseException as error:
            self.happened(type(error).__name__)
            raise
        self.happened("goes on")


def fill(stream: EventStream) -> int:
    """Send until the client is behind by so much that events have to wait; how many were sent."""
    sent = 0
    while not stream._queue:
        stream.post(f"{sent} " + "x" * 100_000)
        sent += 1
    return sent


@pytest.mark.parametrize("policy", ["close", "drop_oldest", "drop_newest"])
def test_slow_readers(
    site: Callable[..., Site], happened: Events, expect_log: Any, policy: str
) -> None:
    class Handler(Hub):
        when_full = policy
        streams: list[EventStream] = []  # noqa: RUF012 - there is one handler class for each test

    served = site(("/", Handler, {"happened": happened}))
    with listening(served) as reader:
        (stream,) = Handler.streams
        sent = served.server.call(fill, stream)

        def post_more() -> list[bool]:
            return [stream.post(f"{number} more") for number in range(6)]

        if policy == "close":
            with expect_log("tornadolike.general", "reads too slowly for its events", count=1):
                posted = served.server.call(post_more)
        else:
            posted = served.server.call(post_more)
        assert posted == [True] * 4 + [policy == "drop_oldest"] * 2
        assert stream.dropped == (1 if policy == "close" else 2)
        last = {"drop_oldest": "5 more", "drop_newest": "3 more"}.get(policy)
        numbers = []
        while (event := reader.read()) is not None:
            number, what = event.data.split()
            numbers.append(number if what == "more" else f"old {number}")
            if event.data == last:
                served.server.call(stream.close)
        old = [f"old {number}" for number in range(sent)]
        expected = {
            "close": old[:-1],
            "drop_oldest": [*old[:-1], *"12345"],
            "drop_newest": [*old, *"0123"],
        }
        assert numbers == expected[policy]
    assert [happened.next(), happened.next()] == ["goes on", "on_finish 200"]


def test_who_sends_waits_for_a_slow_reader(site: Callable[..., Site], happened: Events) -> None:
    """In several tasks, too; their events come in order, and none is lost."""
    sent: list[int] = []

    class Handler(Silent):
        async def wait(self, events: EventStream) -> None:
            async def send_some(first: int) -> None:
                for number in range(first, first + 40):
                    await events.send("x" * 200_000, id=str(number))
                    sent.append(number)

            async with asyncio.TaskGroup() as group:
                group.create_task(send_some(0))
                group.create_task(send_some(1000))

    served = site(("/", Handler, {"happened": happened}))
    with listening(served) as reader:
        watched = Watched(served.server)
        side = watched.connection
        watched.until(lambda: side._drained is not None)
        for _ in range(3):
            served.settle()
        assert len(sent) < 78
        numbers = []
        while (event := reader.read()) is not None:
            numbers.append(int(event.id))
    assert sorted(numbers) == [*range(40), *range(1000, 1040)]
    assert [n for n in numbers if n < 1000] == [*range(40)]
    assert happened.next() == "goes on"


def test_other_tasks_that_send_to_a_client_that_leaves(
    site: Callable[..., Site], happened: Events
) -> None:
    class Handler(Silent):
        others: list[Any] = []  # noqa: RUF012 - there is one handler class for each test

        def opened(self, events: EventStream) -> None:
            async def send() -> None:
                try:
                    while True:
                        await events.send("x" * 200_000)
                except StreamClosedError:
                    happened("task ends")

            self.others.extend(asyncio.create_task(send()) for _ in range(2))

    served = site(("/", Handler, {"happened": happened}))
    with listening(served) as reader:
        watched = Watched(served.server)
        side = watched.connection
        watched.until(lambda: side._drained is not None)
        reader.close()
        crash(reader.connection)
        events = [happened.next() for _ in range(5)]
    assert sorted(events) == [
        "StreamClosedError",
        "on_connection_close",
        "on_finish 200",
        "task ends",
        "task ends",
    ]


def test_a_group_of_tasks_whose_client_leaves(site: Callable[..., Site], happened: Events) -> None:
    """All of them learn it at once. That is no failure."""

    class Handler(Silent):
        async def wait(self, events: EventStream) -> None:
            async def send() -> None:
                while True:
                    await events.send("x" * 200_000)

            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(send())
                    group.create_task(send())
            finally:
                async with asyncio.TaskGroup() as group:
                    group.create_task(send())

    served = site(("/", Handler, {"happened": happened}))
    with listening(served) as reader:
        watched = Watched(served.server)
        side = watched.connection
        watched.until(lambda: side._drained is not None)
        reader.close()
        crash(reader.connection)
        assert [happened.next() for _ in range(3)] == [
            "on_connection_close",
            "StreamClosedError",
            "on_finish 200",
        ]


def test_who_ends_his_stream_himself(site: Callable[..., Site], happened: Events) -> None:
    class Handler(Silent):
        async def wait(self, events: EventStream) -> None:
            await events.send("last")
            events.close()
            assert events.closed
            await events.send("one more")

    served = site(("/", Handler, {"happened": happened}))
    with listening(served) as reader:
        event = reader.read()
        assert event is not None
        assert event.data == "last"
        assert reader.read() is None
    assert [happened.next(), happened.next()] == ["goes on", "on_finish 200"]


def test_another_stream_that_is_closed(
    site: Callable[..., Site], happened: Events, expect_log: Any
) -> None:
    """Such as one to a database, while the client is there."""

    class Handler(Silent):
        async def wait(self, events: EventStream) -> None:
            raise StreamClosedError

    served = site(("/", Handler, {"happened": happened}))
    with (
        expect_log("tornadolike.application", "Uncaught exception", count=1),
        expect_log("tornadolike.general", "Cannot send error response"),
        served.connect() as connection,
    ):
        connection.send("GET /")
        assert [happened.next(), happened.next()] == ["StreamClosedError", "on_finish 200"]
