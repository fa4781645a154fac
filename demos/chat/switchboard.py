"""Polls that come to another process than the one that carries the tab: they are passed on.

A WebSocket stays where it was opened. A long poll is a request like any other, and where several
processes share an address each may go to another of them. What was asked there is published for the
process that carries the session, and its answer comes back the same way:

    {"ask": N, "from": PROCESS, "who": KEY, "send": [EVENTS]}    or  "receive": SEEN
    {"stop": N, "from": PROCESS}                                 the tab waits no longer
    {"reply": N, "answer": [[FRAMES], LAST] | null}              null: it has to start over
    {"gone": KEY, "carrier": CARRIER}                            another process carries that tab now
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any

from tornadolike.pubsub import PubSub, PubSubError

from .hub import Hub
from .polling import POLL_SECONDS, Poll, bye
from .redis_ledger import RedisLedger
from .sessions import encode

PATIENCE_SECONDS = POLL_SECONDS + 5
LOOK_SECONDS = 5
"""How often we look whether the process that is to answer is still there."""

ARE_YOU_THERE = "{}"

Answer = tuple[list[str], int]


class Switchboard:
    """Asks the other processes of a chat, and answers them."""

    def __init__(self, hub: Hub, ledger: RedisLedger, pubsub: PubSub) -> None:
        self._hub = hub
        self._ledger = ledger
        self._pubsub = pubsub
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Answer | None]] = {}
        self._answering: dict[tuple[str, int], tuple[Poll, asyncio.Task[None]]] = {}

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """While this lasts the others are heard."""
        # At once, also while the server is away: it may start after us.
        subscription = await self._pubsub.listen(
            f"at:{self._ledger.process}", self._hear, wait=False
        )
        try:
            yield
        finally:
            await subscription.close()
            for _, task in self._answering.values():
                task.cancel()

    async def ask(self, key: str, **question: Any) -> Answer | None:
        """Have it done by the process that carries the session. None if there is none, or not any more.

        Raises :exc:`~demos.chat.ledger.Unavailable`."""
        number = next(self._numbers)
        reply: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._asked[number] = reply
        mine = self._ledger.process
        asked = {"ask": number, "from": mine, "who": key, **question}
        process = None
        try:
            process = await self._ledger.ask(key, encode(asked))
            for _ in range(PATIENCE_SECONDS // LOOK_SECONDS):
                if process is None:
                    break
                if (await asyncio.wait([reply], timeout=LOOK_SECONDS))[0]:
                    process = None
                    return reply.result()
                if await self._ledger.ask(key, ARE_YOU_THERE) != process:
                    break
            return None
        finally:
            del self._asked[number]
            if process is not None:
                await self._tell(process, {"stop": number, "from": mine})

    def close(self) -> None:
        """Say goodbye to all who wait here for an answer."""
        for reply in self._asked.values():
            if not reply.done():
                reply.set_result(([bye("closing")], 0))

    # --- what the others say ---

    def _hear(self, message: bytes) -> None:
        said: dict[str, Any] = json.loads(message)
        match said:
            case {"ask": number, "from": process}:
                poll = Poll()
                task = asyncio.create_task(self._answer(process, number, poll, said))
                self._answering[process, number] = poll, task
            case {"stop": number, "from": process} if (process, number) in self._answering:
                self._answering[process, number][0].end()
            case {"reply": number, "answer": answer}:
                reply = self._asked.get(number)
                if reply is not None and not reply.done():
                    reply.set_result(None if answer is None else (answer[0], answer[1]))
            case {"gone": key, "carrier": carrier}:
                session = self._hub.sessions.get(key)
                if session is not None and session.carrier == carrier:
                    self._hub.forget(session, "replaced")

    async def _answer(
        self, process: str, number: int, poll: Poll, question: dict[str, Any]
    ) -> None:
        try:
            answer = await self._answer_to(poll, question)
            await self._tell(process, {"reply": number, "answer": answer})
        finally:
            del self._answering[process, number]

    async def _answer_to(self, poll: Poll, question: dict[str, Any]) -> Answer | None:
        session = self._hub.sessions.get(question["who"])
        if session is None or session.behind:
            return None
        if "receive" in question:
            return await poll.news(self._hub, session, question["receive"])
        for event in question["send"]:
            await self._hub.receive(session, event)
        return [], 0

    async def _tell(self, process: str, message: dict[str, Any]) -> None:
        # Whoever waits for it gives up in time; and that the server is away is logged once, by the hub.
        with suppress(PubSubError):
            await self._pubsub.publish(f"at:{process}", encode(message).encode())
