"""One browser tab, as the chat sees it, whatever connects it at the moment."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import deque
from typing import Any, Protocol

from .limits import Allowance, Limits

Event = dict[str, Any]


def encode(event: Event) -> str:
    """An event as it travels. Encoded once, however many people it goes to."""
    return json.dumps(event, separators=(",", ":"))


def key_of(client: str) -> str:
    """What a tab is known by. Its secret stays between it and the process that it talks to."""
    return hashlib.sha256(client.encode()).hexdigest()


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

    def __init__(self, key: str, limits: Limits, now: float) -> None:
        self.key = key
        """What `key_of` makes of the tab's secret, which proves who is reconnecting."""
        self.id = key[:16]
        """What others see. Derived, so that it is the same after a restart and in another process."""
        self.name = ""
        self.room = ""
        self.link: Link | None = None
        self.detached_at = now
        self.carrier = ""
        """What a ledger that several processes share knows this session by."""
        self.busy = asyncio.Lock()
        """Held while something is done that the tab asked for: one at a time, in order."""
        self.allowance = Allowance(limits.burst, limits.per_second)
        self.behind = False
        """Too much piled up and was thrown away: only joining again helps."""
        self._outbox: deque[str] = deque()
        self._outbox_limit = limits.outbox
        self._taken = 0  # frames that left the outbox, ever
        self._version: int | None = None  # of the room: what was heard last; None until a view came
        self._held: list[tuple[str, int, str]] | None = None

    @property
    def public(self) -> Event:
        """The session as the other members see it."""
        return {"id": self.id, "name": self.name}

    def hear(self, room: str, version: int, frame: str) -> None:
        """Something happened in a room. It is told if it is news, and comes right after what was heard last."""
        if self._held is not None:
            # Past the limit a hole is left, which shows in the versions.
            if len(self._held) < self._outbox_limit:
                self._held.append((room, version, frame))
        elif room == self.room and self._version is not None and version > self._version:
            if version > self._version + 1:
                self.fall_behind()
            else:
                self._version = version
                self.push(frame)

    def hold(self) -> None:
        """Keep what is heard, until `release`: it is not yet known which view it has to follow."""
        self._held = []

    def release(self, version: int | None = None) -> None:
        """Tell what was kept, after the view of that version, or where we were if there is no new view."""
        if version is not None:
            self._version = version
        held, self._held = self._held or [], None
        for room, number, frame in held:
            self.hear(room, number, frame)

    def has_missed(self, version: int) -> bool:
        """Whether the room's event of that version should have been heard and was not."""
        return self._held is None and self._version is not None and self._version < version

    def push(self, frame: str) -> None:
        """Tell the tab something, now or when a link comes for it."""
        if self.behind:
            return
        if len(self._outbox) >= self._outbox_limit:
            self.fall_behind()
            return
        self._outbox.append(frame)
        if self.link is not None:
            self.link.wake()

    def fall_behind(self) -> None:
        """Something is missing: the tab has to join again, and is then told."""
        self.start_over()
        self.behind = True
        self._version = None
        if self.link is not None:
            self.link.drop("behind")

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
        self._version = None  # it has to join, also the room in which it is

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
