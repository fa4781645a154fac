"""Handlers on real sockets, with a client that is nothing but a socket."""

import asyncio
import contextlib
import contextvars
import json
import socket
import threading
import time
from typing import ClassVar

import pytest

from tests.websocket.helpers import BINARY, CLOSE, PING, PONG, TEXT, close, frame
from tests.websocket.peer import Journal, Peer, eventually, settled
from tests.wire.client import PLAIN_AND_TLS
from tornadolike.websocket import WebSocketHandler
from tornadolike.websocket.connection import keepalive


class TestMessages:
    @PLAIN_AND_TLS
    def test_kinds(self, serve_handler):
        class Handler(WebSocketHandler):
            def on_message(self, message):
                self.write_message(repr(message))
                self.write_message({"a": [1, "</"]})
                self.write_message(b"text")
                self.write_message("text", binary=True)
                self.write_message(b"\xff", binary=True)
                for wrong in (b"\xff", 5, None, ["a"], bytearray(b"x")):
                    try:
                        self.write_message(wrong)
                    except (TypeError, ValueError) as error:
                        self.write_message(type(error).__name__)

        with Peer(serve_handler(Handler)) as peer:
            peer.send(frame(BINARY, b"\x00"))
            assert peer.text() == repr(b"\x00")
            assert json.loads(peer.text()) == {"a": [1, "</"]}
            assert peer.read() == (TEXT, b"text")
            assert peer.read() == (BINARY, b"text")
            assert peer.read() == (BINARY, b"\xff")
            assert [peer.text() for _ in range(5)] == ["ValueError", *["TypeError"] * 4]

    @PLAIN_AND_TLS
    def test_frames_behind_the_request(self, serve_handler):
        behind = frame(TEXT, b"one") + frame(PING, b"two") + frame(TEXT, b"three")
        with Peer(serve_handler(Journal), behind=behind) as peer:
            assert [peer.read() for _ in range(3)] == [
                (TEXT, b"one"),
                (PONG, b"two"),
                (TEXT, b"three"),
            ]

    @PLAIN_AND_TLS
    def test_frames_behind_the_request_wait_for_open(self, serve_handler, journal):
        class Handler(Journal):
            async def open(self, path):
                await asyncio.sleep(0.05)
                self.journal.append("open")
                await self.write_message("welcome")

        with Peer(
            serve_handler(Handler), behind=frame(TEXT, b"one") + frame(TEXT, b"half")[:5]
        ) as peer:
            assert peer.text() == "welcome"
            assert peer.text() == "one"
            peer.send(frame(TEXT, b"half")[5:])
            assert peer.text() == "half"
        assert journal[:3] == ["open", "one", "half"]

    @PLAIN_AND_TLS
    def test_close_behind_the_request(self, serve_handler, journal):
        with Peer(serve_handler(Journal), behind=frame(TEXT, b"one") + close(1000)) as peer:
            assert peer.text() == "one"
            assert peer.close_code() == 1000
            assert peer.ended()
        eventually(lambda: journal == [("open", ("",), {}), "one", ("close", 1000, None)])

    def test_garbage_behind_the_request(self, serve_handler, journal):
        with Peer(serve_handler(Journal), behind=b"GET / HTTP/1.1\r\n\r\n") as peer:
            assert peer.close_code() == 1002
            peer.sock.shutdown(socket.SHUT_WR)
            assert peer.ended()
        eventually(lambda: journal[-1] == ("close", None, None))

    def test_a_slow_handler_holds_the_peer_up(self, serve_handler, journal):
        gate = threading.Event()

        class Handler(Journal):
            async def on_message(self, message):
                self.journal.append(len(message))
                while not gate.is_set():
                    await asyncio.sleep(0.01)

        with Peer(serve_handler(Handler)) as peer:
            peer.sock.setblocking(False)
            data = frame(BINARY, bytes(100_000))
            sent = 0
            with contextlib.suppress(BlockingIOError):
                while sent < 200 * len(data):
                    sent += peer.sock.send(data[sent % len(data) :])
                    time.sleep(0.001)
            # What fits into the kernel's buffers, and not more.
            assert sent < 200 * len(data)
            eventually(lambda: journal[1:] == [100_000])
            gate.set()
            peer.sock.setblocking(True)
            peer.send(data[sent % len(data) :])
            whole = sent // len(data) + 1
            eventually(lambda: journal[1:] == [100_000] * whole)

    @PLAIN_AND_TLS
    def test_messages_are_handled_one_at_a_time(self, serve_handler, journal):
        class Handler(Journal):
            async def on_message(self, message):
                self.journal.append("begin " + message)
                await asyncio.sleep(0.01)
                self.journal.append("end " + message)
                self.write_message("done")

        with Peer(serve_handler(Handler)) as peer:
            for name in (b"a", b"b", b"c"):
                peer.send(frame(TEXT, name))
            assert [peer.text() for _ in range(3)] == ["done"] * 3
        assert journal[1:7] == ["begin a", "end a", "begin b", "end b", "begin c", "end c"]

    def test_context_variables_of_prepare_reach_the_messages(self, serve_handler):
        user = contextvars.ContextVar("user", default="nobody")

        class Handler(WebSocketHandler):
            def prepare(self):
                user.set(self.get_query_argument("user"))

            def on_message(self, message):
                self.write_message(user.get())

        server = serve_handler(Handler)
        with Peer(server, "/?user=ann") as ann, Peer(server, "/?user=ben") as ben:
            for peer, name in ((ann, "ann"), (ben, "ben"), (ann, "ann")):
                peer.send(frame(TEXT, b"who am I?"))
                assert peer.text() == name

    @PLAIN_AND_TLS
    def test_messages_from_outside(self, serve_handler):
        """A chat: what one says, all hear."""

        class Room(WebSocketHandler):
            members: ClassVar[set["Room"]] = set()

            def open(self, path):
                self.members.add(self)

            def on_message(self, message):
                for member in self.members:
                    member.write_message(message)

            def on_close(self):
                self.members.discard(self)

        server = serve_handler(Room)
        with Peer(server) as ann, Peer(server) as ben:
            eventually(lambda: len(Room.members) == 2)
            ann.send(frame(TEXT, b"hi"))
            assert (ann.text(), ben.text()) == ("hi", "hi")
            ben.reset()
            eventually(lambda: len(Room.members) == 1)
            ann.send(frame(TEXT, b"alone"))
            assert ann.text() == "alone"


class TestLimits:
    def test_setting(self, serve_handler):
        with Peer(serve_handler(Journal, websocket_max_message_size=100)) as peer:
            peer.send(frame(TEXT, b"x" * 100))
            assert peer.text() == "x" * 100
            peer.send(frame(TEXT, b"x" * 101))
            assert peer.read() == (CLOSE, (1009).to_bytes(2, "big") + b"message too big")

    def test_property(self, serve_handler):
        class Handler(Journal):
            @property
            def max_message_size(self):
                return 10

        with Peer(serve_handler(Handler)) as peer:
            peer.send(frame(TEXT, b"x" * 11))
            assert peer.close_code() == 1009

    @PLAIN_AND_TLS
    def test_a_peer_that_never_reads(self, serve_handler, journal):
        """Awaiting write_message keeps what waits in memory bounded."""

        class Handler(Journal):
            async def open(self, path):
                chunk = bytes(100_000)
                for _ in range(1000):
                    await self.write_message(chunk, binary=True)
                    self.journal.append(self.ws_connection._transport.get_write_buffer_size())

        with Peer(serve_handler(Handler)) as peer:
            assert settled(journal) < 500, "it waits"
            assert max(journal) <= 65536
            for _ in range(1000):
                peer.read()

    @PLAIN_AND_TLS
    def test_a_peer_that_sends_and_never_reads(self, serve_handler, journal):
        """Even if nobody awaits write_message, its answers are not made until it reads."""

        class Handler(Journal):
            def on_message(self, message):
                connection = self.ws_connection
                self.write_message(bytes(10_000), binary=True)
                self.journal.append(connection._transport.get_write_buffer_size())

        with Peer(serve_handler(Handler)) as peer:
            peer.send(frame(TEXT, b"more") * 5000)
            assert settled(journal) < 4000
            assert max(journal[1:]) < 200_000
            for _ in range(5000):
                assert len(peer.read()[1]) == 10_000


class TestPings:
    def test_the_peers_pings(self, serve_handler, journal):
        with Peer(serve_handler(Journal)) as peer:
            peer.send(frame(PING, b"1"), frame(PONG, b"2"))
            assert peer.read() == (PONG, b"1")
        eventually(lambda: journal[1:3] == [("ping", b"1"), ("pong", b"2")])

    @PLAIN_AND_TLS
    def test_our_pings(self, serve_handler, journal):
        class Handler(Journal):
            def open(self, path):
                self.ping()
                self.ping(b"bytes")
                self.ping("text")
                with pytest.raises(ValueError, match="125"):
                    self.ping("x" * 126)

        with Peer(serve_handler(Handler)) as peer:
            assert [peer.read() for _ in range(3)] == [
                (PING, b""),
                (PING, b"bytes"),
                (PING, b"text"),
            ]
            peer.send(frame(PONG, b"bytes"))
            eventually(lambda: journal == [("pong", b"bytes")])

    def test_nobody_has_to_care(self, serve_handler):
        class Handler(WebSocketHandler):
            def on_message(self, message):
                self.write_message(message)

        with Peer(serve_handler(Handler)) as peer:
            peer.send(frame(PING, b"1"), frame(PONG, b"2"), frame(TEXT, b"3"))
            assert [peer.read(), peer.read()] == [(PONG, b"1"), (TEXT, b"3")]

    def test_regular_pings(self, serve_handler, journal):
        with Peer(serve_handler(Journal, websocket_ping_interval=0.25)) as peer:
            for _ in range(2):
                assert peer.read() == (PING, b"")
                peer.send(frame(PONG))
            # It falls silent.
            assert peer.read() == (PING, b"")
            assert peer.read() == (CLOSE, (1000).to_bytes(2, "big") + b"ping timed out")
            assert peer.ended(), "who is dead is not waited for"
        eventually(lambda: journal[-1] == ("close", None, None))

    def test_a_timeout_that_is_too_long(self, serve_handler, expect_log):
        keepalive._warn_of_timeout.cache_clear()
        server = serve_handler(Journal, websocket_ping_interval=0.0501, websocket_ping_timeout=7)
        with expect_log("tornadolike.general", "is longer than the ping interval", count=1):
            with Peer(server) as peer:
                assert peer.read() == (PING, b"")
                assert peer.close_code() == 1000
            with Peer(server) as peer:
                assert peer.read() == (PING, b"")

    def test_no_timeout(self, serve_handler):
        server = serve_handler(Journal, websocket_ping_interval=0.01, websocket_ping_timeout=0)
        with Peer(server) as peer:
            assert [peer.read() for _ in range(5)] == [(PING, b"")] * 5
