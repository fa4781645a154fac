"""The application behind the transcripts, in shapes that must not differ on the wire."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tornadolike.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
)

_tasks: set[asyncio.Task[None]] = set()


def answer(request: HTTPServerRequest) -> None:
    """``METHOD path?query [body]``, at once."""
    text = f"{request.method} {request.uri}"
    if request.body:
        text += f" [{request.body.decode('latin1')}]"
    request.connection.respond(200, "OK", "text/plain", None, b"", text.encode())


def answer_later(request: HTTPServerRequest) -> None:
    """As :func:`answer`, from a task, after some turns of the loop."""

    async def later() -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        answer(request)

    task = asyncio.get_running_loop().create_task(later())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


class Conversation(HTTPServerConnectionDelegate):
    """Takes the requests in a conversation and has them answered by ``answer``."""

    def __init__(self, answer: Callable[[HTTPServerRequest], None], *, patient: bool) -> None:
        self.answer = answer
        self.patient = patient

    def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
        return Listener(self, request_conn)


class Listener(HTTPMessageDelegate):
    """The delegate of one request. A patient one makes the connection wait after each thing it is told."""

    def __init__(self, conversation: Conversation, connection: Any) -> None:
        self.conversation = conversation
        self.connection = connection
        self.body = b""

    def wait(self) -> Awaitable[None] | None:
        return asyncio.sleep(0) if self.conversation.patient else None

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Awaitable[None] | None:
        self.request = HTTPServerRequest(
            connection=self.connection, start_line=start_line, headers=headers
        )
        return self.wait()

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self.body += chunk
        return self.wait()

    def finish(self) -> None:
        self.request.body = self.body
        self.conversation.answer(self.request)


SHAPES: dict[str, Any] = {
    "at once": answer,
    "later": answer_later,
    "in a conversation": Conversation(answer, patient=False),
    "in a slow conversation": Conversation(answer_later, patient=True),
}
