"""What became of requests and messages: each one is counted, once, where its end is known."""

import time
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Loss:
    """A request, or a message, that was sent and had no whole answer."""

    at: float
    """``time.monotonic()`` when that was known."""
    kind: str
    number: int
    port: int
    """The client's end of the connection: who holds it can be asked of the system."""
    why: str


@dataclass(slots=True)
class Tally:
    """The counts of one scenario."""

    sent: int = 0
    """Requests of which something was written to a connection."""
    answered: Counter[int] = field(default_factory=Counter)
    """Whole answers, by status."""
    answered_to: Counter[tuple[str, int]] = field(default_factory=Counter)
    """The same by the kind of client, too."""
    refused: int = 0
    """Connections that were not taken."""
    retried: int = 0
    """Requests that were sent again, because the first time there was no answer."""
    wrong: list[str] = field(default_factory=list)
    """Answers to something else than what was asked."""
    lost: list[Loss] = field(default_factory=list)
    slowest: float = 0.0
    """Seconds from the wish, with the time to connect, to the whole answer: the worst of what should come at once."""
    versions: Counter[str] = field(default_factory=Counter)
    """Answers by the version of the program that gave them."""
    workers: Counter[int] = field(default_factory=Counter)
    """Answers by the process that gave them."""
    certificates: Counter[bytes] = field(default_factory=Counter)
    """Connections by the certificate that was shown, in DER."""
    messages: int = 0
    """Messages that were sent over WebSockets."""
    echoed: int = 0
    crossed: int = 0
    """Messages that met the server's Close frame on their way: the client knows that they were not heard."""
    messages_lost: list[Loss] = field(default_factory=list)
    """Messages whose WebSocket was gone without a Close frame."""
    closes: Counter[int] = field(default_factory=Counter)
    """Close frames that the server sent, by code."""

    def answer(self, kind: str, status: int, began: float | None = None) -> None:
        """There is a whole answer, to a request that began at this time of ``time.monotonic()`` and is quick."""
        self.answered[status] += 1
        self.answered_to[kind, status] += 1
        if began is not None:
            self.slowest = max(self.slowest, time.monotonic() - began)

    def held(self, ports: Container[int], since: float) -> tuple[list[Loss], list[Loss]]:
        """The losses on connections that were in somebody's hands at this time, and all others."""
        inside: list[Loss] = []
        outside: list[Loss] = []
        for loss in [*self.lost, *self.messages_lost]:
            here = inside if loss.at >= since and loss.port in ports else outside
            here.append(loss)
        return inside, outside

    @property
    def good(self) -> int:
        """Answers that say that all went well."""
        return sum(count for status, count in self.answered.items() if status < 400)
