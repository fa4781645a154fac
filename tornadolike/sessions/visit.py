""":class:`Visit`: a request that may look at its session."""

from collections.abc import Coroutine
from dataclasses import dataclass, field
from time import time
from typing import Any, Final

from ..log import Seldom, gen_log
from ..stores import StoreError
from ..web import HTTPError, RequestHandler
from ..web.transforms import add_vary
from .keeping import GONE, Found, Keeper
from .session import Lifetimes, Session

REFRESH_PART: Final = 0.1
"""Of the idle time, as which a session that is only read is told to be in use: not at every request."""


@dataclass(slots=True)
class Keeping:
    """How the sessions of a site are kept."""

    name: str
    """Of the cookie."""
    keeper: Keeper
    lifetimes: Lifetimes
    attributes: dict[str, Any]
    """Of the cookie."""
    goes_on_without: bool
    """Whether, while the store is down, there are empty sessions that are not kept."""
    complaints: Seldom = field(default_factory=lambda: Seldom(gen_log))


class Visit:
    """A request's session: looked up before the handler runs, read when it asks, saved before the head leaves."""

    def __init__(self, keeping: Keeping) -> None:
        self.keeping = keeping
        self._cookie = ""
        self._kept: bytes | None = None
        self._down: StoreError | None = None
        self._found: Found | None = None
        self._refused = False
        """Whether the handler has been told that the store is down: its error page is to be shown."""

    async def look_up(self, handler: RequestHandler) -> None:
        """Get what there is for the request's cookie. What goes wrong concerns only who asks for it."""
        cookie = handler.request._peek_cookie(self.keeping.name)
        if not cookie:
            return
        self._cookie = cookie
        try:
            self._kept = await self.keeping.keeper.look_up(handler, cookie)
        except StoreError as error:
            self._down = error

    def __call__(self, handler: RequestHandler) -> Session:
        """The session."""
        self.keeping.keeper.check(handler)
        if self._down is not None:
            self._tell_down(self._down)
        now = int(time())
        lifetimes = self.keeping.lifetimes
        if self._kept is not None:
            found = self.keeping.keeper.read(handler, self._cookie, self._kept, now)
            if found is None or now >= lifetimes.end(found.record.created, found.record.seen):
                gen_log.debug("%s: no session for its cookie", handler._request_summary())
            else:
                self._found = found
            self._kept = None
        session = Session(self._found.record if self._found else None, lifetimes, now)
        try:
            handler.before_head(lambda handler: self._save(handler, session))
        except RuntimeError:  # the head is on its way: it can be read, and not be changed
            session._is_saved = True
        return session

    def _tell_down(self, error: StoreError) -> None:
        self.keeping.complaints.error("sessions cannot be kept: %s", error)
        if not self.keeping.goes_on_without and not self._refused:
            self._refused = True
            raise HTTPError(503, "the session store is down", detail="Please try again soon")

    def _save(self, handler: RequestHandler, session: Session) -> Coroutine[Any, Any, None] | None:
        session._is_saved = True
        _tell_caches(handler)
        if self._down is not None:
            return None
        is_modified = session.modified
        if is_modified or self._needs_refresh(session):
            return self._write(handler, session, is_modified)
        return None

    def _needs_refresh(self, session: Session) -> bool:
        if self._found is None:
            return False
        idle = session._now - self._found.seen
        return idle >= REFRESH_PART * self.keeping.lifetimes.idle_seconds

    async def _write(self, handler: RequestHandler, session: Session, is_modified: bool) -> None:
        try:
            cookie = await self._written(handler, session, is_modified, int(time()))
        except StoreError as error:
            self._tell_down(error)
            return
        if cookie is None:
            gen_log.debug("%s: its session was ended meanwhile", handler._request_summary())
        elif cookie != GONE:
            self._set_cookie(handler, cookie, session)
        elif self._found is not None:
            self._clear_cookie(handler)

    async def _written(
        self, handler: RequestHandler, session: Session, is_modified: bool, now: int
    ) -> str | None:
        """Keep what there is to keep. Returns the cookie, as :meth:`.Keeper.change` does."""
        keeper = self.keeping.keeper
        if self._found is not None and not session._rotates:
            if is_modified:
                return await keeper.change(handler, self._cookie, session, now)
            return await keeper.refresh(handler, self._cookie, session, now)
        current = None
        if self._found is not None:
            if not session._forgets:
                current = await keeper.current(self._cookie, session)
            # First of all, so that it is dead whatever happens then.
            if not await keeper.end(self._cookie):
                current = None  # who has logged out meanwhile is not to be brought back
        record = session._applied_to(current, now)
        if record.is_empty:
            return GONE
        seconds = self.keeping.lifetimes.left(record.created, now)
        return await keeper.create(handler, record, seconds)

    # The response

    def _attributes(self, handler: RequestHandler) -> dict[str, Any]:
        attributes = dict(self.keeping.attributes)
        if attributes["secure"] is None:
            attributes["secure"] = handler.request.protocol == "https"
        return attributes

    def _set_cookie(self, handler: RequestHandler, cookie: str, session: Session) -> None:
        attributes = self._attributes(handler)
        if session.permanent:
            left = self.keeping.lifetimes.left(session._record.created, int(time()))
            attributes["max_age"] = int(left)
        handler.set_cookie(self.keeping.name, cookie, httponly=True, **attributes)
        _forbid_sharing(handler)

    def _clear_cookie(self, handler: RequestHandler) -> None:
        handler.clear_cookie(self.keeping.name, httponly=True, **self._attributes(handler))
        _forbid_sharing(handler)


def _tell_caches(handler: RequestHandler) -> None:
    """The response depends on who asks (RFC 9110 section 12.5.5, RFC 9111 section 5.2.2)."""
    headers = handler._headers
    add_vary(headers, "Cookie")
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "private, no-cache"


def _forbid_sharing(handler: RequestHandler) -> None:
    """What the author has said of caches does not go for somebody's session cookie."""
    headers = handler._headers
    said = headers.get("Cache-Control", "").lower()
    if "private" not in said and "no-store" not in said:
        headers["Cache-Control"] = "private, no-cache"
