"""How handlers end, or fail, with a client that is nothing but a socket."""

import asyncio
import contextlib
import gc
import logging
import socket
import threading
import time
import weakref

import pytest

from tests.websocket.helpers import BINARY, CLOSE, TEXT, close, frame
from tests.websocket.peer import Journal, Peer, eventually
from tests.wire.client import PLAIN_AND_TLS
from tornadolike.websocket import WebSocketClosedError, WebSocketHandler


class TestFailures:
    @PLAIN_AND_TLS
    @pytest.mark.parametrize("where", ["open", "open later", "message", "message later"])
    def test_an_exception_closes_with_1011(self, serve_handler, journal, expect_log, where):
        async def fail_later():
            await asyncio.sleep(0)
            raise ZeroDivisionError("secret")

        def fail():
            raise ZeroDivisionError("secret")

        action = fail_later if "later" in where else fail

        class Handler(Journal):
            def open(self, path):
                return action() if "open" in where else None

            def on_message(self, message):
                return action() if "message" in where else None

        server = serve_handler(Handler, debug=True)
        with (
            expect_log("tornadolike.application", "Uncaught exception GET /", count=1) as log,
            Peer(server, behind=frame(TEXT, b"a") + frame(TEXT, b"b")) as peer,
        ):
            assert peer.read() == (CLOSE, (1011).to_bytes(2, "big"))
            peer.send(close(1011))
            assert peer.ended()
            eventually(lambda: journal == [("close", 1011, None)])
        assert log.matched[0].exc_info[0] is ZeroDivisionError
        with Peer(server, Upgrade=None) as peer:
            assert peer.status == 400, "the server goes on"

    def test_on_message_must_be_overridden(self, serve_handler, expect_log):
        with (
            expect_log("tornadolike.application", "Uncaught exception"),
            Peer(serve_handler(WebSocketHandler)) as peer,
        ):
            peer.send(frame(TEXT, b"hello"))
            assert peer.close_code() == 1011

    @pytest.mark.parametrize("where", ["on_message", "on_close"])
    def test_an_exception_in_log_exception(self, serve_handler, expect_log, where):
        class Handler(WebSocketHandler):
            def log_exception(self, typ, value, tb):
                raise ZeroDivisionError

        def fail(*args):
            raise LookupError

        setattr(Handler, where, fail)
        with (
            expect_log("tornadolike.application", "Error in exception logger", count=1),
            Peer(serve_handler(Handler)) as peer,
        ):
            peer.send(frame(TEXT, b"hello") if where == "on_message" else close(1000))
            assert peer.close_code() == (1011 if where == "on_message" else 1000)
            if where == "on_message":
                peer.send(close(1011))
            assert peer.ended()

    def test_who_wants_no_line_in_the_log(self, serve_handler):
        lines = []

        class Handler(WebSocketHandler):
            def _log(self):
                lines.append(self.get_status())

        with Peer(serve_handler(Handler, log_function=lines.append)):
            eventually(lambda: lines == [101])

    def test_an_exception_in_on_close(self, serve_handler, expect_log):
        class Handler(WebSocketHandler):
            def on_close(self):
                raise ZeroDivisionError

        with (
            expect_log("tornadolike.application", "Uncaught exception", count=1),
            Peer(serve_handler(Handler)) as peer,
        ):
            peer.send(close(1000))
            assert peer.close_code() == 1000
            assert peer.ended()

    @PLAIN_AND_TLS
    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (frame(TEXT, b"\xff"), 1007),
            (frame(TEXT, b"hello", mask=None), 1002),
            (frame(3), 1002),
            (close(1005), 1002),
            (frame(BINARY, bytes(1001)), 1009),
        ],
    )
    def test_what_breaks_the_protocol(self, serve_handler, journal, caplog, data, code):
        caplog.set_level(logging.INFO)
        with Peer(serve_handler(Journal, websocket_max_message_size=1000)) as peer:
            peer.send(data, frame(TEXT, b"more") * 1000)
            assert peer.close_code() == code
            assert peer.ended()  # our side is; we may go on talking
            with contextlib.suppress(ConnectionError):
                peer.send(frame(TEXT, b"more") * 1000)
        eventually(lambda: journal == [("open", ("",), {}), ("close", None, None)])
        # A peer must not be able to fill the log; Tornado says nothing either.
        assert [r for r in caplog.records if r.name == "tornadolike.general"] == []


class TestEnd:
    @PLAIN_AND_TLS
    def test_the_peer_closes(self, serve_handler, journal):
        with Peer(serve_handler(Journal)) as peer:
            peer.send(close(4001, b"bye"))
            assert peer.read() == (CLOSE, (4001).to_bytes(2, "big"))
            assert peer.ended()
        eventually(lambda: journal == [("open", ("",), {}), ("close", 4001, "bye")])

    @PLAIN_AND_TLS
    def test_we_close(self, serve_handler, journal):
        class Handler(Journal):
            def on_message(self, message):
                with pytest.raises(ValueError, match="1005"):
                    self.close(1005)
                self.close(4002, "enough")
                self.close(4003)
                with pytest.raises(WebSocketClosedError):
                    self.write_message("more")
                with pytest.raises(WebSocketClosedError):
                    self.ping()
                self.journal.append(self.ws_connection)

        with Peer(serve_handler(Handler)) as peer:
            peer.send(frame(TEXT, b"x"))
            assert peer.read() == (CLOSE, (4002).to_bytes(2, "big") + b"enough")
            peer.send(close(4002))
            assert peer.ended()
        eventually(lambda: journal == [("open", ("",), {}), None, ("close", 4002, None)])

    def test_a_peer_that_does_not_answer_our_close(self, serve_handler, journal):
        class Handler(Journal):
            def open(self, path):
                self.close()

        with Peer(serve_handler(Handler, websocket_close_timeout=0.05)) as peer:
            assert peer.read() == (CLOSE, b"")
            assert peer.ended()
        eventually(lambda: journal == [("close", None, None)])

    @PLAIN_AND_TLS
    def test_a_peer_that_vanishes(self, serve_handler, journal):
        peer = Peer(serve_handler(Journal))
        peer.send(frame(TEXT, b"x"))
        assert peer.text() == "x"
        peer.reset()
        eventually(lambda: journal == [("open", ("",), {}), "x", ("close", None, None)])

    @PLAIN_AND_TLS
    def test_a_peer_that_vanishes_while_a_message_is_handled(self, serve_handler, journal):
        class Handler(Journal):
            async def on_message(self, message):
                try:
                    while True:
                        await self.write_message("tick")
                        await asyncio.sleep(0.01)
                except WebSocketClosedError:
                    self.journal.append("noticed")
                    raise

        peer = Peer(serve_handler(Handler))
        peer.send(frame(TEXT, b"x"))
        assert peer.text() == "tick"
        peer.reset()
        eventually(lambda: journal[1:] == ["noticed", ("close", None, None)])

    @PLAIN_AND_TLS
    def test_a_peer_that_vanishes_while_a_write_waits(self, serve_handler, journal):
        class Handler(Journal):
            async def on_message(self, message):
                try:
                    while True:
                        await self.write_message(bytes(100_000), binary=True)
                except WebSocketClosedError:
                    self.journal.append("noticed")

        peer = Peer(serve_handler(Handler))
        peer.send(frame(TEXT, b"x"))
        time.sleep(0.1)
        peer.reset()
        eventually(lambda: journal[1:] == ["noticed", ("close", None, None)])

    def test_a_peer_that_ends_without_a_close(self, serve_handler, journal):
        with Peer(serve_handler(Journal)) as peer:
            peer.send(frame(TEXT, b"x"))
            peer.sock.shutdown(socket.SHUT_WR)
            assert peer.text() == "x"
            assert peer.ended()
        eventually(lambda: journal == [("open", ("",), {}), "x", ("close", None, None)])

    @PLAIN_AND_TLS
    def test_draining(self, serve_handler, journal):
        server = serve_handler(Journal)
        with Peer(server) as peer:
            peer.send(frame(TEXT, b"x"))
            assert peer.text() == "x"
            drained = threading.Thread(target=server.call, args=(server.server.drain,))
            drained.start()
            assert peer.close_code() == 1001
            peer.send(close(1001))
            assert peer.ended()
        drained.join()
        eventually(lambda: journal[-1] == ("close", 1001, None))

    def test_stopping_the_server_at_once(self, serve_handler, journal):
        server = serve_handler(Journal)
        with Peer(server) as peer:
            peer.send(frame(TEXT, b"x"))
            assert peer.text() == "x"
            server.stop()
            assert peer.ended()
        eventually(lambda: journal[-1] == ("close", None, None))

    @PLAIN_AND_TLS
    def test_a_handler_is_gone_with_its_connection(self, serve_handler):
        """At once, not when the collector comes by."""
        handlers = []

        class Handler(WebSocketHandler):
            def open(self, path):
                handlers.append(weakref.ref(self))

            def on_message(self, message):
                self.write_message(self.request.remote_ip)

        server = serve_handler(Handler)
        gc.collect()
        gc.disable()
        try:
            with Peer(server, behind=frame(TEXT, b"x") + close(1000)) as peer:
                assert peer.text() == "127.0.0.1"
                assert peer.close_code() == 1000
            with Peer(server, behind=frame(TEXT, b"x")) as peer:
                assert peer.text() == "127.0.0.1"
            eventually(lambda: [handler() for handler in handlers] == [None, None])
        finally:
            gc.enable()

    @PLAIN_AND_TLS
    def test_a_hundred_that_come_and_go(self, serve_handler, journal):
        server = serve_handler(Journal)
        for number in range(100):
            peer = Peer(server, behind=frame(TEXT, b"x"))
            assert peer.text() == "x"
            if number % 2:
                peer.reset()
            else:
                peer.sock.close()
        eventually(lambda: journal.count(("close", None, None)) == 100)
        assert server.call(lambda: len(server.server._serving.upgraded)) == 0
