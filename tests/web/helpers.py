"""What the tests of the site share: a site one call away, its answers, a handler without a server."""

import asyncio
import http.client
import json
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tornadolike.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine
from tornadolike.web import Application, RequestHandler


@dataclass(frozen=True)
class Answer:
    """A response as a client sees it."""

    status: int
    reason: str
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return self.headers[name]


class Connection:
    """A client's connection, kept alive."""

    def __init__(self, server: Any) -> None:
        self.sock: socket.socket = server.connect()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.sock.close()

    def send(self, request: str, *fields: str, body: bytes | None = None) -> None:
        """Send ``GET /path``; text goes as Latin-1, so that every byte can be said."""
        lines = [f"{request} HTTP/1.1", "Host: 127.0.0.1", *fields]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        head = "".join(f"{line}\r\n" for line in lines) + "\r\n"
        self.sock.sendall(head.encode("latin1") + (body or b""))

    def receive(self, method: str = "GET") -> Answer:
        response = http.client.HTTPResponse(self.sock, method=method)
        try:
            response.begin()
            return Answer(response.status, response.reason, response.headers, response.read())
        finally:
            response.close()

    def ask(self, request: str, *fields: str, body: bytes | None = None) -> Answer:
        self.send(request, *fields, body=body)
        return self.receive(request.partition(" ")[0])


class Site:
    """An application that is served, and what it logged of its requests."""

    def __init__(
        self, serve: Any, rules: Sequence[Any], options: dict[str, Any], settings: dict[str, Any]
    ) -> None:
        self.finished: list[RequestHandler] = []
        settings.setdefault("log_function", self.finished.append)
        self.application = Application(list(rules), **settings)
        self.server = serve(self.application, **options)

    def connect(self) -> Connection:
        return Connection(self.server)

    def ask(self, request: str, *fields: str, body: bytes | None = None) -> Answer:
        """Ask on a connection of its own; what the handler does behind its answer is done by then."""
        with self.connect() as connection:
            answer = connection.ask(request, *fields, body=body)
        self.settle()
        return answer

    def settle(self) -> None:
        """Wait until the loop has had another turn."""
        self.server.call(lambda: None)


class FakeConnection:
    """Takes a response and keeps it."""

    def __init__(self) -> None:
        self.future: asyncio.Future[None] | None = None
        self.status = 0
        self.reason = ""
        self.content_type = ""
        self.headers: HTTPHeaders | None = None
        self.extra = b""
        self.body = b""
        self.whole = False
        self.closed = False
        self.refused: int | None = None
        self.chunk_size: int | None = None

    def respond(
        self,
        status: int,
        reason: str,
        content_type: str,
        headers: HTTPHeaders | None,
        extra: bytes,
        body: bytes,
    ) -> None:
        self.status, self.reason, self.content_type = status, reason, content_type
        self.headers, self.extra, self.body = headers, extra, body
        self.whole = True

    def write_headers(
        self, start_line: ResponseStartLine, headers: HTTPHeaders, chunk: bytes | None = None
    ) -> None:
        self.status, self.reason, self.headers = start_line.code, start_line.reason, headers
        self.body = chunk or b""

    def write(self, chunk: bytes) -> None:
        self.body += chunk

    def finish(self, trailers: HTTPHeaders | None = None) -> None:
        self.whole = True

    def close(self) -> None:
        self.closed = True

    def set_close_callback(self, callback: Any) -> None:
        pass

    set_drain_callback = set_close_callback

    def keep_task(self, task: Any) -> None:
        pass


def make_handler(
    handler_class: type[RequestHandler] = RequestHandler,
    request: str = "GET /",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    settings: dict[str, Any] | None = None,
    **arguments: Any,
) -> Any:
    """A handler that nobody runs, on a connection that goes nowhere (``handler.request.connection``)."""
    method, uri = request.split(" ")
    connection: Any = FakeConnection()
    made = HTTPServerRequest(
        method, uri, "HTTP/1.1", HTTPHeaders(headers or {}), body, connection=connection
    )
    settings = {"log_function": lambda handler: None, **(settings or {})}
    return handler_class(Application(**settings), made, **arguments)


def open_files(below: Path) -> list[str]:
    """The files below a directory that this process has open."""
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:
            continue
        if target.startswith(str(below)):
            found.append(target)
    return found
