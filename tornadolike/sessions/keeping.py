""":class:`Keeper`: what it is to keep sessions."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from ..web import RequestHandler
from .record import Record
from .session import Session

GONE = ""
"""In the place of a cookie's value: there is nothing to keep any more, and the cookie is to go."""


@dataclass(frozen=True, slots=True)
class Found:
    """A session that came with a request. It may be too old."""

    record: Record
    seen: int
    """When it was last known to be in use, as its cookie says: to know when to say so anew, and for nothing else."""


class Keeper(ABC):
    """Keeps sessions; a browser has a cookie for each. What fails behind it is a :exc:`.StoreError`."""

    def check(self, handler: RequestHandler) -> None:  # noqa: B027 - it may need nothing
        """Raise :exc:`RuntimeError` if something is missing without which no session can be kept."""

    @abstractmethod
    async def look_up(self, handler: RequestHandler, cookie: str) -> bytes | None:
        """What there is for this cookie, unread."""

    @abstractmethod
    def read(self, handler: RequestHandler, cookie: str, kept: bytes, now: int) -> Found | None:
        """The session; None for what is none of ours."""

    @abstractmethod
    async def create(self, handler: RequestHandler, record: Record, seconds: float) -> str:
        """Keep a new session for so long; returns its cookie. Raises :exc:`ValueError` for one that is too large."""

    @abstractmethod
    async def change(
        self, handler: RequestHandler, cookie: str, session: Session, now: int
    ) -> str | None:
        """Keep what has changed; returns the new cookie (:data:`GONE` if nothing is left).

        None if the session was ended meanwhile: then it stays ended. Raises as :meth:`create`.
        """

    @abstractmethod
    async def refresh(
        self, handler: RequestHandler, cookie: str, session: Session, now: int
    ) -> str | None:
        """The session is in use: let it live on; returns the new cookie, or None as :meth:`change` does."""

    @abstractmethod
    async def current(self, cookie: str, session: Session) -> Record | None:
        """What is kept now; None if the session was ended."""

    @abstractmethod
    async def end(self, cookie: str) -> bool:
        """Forget a session. Returns whether it was kept until now: somebody else may have ended it."""
