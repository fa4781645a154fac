"""What is sent to a Redis server, in order.

All that a process publishes goes through one queue for each event loop, and what gathers there while the server is
answering goes in one go. So it arrives in the order in which it was published, which it would not over several
connections, and hundreds of messages take one way there and back.
"""

import asyncio
from collections import deque
from typing import Any, Final

from ..redis_connections import RedisConnections
from .base import PubSubError

BATCH: Final = 256
"""How many messages go in one go at the most."""
BATCH_BYTES: Final = 1024 * 1024
"""How many bytes of them; one message always goes."""

_Sent = asyncio.Future[PubSubError | None]
"""What who publishes waits for: the result is why it was not done."""
_Waiting = tuple[bytes, bytes, _Sent]


class Publisher:
    """Publishes for one event loop.

    :arg max_waiting: how many messages may wait to be sent.
    """

    def __init__(self, connections: RedisConnections, max_waiting: int) -> None:
        self._connections = connections
        self._max_waiting = max_waiting
        self._waiting: deque[_Waiting] = deque()
        self._sending: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def publish(self, name: bytes, message: bytes) -> None:
        """Return when the server has the message. Who is cancelled before it was sent has not published it."""
        if len(self._waiting) >= self._max_waiting:
            raise PubSubError(
                f"{len(self._waiting)} messages wait for {self._connections.name}, as many as may: publish less, or "
                "allow more: RedisPubSub(max_publishing=...)"
            )
        loop = asyncio.get_running_loop()
        sent: _Sent = loop.create_future()
        self._waiting.append((name, message, sent))
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._send_all())
        if (error := await sent) is not None:
            raise error

    async def close(self) -> None:
        """Wait for what is being published now: until it has failed or is done, which takes no longer than it may."""
        if outstanding := [sent for _, _, sent in (*self._sending, *self._waiting)]:
            await asyncio.wait(outstanding)

    async def _send_all(self) -> None:
        while batch := self._next_batch():
            self._sending = batch
            try:
                await self._send(batch)
            finally:
                self._sending = []
                for _, _, sent in batch:
                    sent.cancel()  # those that have no result: this task was cancelled

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        waiting = self._waiting
        while waiting and len(batch) < BATCH:
            size += len(waiting[0][1])
            if batch and size > BATCH_BYTES:
                break
            entry = waiting.popleft()
            if not entry[2].done():  # nor cancelled
                batch.append(entry)
        return batch

    async def _send(self, batch: list[_Waiting]) -> None:
        try:
            results = await self._connections.within(self._pipeline(batch))
        except Exception as error:  # whatever the library stumbles over
            failure = error if isinstance(error, PubSubError) else self._connections.failed(error)
            if isinstance(error.__cause__, self._connections.timeouts):
                # What waits has waited for as long, and is not to wait for another time-out.
                batch = batch + list(self._waiting)
            results = [failure] * len(batch)
        for (_, _, sent), result in zip(batch, results, strict=True):
            if not sent.done():
                sent.set_result(self._error_of(result))

    async def _pipeline(self, batch: list[_Waiting]) -> list[Any]:
        pipeline = self._connections.client().pipeline(transaction=False)
        for name, message, _ in batch:
            pipeline.publish(name, message)
        results: list[Any] = await pipeline.execute(raise_on_error=False)
        return results

    def _error_of(self, result: Any) -> PubSubError | None:
        if isinstance(result, PubSubError):
            return PubSubError(*result.args)  # of each its own, for each has its traceback
        return (
            PubSubError(*self._connections.failed(result).args)
            if isinstance(result, Exception)
            else None
        )
