"""A server that stops: its WebSockets are told, waited for, and cut off at last; so are their callbacks."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.websocket.helpers import CLOSE, TEXT, close, frame
from tests.websocket.peer import Journal, Peer, eventually
from tests.wire.client import PLAIN_AND_TLS
from tornadolike.web import Application

GOODBYE = (CLOSE, (1001).to_bytes(2, "big"))

Drain = Callable[..., "Future[None]"]


class Working(Journal):
    """Works until it may stop, with each message."""

    may_stop: threading.Event

    async def on_message(self, message: str | bytes) -> None:
        self.journal.append("begun")
        try:
            while not self.may_stop.is_set():
                await asyncio.sleep(0.005)
            self.journal.append("done")
        except asyncio.CancelledError:
            self.journal.append("cancelled")
            await asyncio.sleep(0.01)  # that nobody breaks off
            self.journal.append("cleaned up")
            raise


class Conversing(Journal):
    async def open(self, *args: str, **kwargs: str) -> None:
        async for message in self:
            self.journal.append(message)
        self.journal.append("over")


@pytest.fixture
def journal() -> list[Any]:
    return []


@pytest.fixture
def served(serve: Any, journal: list[Any]) -> Callable[[type[Journal]], Any]:
    def start(handler: type[Journal], **settings: Any) -> Any:
        Working.may_stop = threading.Event()
        return serve(Application([("/", handler, {"journal": journal})], **settings))

    return start


@pytest.fixture
def drain() -> Iterator[Drain]:
    with ThreadPoolExecutor(1) as threads:
        yield lambda server, seconds=5.0: threads.submit(server.call, server.server.drain, seconds)


@PLAIN_AND_TLS
def test_who_answers_is_waited_for(served: Any, drain: Drain, journal: list[Any]) -> None:
    server = served(Conversing)
    with Peer(server) as peer:
        peer.send(frame(TEXT, b"hello"))
        eventually(lambda: "hello" in journal)
        drained = drain(server)
        assert peer.read() == GOODBYE
        assert not drained.done()
        peer.send(frame(TEXT, b"still here"), close(1001))
        assert peer.ended()
    drained.result()
    assert journal[:2] == ["hello", "still here"]
    assert set(journal[2:]) == {"over", ("close", 1001, None)}


def test_who_does_not_is_cut_off_in_his_time(served: Any, drain: Drain, journal: list[Any]) -> None:
    server = served(Journal, websocket_close_timeout=0.05)
    with Peer(server) as peer:
        began = time.monotonic()
        drained = drain(server)
        assert peer.read() == GOODBYE
        drained.result()
        assert time.monotonic() - began < 4
        assert peer.ended()
    assert journal[-1] == ("close", None, None)


def test_everybody_is_cut_off_when_the_time_is_over(
    served: Any, drain: Drain, journal: list[Any], expect_log: Any
) -> None:
    server = served(Journal)
    with Peer(server) as peer, expect_log("tornadolike.general", "Cutting 1 connections"):
        drain(server, 0.02).result()
        assert journal[-1] == ("close", None, None)
        assert peer.read() == GOODBYE
        assert peer.ended()


@PLAIN_AND_TLS
@pytest.mark.parametrize("gone", [False, True])
def test_a_callback_at_work_is_waited_for(
    served: Any, drain: Drain, journal: list[Any], gone: bool
) -> None:
    """Also if its client has left, or does so now."""
    server = served(Working, websocket_close_timeout=0.05)
    with Peer(server) as peer:
        peer.send(frame(TEXT, b"work"))
        eventually(lambda: "begun" in journal)
        if gone:
            peer.reset()
            eventually(lambda: not server.server._serving.upgraded)
        drained = drain(server)
        if not gone:
            assert peer.read() == GOODBYE
            peer.send(close(1001))
        with pytest.raises(TimeoutError):
            drained.result(0.15)
        Working.may_stop.set()
        drained.result()
    assert journal[1:3] == ["begun", "done"]
    assert journal[3][0] == "close"


@PLAIN_AND_TLS
@pytest.mark.parametrize("gone", [False, True])
def test_a_callback_that_does_not_end_is_cancelled(
    served: Any, drain: Drain, journal: list[Any], expect_log: Any, gone: bool
) -> None:
    """Once, and its on_close comes before drain() returns."""
    server = served(Working)
    with Peer(server) as peer:
        peer.send(frame(TEXT, b"work"))
        eventually(lambda: "begun" in journal)
        if gone:
            peer.reset()
            eventually(lambda: not server.server._serving.upgraded)
        with expect_log("tornadolike.general", r"Cutting \d connections"):
            drain(server, 0.05).result()
    assert journal[1:] == ["begun", "cancelled", "cleaned up", ("close", None, None)]


def test_a_callback_that_stops_its_own_server(served: Any, journal: list[Any]) -> None:
    """It is neither waited for nor cut off."""

    class Stopping(Journal):
        async def on_message(self, message: str | bytes) -> None:
            await asyncio.sleep(0)
            await server.server.drain(5)
            self.journal.append("drained")

    server = served(Stopping)
    with Peer(server) as peer:
        peer.send(frame(TEXT, b"stop"))
        assert peer.read() == GOODBYE
        eventually(lambda: "drained" in journal)
        peer.send(close(1001))
        assert peer.ended()
    eventually(lambda: journal[-1] == ("close", 1001, None))
