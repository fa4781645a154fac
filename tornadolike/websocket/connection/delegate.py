"""Who a connection belongs to."""

from collections.abc import Awaitable
from types import TracebackType
from typing import Protocol


class Delegate(Protocol):
    """Who is told what arrives. A method that returns an awaitable is waited for."""

    def on_message(self, message: str | bytes) -> Awaitable[None] | None: ...

    def on_ping(self, data: bytes) -> Awaitable[None] | None: ...

    def on_pong(self, data: bytes) -> Awaitable[None] | None: ...

    def on_ws_connection_close(
        self, close_code: int | None = None, close_reason: str | None = None
    ) -> None: ...

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None: ...
