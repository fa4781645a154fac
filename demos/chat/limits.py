"""What a guest may do, and what a guest is told when that is exceeded.

Every list, queue, text and pause of the chat has its limit here, under a name. A public site
whose memory can be filled by strangers is not finished, however well it chats.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .refusals import in_english


@dataclass(frozen=True, slots=True)
class Limits:
    """All bounds of one chat. Sizes in characters, times in seconds."""

    message_length: int = 2_000
    name_length: int = 32
    room_name_length: int = 32

    rooms: int = 100
    members: int = 200
    sessions: int = 2_000
    """Tabs, in one process; all else is of the chat, in however many processes it is."""

    history: int = 100
    """Messages a room keeps for those who come later."""

    remembered_ids: int = 1_000
    """Message ids a room keeps to recognise a message that is sent to it twice."""

    outbox: int = 500
    """Events that may wait for one slow reader. Past that the reader has to join again."""

    burst: int = 10
    """Things a guest may do at once..."""

    per_second: float = 2.0
    """...and how many a second after that."""

    grace: float = 6.0
    """How long a lost connection still counts as present: a reload should not look like leaving."""

    lease: float = 15.0
    """How long the guests of a process that was killed still count as present. A process that is
    stopped in good order leaves them their grace only."""

    empty_room: float = 600.0
    """How long a room and its history outlive the last member."""


class Refused(Exception):
    """The guest asked for something that is not allowed.

    :arg code: one of `REFUSALS`; by it the page finds the text in its reader's language.
    :arg detail: what a programmer should read instead of that text, in English.
    :arg retry: after this many seconds the same request would be welcome.
    :arg values: what the text has to be filled in with.
    """

    def __init__(
        self, code: str, detail: str = "", *, retry: float | None = None, **values: int | str
    ) -> None:
        self.code = code
        self.text = detail or in_english(code, values)
        self.retry = retry
        self.values = values
        super().__init__(self.text)


@dataclass(slots=True)
class Allowance:
    """A token bucket: `burst` actions at once, refilled at `per_second`."""

    burst: int
    per_second: float
    _tokens: float = field(init=False)
    _as_of: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._tokens = float(self.burst)

    def spend(self, now: float) -> None:
        """Take one token, or say when there will be one."""
        elapsed = 0.0 if self._as_of is None else now - self._as_of
        self._as_of = now
        self._tokens = min(self.burst, self._tokens + elapsed * self.per_second)
        if self._tokens < 1:
            wait = (1 - self._tokens) / self.per_second
            raise Refused("too-fast", retry=wait)
        self._tokens -= 1

    def give_back(self) -> None:
        """What was just paid for had been done before."""
        self._tokens += 1
