"""How handlers answer handshakes, and what is none, with a client that is nothing but a socket."""

import asyncio
import json
import time

import pytest

from tests.websocket.helpers import TEXT, frame
from tests.websocket.peer import ACCEPT, Journal, Peer, eventually, request
from tests.wire.client import PLAIN_AND_TLS
from tornadolike import locale
from tornadolike.template import DictLoader
from tornadolike.web import HTTPError, RequestHandler
from tornadolike.websocket import WebSocketClosedError, WebSocketError, WebSocketHandler


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
            (Classic, SAME, None, True),
            (Classic, SAME, "same-site", False),
            (Classic, "http://friend.example", None, True),
            (Classic, "http://evil.example", None, False),
        ],
    )
    def test_origins(self, serve_handler, handler, origin, site, accepted):
        server = serve_handler(handler, trusted_origins=["http://trusted.example"])
        with Peer(server, Origin=origin, Sec_Fetch_Site=site) as peer:
            assert peer.status == (101 if accepted else 403)


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
