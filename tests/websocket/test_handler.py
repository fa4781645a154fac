"""Handlers on real sockets, with a client that is nothing but a socket."""

import asyncio
import contextlib
import contextvars
import gc
import json
import socket
import struct
import threading
import time
import weakref
from typing import Any, ClassVar

import pytest

import tornadolike.websocket.connection as connection_module
from tests.websocket.helpers import BINARY, CLOSE, PING, PONG, TEXT, close, frame
from tests.wire.client import PLAIN_AND_TLS
from tornadolike import locale
from tornadolike.template import DictLoader
from tornadolike.web import Application, HTTPError, RequestHandler
from tornadolike.websocket import WebSocketClosedError, WebSocketError, WebSocketHandler

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def request(path: str = "/", **headers: str | None) -> bytes:
    """A handshake; ``None`` leaves a header out, underscores stand for hyphens."""
    fields: dict[str, str | None] = {
        "Host": "127.0.0.1",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"{name}: {value}\r\n" for name, value in fields.items() if value is not None]
    return f"GET {path} HTTP/1.1\r\n{''.join(lines)}\r\n".encode()


class Peer:
    """A client on a plain socket."""

    def __init__(
        self, server: Any, path: str = "/", behind: bytes = b"", **headers: str | None
    ) -> None:
        self.sock = server.connect()
        self.sock.sendall(request(path, **headers) + behind)
        head, self.buffer = self._read_head()
        self.status = int(head.split()[1])
        lines = head.decode().split("\r\n")[1:]
        self.headers = dict(line.lower().split(": ", 1) for line in lines if line)

    def _read_head(self) -> tuple[bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.sock.recv(65536)
            assert more, data
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        return head, rest

    def send(self, *frames: bytes) -> None:
        self.sock.sendall(b"".join(frames))

    def exactly(self, size: int) -> bytes:
        while len(self.buffer) < size:
            more = self.sock.recv(1 << 20)
            assert more, "the connection ended"
            self.buffer += more
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def read(self) -> tuple[int, bytes]:
        """The opcode and the payload of the next frame."""
        first, length = self.exactly(2)
        assert first & 0x70 == 0
        assert first & 0x80
        if length == 126:
            (length,) = struct.unpack("!H", self.exactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self.exactly(8))
        return first & 15, self.exactly(length)

    def text(self) -> str:
        opcode, payload = self.read()
        assert opcode == TEXT, (opcode, payload)
        return payload.decode()

    def close_code(self) -> int:
        opcode, payload = self.read()
        assert opcode == CLOSE, (opcode, payload)
        return int.from_bytes(payload[:2], "big")

    def ended(self) -> bool:
        """Whether nothing but the end comes."""
        try:
            return not self.buffer and self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def reset(self) -> None:
        """Vanish."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *exc: object) -> None:
        self.sock.close()


class Journal(WebSocketHandler):
    """Writes down, for the test's thread, what happens to it."""

    def initialize(self, journal: list[Any] | None = None) -> None:
        self.journal = [] if journal is None else journal

    def open(self, *args: str, **kwargs: str) -> Any:
        self.journal.append(("open", args, kwargs))

    def on_message(self, message: str | bytes) -> Any:
        self.journal.append(message)
        self.write_message(message, binary=isinstance(message, bytes))

    def on_ping(self, data: bytes) -> None:
        self.journal.append(("ping", data))

    def on_pong(self, data: bytes) -> None:
        self.journal.append(("pong", data))

    def on_close(self) -> None:
        self.journal.append(("close", self.close_code, self.close_reason))


@pytest.fixture
def journal() -> list[Any]:
    return []


@pytest.fixture
def serve_handler(serve, journal):
    """Serve one handler class at /, with the journal if it takes one."""

    def start(handler: type[WebSocketHandler], **settings: Any) -> Any:
        arguments = {"journal": journal} if issubclass(handler, Journal) else {}
        return serve(Application([(r"/([a-z]*)", handler, arguments)], **settings))

    return start


def eventually(condition: Any, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def settled(journal: list[Any]) -> int:
    """How long the journal is when it has stopped growing."""
    length = -1
    while length < len(journal) or not journal:
        length = len(journal)
        time.sleep(0.2)
    return length


class TestHandshake:
    @PLAIN_AND_TLS
    def test_accepts(self, serve_handler, journal):
        with Peer(serve_handler(Journal), "/room") as peer:
            assert peer.status == 101
            assert peer.headers["upgrade"] == "websocket"
            assert peer.headers["connection"].lower() == "upgrade"
            assert peer.headers["sec-websocket-accept"] == ACCEPT.lower()
            assert "content-type" not in peer.headers
            assert "content-length" not in peer.headers
            assert "sec-websocket-protocol" not in peer.headers
            assert "sec-websocket-extensions" not in peer.headers
            peer.send(frame(TEXT, b"hello"))
            assert peer.text() == "hello"
        assert journal[0] == ("open", ("room",), {})

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Upgrade": None, "Connection": None}, 400),
            ({"Upgrade": "h2c"}, 400),
            ({"Connection": "keep-alive"}, 400),
            ({"Sec_WebSocket_Version": "8"}, 426),
            ({"Sec_WebSocket_Version": None}, 426),
            ({"Sec_WebSocket_Key": None}, 400),
            ({"Sec_WebSocket_Key": "short"}, 400),
            ({"Origin": "https://evil.example"}, 403),
        ],
    )
    def test_refuses(self, serve_handler, journal, headers, status):
        with Peer(serve_handler(Journal), **headers) as peer:
            assert peer.status == status
            assert int(peer.headers["content-length"]) > 0
            assert peer.headers["content-type"].startswith("text/plain")
            if status == 426:
                assert peer.headers["sec-websocket-version"] == "13"
                assert peer.headers["upgrade"] == "websocket"
            if "Upgrade" in headers:
                body = peer.exactly(int(peer.headers["content-length"]))
                assert body == b'Can "Upgrade" only to "WebSocket".'
        assert journal == []

    def test_the_connection_can_be_used_after_a_refusal(self, serve_handler):
        with serve_handler(Journal).connect() as sock:
            sock.sendall(request(Sec_WebSocket_Key="short") + request())
            data = b""
            while ACCEPT.encode() not in data:
                more = sock.recv(65536)
                assert more, data
                data += more
            assert data.startswith(b"HTTP/1.1 400 ")

    @pytest.mark.parametrize("method", ["POST", "PUT", "HEAD", "DELETE", "OPTIONS"])
    def test_other_methods(self, serve_handler, method):
        with serve_handler(Journal).connect() as sock:
            sock.sendall(method.encode() + request()[3:])
            assert sock.recv(65536).startswith(b"HTTP/1.1 405 ")

    def test_http_1_0(self, serve_handler):
        with serve_handler(Journal).connect() as sock:
            sock.sendall(request().replace(b"HTTP/1.1", b"HTTP/1.0"))
            assert b" 400 " in sock.recv(65536)

    def test_headers_and_cookies_of_the_handler(self, serve_handler):
        class Handler(WebSocketHandler):
            def set_default_headers(self):
                self.set_header("X-Default", "1")

            async def prepare(self):
                await asyncio.sleep(0)
                self.set_header("X-Prepared", "2")
                self.set_cookie("name", "value")

        with Peer(serve_handler(Handler)) as peer:
            assert peer.status == 101
            assert peer.headers["x-default"] == "1"
            assert peer.headers["x-prepared"] == "2"
            assert peer.headers["set-cookie"].startswith("name=value")

    def test_prepare_can_refuse(self, serve_handler):
        class Handler(WebSocketHandler):
            def prepare(self):
                raise HTTPError(401)

        with Peer(serve_handler(Handler)) as peer:
            assert peer.status == 401

    def test_get_can_be_wrapped(self, serve_handler):
        class Handler(Journal):
            async def get(self, *args, **kwargs):
                self.journal.append("checked")
                await super().get(*args, **kwargs)

        with Peer(serve_handler(Handler)) as peer:
            peer.send(frame(TEXT, b"hello"))
            assert peer.text() == "hello"

    def test_an_error_while_choosing_is_a_500(self, serve_handler, expect_log):
        class Handler(Journal):
            def select_subprotocol(self, subprotocols):
                return "other"

        server = serve_handler(Handler)
        with (
            expect_log("tornadolike.application", "Uncaught exception", count=1),
            expect_log("tornadolike.access", "500"),
            Peer(server, Sec_WebSocket_Protocol="chat") as peer,
        ):
            assert peer.status == 500

    def test_the_request_is_logged_and_finished_once(self, serve_handler, journal, expect_log):
        class Handler(Journal):
            def on_finish(self):
                self.journal.append("finish")

        server = serve_handler(Handler)
        with expect_log("tornadolike.access", "101 GET /", count=1), Peer(server) as peer:
            peer.send(frame(TEXT, b"hello"))
            assert peer.text() == "hello"
        assert journal[:3] == ["finish", ("open", ("",), {}), "hello"]

    def test_a_client_that_goes_before_the_handshake(self, serve_handler, journal):
        class Slow(Journal):
            async def prepare(self):
                self.journal.append("prepare")
                while not self._client_gone:
                    await asyncio.sleep(0.005)
                self.journal.append("prepared")

        server = serve_handler(Slow)
        with server.connect() as sock:
            sock.sendall(request())
            eventually(lambda: journal == ["prepare"])
        eventually(lambda: journal == ["prepare", "prepared"])
        time.sleep(0.05)
        assert journal == ["prepare", "prepared"], "it never was a WebSocket"


class TestSubprotocols:
    class Handler(WebSocketHandler):
        def select_subprotocol(self, subprotocols):
            self.offered = subprotocols
            return "chat" if "chat" in subprotocols else None

        def open(self, path):
            self.write_message({"offered": self.offered, "selected": self.selected_subprotocol})

    @pytest.mark.parametrize(
        ("header", "offered", "selected"),
        [
            (None, [], None),
            ("chat", ["chat"], "chat"),
            ("superchat,chat , x", ["superchat", "chat", "x"], "chat"),
            ("superchat", ["superchat"], None),
        ],
    )
    def test_selection(self, serve_handler, header, offered, selected):
        with Peer(serve_handler(self.Handler), Sec_WebSocket_Protocol=header) as peer:
            assert peer.headers.get("sec-websocket-protocol") == selected
            assert json.loads(peer.text()) == {"offered": offered, "selected": selected}


class TestOrigin:
    class Picky(WebSocketHandler):
        def check_origin(self, origin):
            return origin.endswith(".friend.example")

    class Open(WebSocketHandler):
        def check_origin(self, origin):
            return True

    class Classic(WebSocketHandler):
        def check_origin(self, origin):
            return super().check_origin(origin) or origin == "http://friend.example"

    SAME = "http://127.0.0.1"

    def test_an_empty_host_is_nobodys_origin(self, serve_handler):
        with Peer(serve_handler(WebSocketHandler), Host="", Origin="null") as peer:
            assert peer.status in (400, 403)

    @pytest.mark.parametrize(
        ("handler", "origin", "site", "accepted"),
        [
            (WebSocketHandler, None, None, True),
            (WebSocketHandler, SAME, None, True),
            (WebSocketHandler, SAME.upper(), None, True),
            (WebSocketHandler, "https://127.0.0.1", None, True),
            (WebSocketHandler, SAME + "/path", None, True),
            (WebSocketHandler, SAME + ":81", None, False),
            (WebSocketHandler, "127.0.0.1", None, False),
            (WebSocketHandler, "http://evil.127.0.0.1", None, False),
            (WebSocketHandler, "null", None, False),
            (WebSocketHandler, "", None, False),
            (WebSocketHandler, "http://[", None, False),
            (WebSocketHandler, "http://trusted.example", None, True),
            (WebSocketHandler, "http://trusted.example", "cross-site", True),
            (WebSocketHandler, "http://proxied.example", "same-origin", True),
            (WebSocketHandler, "http://evil.example", "cross-site", False),
            (WebSocketHandler, "http://sub.example", "same-site", False),
            (WebSocketHandler, None, "cross-site", False),
            (WebSocketHandler, None, "none", True),
            (Picky, SAME, None, True),
            (Picky, "http://a.friend.example", "cross-site", True),
            (Picky, "http://evil.example", None, False),
            (Open, "http://evil.example", "cross-site", True),
            (Classic, SAME, "same-site", True),
            (Classic, "http://friend.example", None, True),
            (Classic, "http://evil.example", None, False),
        ],
    )
    def test_origins(self, serve_handler, handler, origin, site, accepted):
        server = serve_handler(handler, trusted_origins=["http://trusted.example"])
        with Peer(server, Origin=origin, Sec_Fetch_Site=site) as peer:
            assert peer.status == (101 if accepted else 403)


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


class TestHttpMethods:
    def test_are_refused_when_the_websocket_is_open(self, serve_handler):
        class Handler(WebSocketHandler):
            def open(self, path):
                for call in (
                    lambda: self.write("x"),
                    lambda: self.redirect("/"),
                    lambda: self.set_header("X", "1"),
                    lambda: self.add_header("X", "1"),
                    lambda: self.clear_header("X"),
                    lambda: self.set_cookie("a", "b"),
                    lambda: self.set_status(503),
                    lambda: self.send_error(500),
                    self.flush,
                    self.finish,
                ):
                    with pytest.raises(RuntimeError, match="not supported for Web Sockets"):
                        call()
                self.write_message("good")

        with Peer(serve_handler(Handler)) as peer:
            assert peer.text() == "good"

    def test_messages_may_be_rendered_in_the_readers_language(self, serve_handler):
        class Handler(WebSocketHandler):
            def on_message(self, message):
                self.write_message(self.render_string("message.html", message=message))

            def get_user_locale(self):
                return locale.CSVLocale(self.get_cookie("language"), {})

        template = "<p>{{ locale.code }} {{ message }}</p>"
        loader = DictLoader({"message.html": template})
        with Peer(serve_handler(Handler, template_loader=loader), cookie="language=de") as peer:
            peer.send(frame(TEXT, b"1 < 2"))
            assert peer.text() == "<p>de 1 &lt; 2</p>"

    def test_keep_their_names(self):
        assert WebSocketHandler.write.__name__ == "write"
        assert WebSocketHandler.write.__doc__ == RequestHandler.write.__doc__

    def test_nothing_can_be_sent_before(self, serve_handler):
        class Handler(WebSocketHandler):
            def prepare(self):
                for call in (
                    lambda: self.write_message("x"),
                    self.ping,
                    lambda: self.set_nodelay(True),
                ):
                    with pytest.raises(WebSocketClosedError):
                        call()
                self.close()

            def open(self, path):
                self.set_nodelay(True)
                self.write_message("good")

        with Peer(serve_handler(Handler)) as peer:
            assert peer.text() == "good"

    def test_errors_are_a_family(self):
        assert issubclass(WebSocketClosedError, WebSocketError)


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
    def test_what_breaks_the_protocol(self, serve_handler, journal, data, code):
        with Peer(serve_handler(Journal, websocket_max_message_size=1000)) as peer:
            peer.send(data, frame(TEXT, b"more") * 1000)
            assert peer.close_code() == code
            assert peer.ended()  # our side is; we may go on talking
            with contextlib.suppress(ConnectionError):
                peer.send(frame(TEXT, b"more") * 1000)
        eventually(lambda: journal == [("open", ("",), {}), ("close", None, None)])


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
            peer.send(close(1000))
            assert peer.ended()
        eventually(lambda: journal[-1] == ("close", 1000, None))

    def test_a_timeout_that_is_too_long(self, serve_handler, expect_log):
        server = serve_handler(Journal, websocket_ping_interval=0.0501, websocket_ping_timeout=7)
        with expect_log("tornadolike.general", "is longer than websocket_ping_interval", count=1):
            with Peer(server) as peer:
                assert peer.read() == (PING, b"")
                assert peer.close_code() == 1000
            with Peer(server) as peer:
                assert peer.read() == (PING, b"")

    def test_no_timeout(self, serve_handler):
        server = serve_handler(Journal, websocket_ping_interval=0.01, websocket_ping_timeout=0)
        with Peer(server) as peer:
            assert [peer.read() for _ in range(5)] == [(PING, b"")] * 5


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

    def test_a_peer_that_does_not_answer_our_close(self, serve_handler, journal, monkeypatch):
        monkeypatch.setattr(connection_module, "CLOSE_TIMEOUT", 0.05)

        class Handler(Journal):
            def open(self, path):
                self.close()

        with Peer(serve_handler(Handler)) as peer:
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
