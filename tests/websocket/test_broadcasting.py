"""One message to many: who gets it, who does not, and who is closed for it."""

import asyncio
import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

import pytest

from tests.running import on_every_loop, turns
from tests.websocket.helpers import BINARY, TEXT, close, frame
from tests.websocket.peer import Peer
from tests.wire.client import PLAIN_AND_TLS
from tornadolike.web import Application
from tornadolike.websocket import (
    Broadcast,
    PreparedMessage,
    SlowReaders,
    WebSocketHandler,
    broadcast,
)
from tornadolike.websocket.compression import deflate as deflate_module
from tornadolike.websocket.compression.deflate import (
    CompressionOptions,
    DeflateParameters,
    PerMessageDeflate,
)
from tornadolike.websocket.connection import WebSocketConnection
from tornadolike.websocket.protocol import Role, WebSocketCore

SKIP, CLOSE, QUEUE = SlowReaders


class Full(asyncio.Transport):
    """A transport on which as much waits as the test says."""

    def __init__(self, waiting: int = 0) -> None:
        super().__init__()
        self.waiting = waiting
        self.written = b""
        self.ended = False

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.ended = True

    abort = close

    def is_closing(self) -> bool:
        return self.ended


class Nobody:
    """Has no opinion of what arrives."""

    def on_ws_connection_close(self, *args: Any) -> None:
        pass

    def log_exception(self, *args: Any) -> None:
        raise AssertionError(args)


def connection(
    transport: asyncio.Transport, extension: Any = None, role: Role = Role.SERVER
) -> WebSocketConnection:
    core = WebSocketCore(role, extension=extension)
    made = WebSocketConnection(Nobody(), core, contextvars.copy_context())  # type: ignore[arg-type]
    made.connection_made(transport)
    made.start(lambda: None)
    return made


@contextlib.contextmanager
def connections(*transports: asyncio.Transport) -> Iterator[list[WebSocketConnection]]:
    made = [connection(transport) for transport in transports]
    yield made
    for one in made:
        one.connection_lost(None)


class Room(WebSocketHandler):
    """Whoever is there hears what anybody says, and how it went."""

    def initialize(self, members: set["Room"]) -> None:
        self.members = members

    def open(self) -> None:
        self.members.add(self)

    def on_message(self, message: str | bytes) -> None:
        self.write_message("before")
        binary = isinstance(message, bytes)
        result = broadcast(
            self.members, {"said": message} if message == "dict" else message, binary
        )
        self.write_message(f"{result.sent} of {len(self.members)}")

    def on_close(self) -> None:
        self.members.discard(self)


@PLAIN_AND_TLS
def test_everybody_hears_it(serve: Any) -> None:
    server = serve(Application([("/", Room, {"members": set()})]))
    with Peer(server) as ann, Peer(server) as bob:
        for sent, heard in (
            (frame(TEXT, "häh".encode()), (TEXT, "häh".encode())),
            (frame(TEXT, b""), (TEXT, b"")),
            (frame(BINARY, b"\xff"), (BINARY, b"\xff")),
            (frame(TEXT, b"dict"), (TEXT, b'{"said": "dict"}')),
            (frame(TEXT, b"x" * 100_000), (TEXT, b"x" * 100_000)),
        ):
            ann.send(sent)
            assert ann.text() == "before"
            assert ann.read() == heard
            assert ann.text() == "2 of 2"
            assert bob.read() == heard


@on_every_loop
async def test_the_policies() -> None:
    """The table of what is sent, left out and closed, by what waits already."""
    limits = {"high_water": 100, "limit": 1000}
    for slow, waiting, sent, skipped, closed in (
        (SKIP, 0, 1, 0, 0),
        (SKIP, 100, 1, 0, 0),
        (SKIP, 101, 0, 1, 0),
        (SKIP, 5000, 0, 1, 0),
        (CLOSE, 100, 1, 0, 0),
        (CLOSE, 101, 0, 0, 1),
        (QUEUE, 101, 1, 0, 0),
        (QUEUE, 1000, 1, 0, 0),
        (QUEUE, 1001, 0, 0, 1),
    ):
        full, free = Full(waiting), Full()
        with connections(full, free) as [first, second]:
            result = broadcast([first, second], "hello", slow=slow, **limits)
            assert result == Broadcast(sent + 1, skipped, closed, 0), (slow, waiting)
            assert free.written == frame(TEXT, b"hello", mask=None)
            expected = free.written if sent else b""
            if closed:
                expected = close(1013, b"reads too slowly", mask=None)
            assert full.written == expected
            assert first.is_closing() is bool(closed)
            # It is closed once.
            again = broadcast([first], "hello", slow=slow, **limits)
            assert again == Broadcast(sent, skipped, 0, closed)


@on_every_loop
async def test_what_waits_in_the_connection_counts() -> None:
    """Not only the transport's buffer: also what stands behind a message in pieces."""
    with connections(Full()) as [one]:
        one.write_piece(b"x", False, first=True, final=False)
        for sent in (1, 1, 0):
            result = broadcast([one], "x" * 60, slow=SKIP, high_water=200)
            assert (result.sent, result.skipped) == (sent, 1 - sent)


@on_every_loop
async def test_a_slow_one_is_cut_off_in_time() -> None:
    transport = Full(5000)
    with connections(transport) as [one]:
        one.close_timeout = 0.01
        broadcast([one], "hello", slow=CLOSE, high_water=100)
        while not transport.ended:
            await asyncio.sleep(0.005)


@on_every_loop
async def test_who_has_gone() -> None:
    class Closed(WebSocketHandler):
        def __init__(self) -> None:
            self.ws_connection = None

    with connections(Full(), Full(5000), Full(), Full()) as [closing, slow, lost, open_]:
        closing.close()
        slow.close()
        lost.connection_lost(None)
        members = [closing, slow, lost, open_, Closed()]
        for policy in SlowReaders:
            result = broadcast(members, "hello", slow=policy, high_water=100, limit=1000)
            assert result == Broadcast(1, 0, 0, 4)
        assert broadcast([], "hello") == Broadcast(0, 0, 0, 0)


@on_every_loop
async def test_a_failure_costs_the_others_nothing(expect_log: Any) -> None:
    class Broken:
        reserved = 0x40
        sharing = "broken"

        def encode_shared(self, payload: bytes, binary: bool) -> Any:
            raise ZeroDivisionError

    transports = [Full() for _ in range(4)]
    broken = [connection(transport, Broken()) for transport in transports[:2]]
    with connections(*transports[2:]) as fine:
        members = [broken[0], fine[0], broken[1], fine[1]]
        with expect_log("tornadolike.application", "failed for 2 WebSockets", count=1) as log:
            assert broadcast(members, "hello") == Broadcast(2, 0, 2, 0)
        assert log.matched[0].exc_info[0] is ZeroDivisionError
        for transport in transports[2:]:
            assert transport.written == frame(TEXT, b"hello", mask=None)
        for transport in transports[:2]:
            assert transport.written == close(1011, mask=None)
    for one in broken:
        one.connection_lost(None)


@on_every_loop
async def test_what_cannot_be_sent_is_sent_to_nobody() -> None:
    transport = Full()
    with connections(transport) as [one]:
        for members, message, error in (
            ([one, "somebody"], "hello", TypeError),
            ([one, None], "hello", TypeError),
            ([one], b"\xff", ValueError),
            ([one], 5, TypeError),
            ([one], None, TypeError),
        ):
            with pytest.raises(error):
                broadcast(members, message)  # type: ignore[arg-type]
        assert not transport.written


@on_every_loop
async def test_those_who_come_and_go_meanwhile() -> None:
    """What is written may run code that changes the set."""

    class Leaving(Full):
        def write(self, data: Any) -> None:
            super().write(data)
            members.clear()

    transports = [Leaving() for _ in range(3)]
    with connections(*transports) as made:
        members = set(made)
        assert broadcast(members, "hello").sent == 3
        assert all(transport.written for transport in transports)
        assert broadcast((one for one in made), "again").sent == 3


@on_every_loop
async def test_one_compression_for_all_whose_compression_is_alike(monkeypatch: Any) -> None:
    """Between messages of their own, which refer to those before; and for nobody who has none."""
    compressions = []
    original = deflate_module.deflate_alone
    monkeypatch.setattr(
        deflate_module, "deflate_alone", lambda *a: compressions.append(a) or original(*a)
    )
    kinds = [DeflateParameters(), DeflateParameters(), DeflateParameters(server_max_window_bits=9)]
    kinds.append(DeflateParameters(server_no_context_takeover=True))
    options = CompressionOptions(threshold=10)
    transports = [Full() for _ in range(len(kinds) + 1)]
    extensions = [PerMessageDeflate(Role.SERVER, kind, options) for kind in kinds]
    made = [
        connection(transport, extension)
        for transport, extension in zip(transports, [*extensions, None], strict=True)
    ]
    own, said = "to you alone " * 20, "to all of you " * 20
    for one in made[:3]:
        one.write_message(own)
    assert not compressions
    for _ in range(2):
        compressions.clear()
        assert broadcast(made, said).sent == 5
        assert len(compressions) == len({extension.sharing for extension in extensions}) == 2
        for one in made[:3]:
            one.write_message(own)
    for number, (transport, kind) in enumerate(zip(transports, [*kinds, None], strict=True)):
        extension = kind and PerMessageDeflate(Role.CLIENT, kind, options)
        reader = WebSocketCore(Role.CLIENT, extension=extension)
        reader.receive_data(transport.written)
        for expected in [own, said, own, said, own] if number < 3 else [said, said]:
            assert reader.next_event() == expected
        if kind:
            assert len(transport.written) < 5 * 60
    for one in made:
        one.connection_lost(None)


@on_every_loop
async def test_clients_mask_it() -> None:
    transports = Full(), Full()
    made = [connection(transport, role=Role.CLIENT) for transport in transports]
    assert broadcast(made, PreparedMessage("hello")).sent == 2
    first, second = (transport.written for transport in transports)
    assert first[2:6] != second[2:6]
    reader = WebSocketCore(Role.SERVER)
    reader.receive_data(first)
    assert reader.next_event() == "hello"
    for one in made:
        one.connection_lost(None)
    await turns()
