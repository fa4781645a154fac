"""Messages that are sent while they are made."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from tests.websocket.helpers import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close, frame
from tests.websocket.peer import Peer, eventually
from tests.wire.client import PLAIN_AND_TLS
from tornadolike.web import Application
from tornadolike.websocket import WebSocketClosedError, WebSocketError, WebSocketHandler

Play = Callable[["Player"], Any]


class Player(WebSocketHandler):
    """Does what a test says, when its client has said anything."""

    def initialize(self, play: Play, journal: list[Any]) -> None:
        self.play = play
        self.journal = journal

    async def on_message(self, message: str | bytes) -> None:
        await self.play(self)

    def on_close(self) -> None:
        self.journal.append("closed")


@pytest.fixture
def journal() -> list[Any]:
    return []


@pytest.fixture
def peer(serve: Any, journal: list[Any]) -> Iterator[Callable[[Play], Peer]]:
    """The client of a handler that does what ``play`` says."""
    with contextlib.ExitStack() as stack:

        def start(play: Play) -> Peer:
            arguments = {"play": play, "journal": journal}
            peer = stack.enter_context(Peer(serve(Application([("/", Player, arguments)]))))
            peer.send(frame(TEXT, b"go"))
            return peer

        yield start


def frames(peer: Peer, count: int) -> list[tuple[bool, int, bytes]]:
    """Whether it is the last of its message, the opcode and the payload of so many short frames."""
    found = []
    for _ in range(count):
        first, length = peer.exactly(2)
        found.append((first >= 0x80, first & 0x7F, peer.exactly(length)))
    return found


def broken_off() -> list[tuple[bool, int, bytes]]:
    return [(True, CLOSE, (1011).to_bytes(2, "big") + b"a message broke off")]


async def several(*pieces: Any) -> AsyncIterator[Any]:
    for piece in pieces:
        await asyncio.sleep(0)
        yield piece


@PLAIN_AND_TLS
@pytest.mark.parametrize("stream", [False, True])
def test_each_piece_is_a_frame(peer: Any, stream: bool) -> None:
    async def say(handler: Player, *pieces: Any, binary: bool = False) -> None:
        if stream:
            await handler.send_stream(several(*pieces), binary)
        else:
            async with handler.begin_message(binary) as message:
                for piece in pieces:
                    await message.write(piece)

    async def play(handler: Player) -> None:
        await say(handler, "one", "", "twö", b"three")
        await say(handler, b"\xff", "text", binary=True)
        await say(handler)
        await say(handler, "\u20ac".encode()[:1], "\u20ac".encode()[1:] + b"\xc3", b"\xbc")
        await handler.write_message("end")

    client = peer(play)
    expected = [
        (False, TEXT, b"one"),
        (False, CONTINUATION, "twö".encode()),
        (False, CONTINUATION, b"three"),
        (True, CONTINUATION, b""),
        (False, BINARY, b"\xff"),
        (False, CONTINUATION, b"text"),
        (True, CONTINUATION, b""),
        (True, TEXT, b""),
        (False, TEXT, b"\xe2"),
        (False, CONTINUATION, b"\x82\xac\xc3"),
        (False, CONTINUATION, b"\xbc"),
        (True, CONTINUATION, b""),
        (True, TEXT, b"end"),
    ]
    assert frames(client, len(expected)) == expected


def test_pieces_leave_at_once(peer: Any) -> None:
    go_on = threading.Event()

    async def play(handler: Player) -> None:
        async with handler.begin_message() as message:
            await message.write("one")
            await asyncio.to_thread(go_on.wait, 5)
            await message.write("two")

    client = peer(play)
    assert frames(client, 1) == [(False, TEXT, b"one")]
    # What is no part of a message goes between.
    client.send(frame(PING, b"?"))
    assert frames(client, 1) == [(True, PONG, b"?")]
    go_on.set()
    assert frames(client, 2) == [(False, CONTINUATION, b"two"), (True, CONTINUATION, b"")]


def test_one_message_after_another(peer: Any) -> None:
    async def play(handler: Player) -> None:
        async def second() -> None:
            async with handler.begin_message() as message:
                await message.write("second")

        async with handler.begin_message() as message:
            waiting = asyncio.create_task(second())
            await asyncio.sleep(0)
            await message.write("first")
            handler.write_message("behind")
            await asyncio.sleep(0)
            await message.write("still")
            with pytest.raises(RuntimeError, match="end the one"):
                async with handler.begin_message():
                    pass
        await waiting

    expected = [
        (False, TEXT, b"first"),
        (False, CONTINUATION, b"still"),
        (True, CONTINUATION, b""),
        (True, TEXT, b"behind"),
        (False, TEXT, b"second"),
        (True, CONTINUATION, b""),
    ]
    assert frames(peer(play), len(expected)) == expected


def test_who_awaits_what_goes_behind_a_long_message_waits_for_its_end(peer: Any) -> None:
    size, done = 50_000, []

    async def play(handler: Player) -> None:
        async def other() -> None:
            for number in range(3):
                await handler.write_message("x" * size)
                done.append(number)

        async with handler.begin_message() as message:
            await message.write("first")
            others = asyncio.create_task(other())
            for _ in range(10):
                await asyncio.sleep(0)
            assert done == [0], "two of them are too much"
            await handler.write_message("ours, for whose end we do not wait")
            await message.write("last")
        await others

    client = peer(play)
    assert len(frames(client, 3)) == 3
    found = [client.text() for _ in range(4)]
    assert sorted(map(len, found)) == [34, size, size, size]
    client.send(close(1000))
    assert client.read()[0] == CLOSE
    assert done == [0, 1, 2]


@pytest.mark.parametrize("lost", [False, True])
def test_who_awaits_what_never_goes_out_is_told(peer: Any, journal: list[Any], lost: bool) -> None:
    async def play(handler: Player) -> None:
        async def other() -> None:
            with pytest.raises(WebSocketClosedError):
                await handler.write_message("x" * 100_000)
            journal.append("told")

        async def talk() -> None:
            async with handler.begin_message() as message:
                await message.write("first")
                await asyncio.Event().wait()

        talking = asyncio.create_task(talk())
        await asyncio.sleep(0.01)
        others = asyncio.create_task(other())
        await asyncio.sleep(0)
        if not lost:
            handler.close()
        with contextlib.suppress(WebSocketClosedError):
            await talking
        await others

    client = peer(play)
    assert frames(client, 1) == [(False, TEXT, b"first")]
    if not lost:
        assert client.read()[0] == CLOSE
    client.sock.close()
    eventually(lambda: sorted(journal) == ["closed", "told"])


@pytest.mark.parametrize("size", [0, 50_000])
def test_what_waits_behind_a_message_has_a_limit(peer: Any, size: int) -> None:
    """A client that has its messages echoed, one by one, behind a message without an end cannot fill our memory."""
    count = 0

    def say_on_and_on(handler: Player) -> None:
        nonlocal count
        while count < 100_000:
            handler.write_message(b"x" * size, binary=True)
            count += 1

    async def play(handler: Player) -> None:
        async with handler.begin_message(binary=True) as message:
            await message.write(b"first")
            with pytest.raises(WebSocketError, match="await what"):
                say_on_and_on(handler)

    client = peer(play)
    assert len(frames(client, 2)) == 2
    client.send(close(1000))
    for _ in range(count):
        assert len(client.read()[1]) == size
    assert client.read()[0] == CLOSE
    assert count == 1024 * 1024 // (size + 64) + 1


def test_out_of_order(peer: Any) -> None:
    async def play(handler: Player) -> None:
        message = handler.begin_message()
        with pytest.raises(RuntimeError, match="async with"):
            await message.write("early")
        async with message:
            pass
        with pytest.raises(RuntimeError, match="async with"):
            await message.write("late")
        with pytest.raises(RuntimeError, match="again"):
            await message.__aenter__()
        await handler.write_message("end")

    assert frames(peer(play), 2) == [(True, TEXT, b""), (True, TEXT, b"end")]


@pytest.mark.parametrize(
    ("pieces", "binary", "error", "sent"),
    [
        (["one", b"\xff"], False, ValueError, True),
        ([b"\xff"], False, ValueError, False),
        ([b"\xc3"], False, ValueError, True),
        ([b"\xc3", "text"], False, ValueError, True),
        (["one", "\ud800"], False, ValueError, True),
        (["one", 5], True, TypeError, True),
        ([None], False, TypeError, False),
        ([bytearray(b"x")], True, TypeError, False),
    ],
)
def test_what_cannot_be_sent(
    peer: Any, pieces: list[Any], binary: bool, error: type[Exception], sent: bool
) -> None:
    """Closes the connection, if the message has begun, and else costs nothing but the message."""

    async def play(handler: Player) -> None:
        with pytest.raises(error):
            await handler.send_stream(several(*pieces), binary)
        if not sent:
            await handler.write_message("fine")

    client = peer(play)
    if sent:
        assert not frames(client, 1)[0][0]
        assert frames(client, 1) == broken_off()
    else:
        assert client.text() == "fine"


@pytest.mark.parametrize("source", ["text", b"text", {"a": 1}, None, several])
def test_what_is_no_source(peer: Any, source: Any) -> None:
    async def play(handler: Player) -> None:
        with pytest.raises(TypeError, match="generator"):
            await handler.send_stream(source)
        await handler.write_message("fine")

    assert peer(play).text() == "fine"


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("cancelled", [False, True])
def test_broken_off(peer: Any, expect_log: Any, begun: bool, cancelled: bool) -> None:
    async def talk(handler: Player) -> None:
        async with handler.begin_message() as message:
            if begun:
                await message.write("one")
            if cancelled:
                await asyncio.Event().wait()
            raise ZeroDivisionError

    async def play(handler: Player) -> None:
        task = asyncio.create_task(talk(handler))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() is cancelled
        if not cancelled:
            assert isinstance(task.exception(), ZeroDivisionError)
        if not begun:
            await handler.write_message("fine")

    client = peer(play)
    if begun:
        assert frames(client, 2)[1:] == broken_off()
        client.send(close(1011))
        assert client.ended()
    else:
        assert client.text() == "fine"


def test_a_client_that_goes_without_having_read(peer: Any, journal: list[Any]) -> None:
    async def play(handler: Player) -> None:
        try:
            async with handler.begin_message() as message:
                while True:
                    await message.write("x" * 100_000)
        except WebSocketClosedError:
            journal.append("told")
        assert not asyncio.current_task().cancelling()  # type: ignore[union-attr]

    client = peer(play)
    assert client.exactly(10)[0] == TEXT
    client.reset()
    eventually(lambda: journal == ["told", "closed"])


@PLAIN_AND_TLS
def test_a_client_that_goes(peer: Any, journal: list[Any]) -> None:
    """What the message waits for is cancelled, and who waits for his turn is told."""

    async def endless() -> AsyncIterator[str]:
        try:
            yield "one"
            await asyncio.Event().wait()
        finally:
            journal.append("generator closed")

    async def attempt(handler: Player, name: str) -> None:
        try:
            await handler.send_stream(endless())
        except WebSocketClosedError:
            journal.append(name)
        assert not asyncio.current_task().cancelling()  # type: ignore[union-attr]

    async def play(handler: Player) -> None:
        other = asyncio.create_task(attempt(handler, "the one who waited"))
        handler.write_message("go")
        await attempt(handler, "the one who sent")
        await other

    client = peer(play)
    assert client.text() == "go"
    client.reset()
    eventually(lambda: "closed" in journal)
    assert sorted(journal[:3]) == ["generator closed", "the one who sent", "the one who waited"]


def test_begun_behind_the_end(peer: Any, journal: list[Any]) -> None:
    async def play(handler: Player) -> None:
        connection = handler.ws_connection
        handler.close()
        with pytest.raises(WebSocketClosedError):
            handler.begin_message()
        handler.ws_connection = connection  # as if it had been begun before
        with pytest.raises(WebSocketClosedError):
            async with handler.begin_message():
                raise AssertionError
        journal.append("done")

    client = peer(play)
    assert client.read()[0] == CLOSE
    eventually(lambda: "done" in journal)


def test_closed_in_the_middle(peer: Any, journal: list[Any]) -> None:
    async def play(handler: Player) -> None:
        async def close_meanwhile() -> None:
            async with handler.begin_message() as message:
                await message.write("one")
                handler.close(4000, "enough")

        with pytest.raises(WebSocketClosedError):
            await close_meanwhile()
        journal.append("done")

    client = peer(play)
    assert frames(client, 2)[1] == (True, CLOSE, (4000).to_bytes(2, "big") + b"enough")
    eventually(lambda: "done" in journal)


@PLAIN_AND_TLS
def test_a_client_that_does_not_read(peer: Any) -> None:
    """It is made no faster than it is taken, and the whole arrives."""
    made = 0
    size = 100_000
    count = 200

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal made
        for _ in range(count):
            made += 1
            yield b"x" * size

    async def play(handler: Player) -> None:
        await handler.send_stream(pieces(), binary=True)

    client = peer(play)
    before = -1
    while before != made or not made:
        before = made
        threading.Event().wait(0.1)
    assert made < count, "all of it was made, though nobody read any"
    received = 0
    final = False
    while not final:
        first, length = client.exactly(2)
        if length == 127:
            length = int.from_bytes(client.exactly(8), "big")
        received += len(client.exactly(length))
        final = first >= 0x80
    assert received == count * size


def test_a_source_that_never_waits(peer: Any, serve: Any) -> None:
    """Others have their turn."""
    over = False

    def source() -> Iterator[str]:
        while not over:
            yield "x"

    async def play(handler: Player) -> None:
        nonlocal over

        def end() -> None:
            nonlocal over
            over = True

        asyncio.get_running_loop().call_soon(end)
        await handler.send_stream(source())
        await handler.write_message("end")

    client = peer(play)
    while frames(client, 1)[0][2] != b"end":
        pass
