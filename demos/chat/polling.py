"""A long poll as the link of a session, whichever process the request has come to."""

from __future__ import annotations

import asyncio

from .hub import Hub
from .sessions import Session, encode

POLL_SECONDS = 25
"""An idle poll is answered after this time: proxies tend to give up after 30 or 60 seconds."""


def bye(reason: str) -> str:
    """The event that ends a link."""
    return encode({"type": "bye", "reason": reason})


class Poll:
    """The link of a session until there is something to tell."""

    def __init__(self) -> None:
        self._ready = asyncio.Event()
        self._bye: str | None = None

    async def news(self, hub: Hub, session: Session, seen: int) -> tuple[list[str], int]:
        """What the tab has not seen, and the number of the last of it; wait until there is something."""
        frames, last = session.unseen(seen)
        session.attach(self)
        try:
            if not frames:
                await self._wait()
                frames, last = session.unseen(seen)
        finally:
            hub.detach(session, self)
        return (frames, last) if self._bye is None else ([bye(self._bye)], last)

    def end(self) -> None:
        """Nobody waits for an answer any more."""
        self._ready.set()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            pass

    # --- what the session wants from its link ---

    def wake(self) -> None:
        self._ready.set()

    def drop(self, reason: str) -> None:
        self._bye = reason
        self._ready.set()
