"""Who visits a site through a proxy, or without one."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from tests.deploy.programs import PATIENCE


class Visitor:
    """Asks what serves on a port of this machine."""

    def __init__(self, port: int, context: ssl.SSLContext | None) -> None:
        """
        :arg context: with which HTTPS is spoken; None: plain HTTP.
        """
        self.port = port
        self.context = context

    @property
    def url(self) -> str:
        return f"{'http' if self.context is None else 'https'}://127.0.0.1:{self.port}"

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        """A connection from an address of this machine."""
        sock = socket.create_connection(
            ("127.0.0.1", self.port), PATIENCE, source_address=(source, 0)
        )
        if self.context is None:
            return sock
        return self.context.wrap_socket(sock, server_hostname="127.0.0.1")

    def connection(self, source: str = "127.0.0.1") -> http.client.HTTPConnection:
        """One for many requests."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.sock = self.connect(source)
        return connection

    def ask(
        self,
        path: str = "/",
        method: str = "GET",
        body: Any = None,
        source: str = "127.0.0.1",
        **headers: str,
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """One request on a connection of its own; status, headers, body."""
        connection = self.connection(source)
        try:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            chunked = not (body is None or isinstance(body, bytes))
            connection.request(method, path, body, names, encode_chunked=chunked)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def told(self, path: str = "/", **options: Any) -> Any:
        """The JSON of an answer that has to be good."""
        status, _, body = self.ask(path, **options)
        assert status == 200, (status, body)
        return json.loads(body)


class Traffic:
    """Several visitors who ask one thing after another until they are told to stop, and note what went wrong.

    Half of them keep their connections, the others open one for each request.
    """

    def __init__(self, visitor: Visitor, visitors: int = 4) -> None:
        self._visitor = visitor
        self._stopping = threading.Event()
        self.answered = 0
        self.processes: set[int] = set()
        """Who has answered."""
        self.wrong: list[str] = []
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._visit, args=(number % 2 == 0,))
            for number in range(visitors)
        ]

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Return when so many more requests have been answered, or one was not."""
        with self._changed:
            enough = self.answered + more
            assert self._changed.wait_for(lambda: self.answered >= enough or self.wrong, PATIENCE)

    def _visit(self, keeping: bool) -> None:
        connection = None
        while not self._stopping.is_set():
            try:
                connection = connection or self._visitor.connection()
                connection.request("GET", "/")
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200:
                    raise AssertionError(f"{answer.status}: {body!r}")
                process = json.loads(body)["process"]
                if not keeping or answer.will_close:
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self._note(None, f"{'kept' if keeping else 'fresh'}: {error!r}")
                break
            self._note(process, None)
        if connection is not None:
            connection.close()

    def _note(self, process: int | None, wrong: str | None) -> None:
        with self._changed:
            if process is not None:
                self.answered += 1
                self.processes.add(process)
            if wrong is not None:
                self.wrong.append(wrong)
            self._changed.notify_all()


def events(visitor: Visitor, last: str = "0") -> Iterator[str]:
    """The lines of the stream of events, as they come. Closing the generator leaves."""
    connection = visitor.connection()
    try:
        connection.request("GET", "/events", headers={"Last-Event-ID": last})
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        while line := answer.readline():
            yield line.decode().rstrip("\n")
    finally:
        connection.close()
