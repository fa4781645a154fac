"""Messages in pieces come one after another on a connection: who sends one, and who waits for that."""

import asyncio
from types import TracebackType

from ..errors import WebSocketClosedError


class InTurn:
    """The turns of one connection. Each is a task's, from :meth:`begin` to :meth:`end`."""

    __slots__ = ("_lock", "_scope", "_task")

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[object] | None = None
        self._scope: asyncio.Timeout | None = None

    async def begin(self) -> None:
        """Wait for a turn. Raises :exc:`RuntimeError` in a task that has one, and would wait for itself."""
        if self.is_ours():
            raise RuntimeError("one message after another: end the one that you have begun")
        await self._lock.acquire()
        self._task = asyncio.current_task()
        # It never runs out: it is how the task is cancelled when the connection is lost.
        self._scope = asyncio.timeout(None)
        await self._scope.__aenter__()

    def is_ours(self) -> bool:
        """Whether the running task has its turn."""
        return self._task is not None and self._task is asyncio.current_task()

    async def leave(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """What the turn was for has ended so. If that is because the connection is lost, it raises as much."""
        scope, self._scope = self._scope, None
        assert scope is not None
        try:
            await scope.__aexit__(kind, error, traceback)
        except TimeoutError:
            raise WebSocketClosedError("the connection is lost") from None

    def end(self) -> None:
        """It is the next one's turn."""
        self._task = None
        self._lock.release()

    def connection_lost(self) -> None:
        """Nobody needs what is being made any more."""
        if self._scope is not None:
            self._scope.reschedule(0)
