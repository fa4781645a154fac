"""The chat without a socket: a tab whose link never loses anything."""

import json
from typing import Any

from demos.chat.hub import Hub
from demos.chat.sessions import Session

Event = dict[str, Any]


def message_id(text: str) -> str:
    """The id of a message with that text."""
    return f"message-{text.replace(' ', '-')}".ljust(16, "-")


class Tab:
    """What it was told, and why it was dropped."""

    session: Session

    def __init__(self, hub: Hub, name: str) -> None:
        self.hub = hub
        self.name = name
        self.secret = f"secret-of-{name.replace(' ', '-')}-0123456789"
        self.events: list[Event] = []
        self.dropped: list[str] = []

    def wake(self) -> None:
        while frame := self.session.take():
            self.events.append(json.loads(frame))

    def drop(self, reason: str) -> None:
        self.dropped.append(reason)
