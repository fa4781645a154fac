"""One browser tab, as the chat sees it, whatever connects it at the moment."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from typing import Any, Protocol

from .limits import Allowance, Limits

Event = dict[str, Any]


def encode(event: Event) -> str:
    """An event as it travels. Encoded once, however many people it goes to."""
    return json.dumps(event, separators=(",", ":"))


class Link(Protocol):
    """What a session wants from the transport that carries it."""

    def wake(self) -> None:
        """Something waits in the session's outbox."""

    def drop(self, reason: str) -> None:
        """You carry this session no longer: say `bye` with this reason, and close."""


class Session:
    """Who it is, where it is, and what it still has to be told.

    A session outlives the link that happens to carry it, so a reload, a flaky network or a change
    of transport does not look like leaving.
    """

    def __init__(self, client: str, limits: Limits, now: float) -> None:
        self.client = client
        """The tab's secret. It proves who is reconnecting and is shown to nobody."""
        self.id = hashlib.sha256(client.encode()).hexdigest()[:16]
        """What others see instead. Derived, so that it is the same after a restart."""
        self.name = ""
        self.room = ""
        self.link: Link | None = None
        self.detached_at = now
        self.allowance = Allowance(limits.burst, limits.per_second)
        self.behind = False
        """Too much piled up and was thrown away: only joining again helps."""
        self._outbox: deque[str] = deque()
        self._outbox_limit = limits.outbox
        self._taken = 0  # frames that left the outbox, ever

    @property
    def public(self) -> Event:
        """The session as the other members see it."""
        return {"id": self.id, "name": self.name}

    def push(self, frame: str) -> None:
        """Tell the tab something, now or when a link comes for it."""
        if self.behind:
            return
        if len(self._outbox) >= self._outbox_limit:
            self.start_over()
            self.behind = True
            if self.link is not None:
                self.link.drop("behind")
            return
        self._outbox.append(frame)
        if self.link is not None:
            self.link.wake()

    def take(self) -> str | None:
        """The next frame, for a link that knows when a frame is on its way."""
        if not self._outbox:
            return None
        self._taken += 1
        return self._outbox.popleft()

    def unseen(self, seen: int) -> tuple[list[str], int]:
        """Frames after number `seen`, and the number of the last, for a link that can lose them.

        What was seen is forgotten; what was not is kept and handed out again if need be.
        """
        while self._taken < seen and self._outbox:
            self.take()
        return list(self._outbox), self._taken + len(self._outbox)

    def begin(self) -> None:
        """The tab said hello: it forgets what carried it before, and what it was to be told."""
        former, self.link = self.link, None
        if former is not None:
            former.drop("replaced")
        self.start_over()

    def start_over(self) -> None:
        """Empty the outbox: the welcome that follows tells everything there is to know."""
        self._taken += len(self._outbox)
        self._outbox.clear()
        self.behind = False

    def attach(self, link: Link) -> None:
        """Let `link` carry the session; another one that still does is told so."""
        former, self.link = self.link, link
        if former is not None and former is not link:
            former.drop("replaced")

    def detach(self, link: Link, now: float) -> None:
        """`link` is gone. If nothing takes its place in time, the session leaves."""
        if self.link is link:
            self.link = None
            self.detached_at = now
