"""One small site, as three servers have it: ours, nginx and Python's own."""

import base64
import contextlib
import gzip
import http.server
import socketserver
import threading
from collections.abc import Iterator
from http.client import responses as reasons
from typing import Any, ClassVar

from tests.httpclient.behaviours.nginx import LARGE, PAGE
from tornadolike.web import Application, RequestHandler

USER, PASSWORD = "somebody", "something"
CREDENTIALS = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

REDIRECTS = {
    "/moved": (302, "/hello"),
    "/moved-for-good": (301, "/hello"),
    "/see-other": (303, "/method"),
    "/found": (302, "/method"),
    "/temporary": (307, "/method"),
    "/permanent": (308, "/method"),
    "/round": (302, "/round"),
}


class Store:
    """What was uploaded to one server."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> "Answer":
        """What is said to a request."""
        if path in REDIRECTS:
            status, target = REDIRECTS[path]
            return Answer(status, b"elsewhere", {"Location": target})
        if path == "/private":
            if headers.get("Authorization") == f"Basic {CREDENTIALS}":
                return Answer(200, b"secret")
            return Answer(401, b"", {"WWW-Authenticate": 'Basic realm="private"'})
        if path.startswith("/upload/"):
            return self._upload(method, path, body)
        if path == "/page.html" and "gzip" in headers.get("Accept-Encoding", ""):
            return Answer(200, gzip.compress(PAGE), {"Content-Encoding": "gzip"})
        found = {
            "/hello": b"hello",
            "/large": LARGE,
            "/page.html": PAGE,
            "/method": method.encode(),
            "/agent": headers.get("User-Agent", "").encode(),
        }.get(path)
        if path == "/nothing":
            return Answer(204)
        return Answer(404, b"no such thing") if found is None else Answer(200, found)

    def _upload(self, method: str, path: str, body: bytes) -> "Answer":
        known = path in self.files
        if method == "PUT":
            self.files[path] = body
            return Answer(204) if known else Answer(201)
        if method == "DELETE":
            return Answer(204) if self.files.pop(path, None) is not None else Answer(404)
        return Answer(200, self.files[path]) if known else Answer(404)


class Answer:
    """A status, a body, fields."""

    def __init__(
        self, status: int, body: bytes = b"", fields: dict[str, str] | None = None
    ) -> None:
        self.status = status
        self.body = body
        self.fields = fields or {}


class OurHandler(RequestHandler):
    """The site, on our server."""

    SUPPORTED_METHODS: ClassVar[tuple[str, ...]] = ("GET", "HEAD", "POST", "PUT", "DELETE")  # type: ignore[misc]

    def initialize(self, store: Store) -> None:
        self._store = store

    def _answer(self) -> None:
        request = self.request
        assert request.method is not None
        answer = self._store.answer(request.method, request.path, request.headers, request.body)
        self.set_status(answer.status, reasons[answer.status])
        for name, value in answer.fields.items():
            self.set_header(name, value)
        if answer.status != 204:
            self.finish(answer.body)

    get = head = post = put = delete = _answer  # type: ignore[assignment]


def our_application() -> Application:
    return Application([("/.*", OurHandler, {"store": Store()})])


class PythonHandler(http.server.BaseHTTPRequestHandler):
    """The site, on Python's server."""

    protocol_version = "HTTP/1.1"
    store: Store

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        answer = self.store.answer(self.command, path, self.headers, body)
        self.send_response(answer.status)
        for name, value in answer.fields.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer

    def log_message(self, *args: Any) -> None:
        """It would write to stderr."""


class OldPythonHandler(PythonHandler):
    """As Python's server is by default: a connection for each request."""

    protocol_version = "HTTP/1.0"


class PythonServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Knows its threads' connections, so that they end with it."""

    daemon_threads = False

    def __init__(self, handler: type[PythonHandler]) -> None:
        self.connections: list[Any] = []
        super().__init__(("127.0.0.1", 0), handler)

    def get_request(self) -> Any:
        found = super().get_request()
        self.connections.append(found[0])
        return found

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone; it would be told on stderr."""


@contextlib.contextmanager
def python_server(handler: type[PythonHandler]) -> Iterator[str]:
    """The URL of a server of Python's."""
    kind = type("Handler", (handler,), {"store": Store()})
    with PythonServer(kind) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="http.server")
        thread.start()
        try:
            yield "http://127.0.0.1:{}".format(*server.server_address[1:])
        finally:
            server.shutdown()
            thread.join()
            for connection in server.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(2)
