"""The two ways into the chat. Both are thin: they carry events between a tab and its session.

WebSocket    GET /socket        a frame is an event, in either direction
long-polling POST /poll/send    {"client": SECRET, "events": [...]}  ->  204, or events as below
             POST /poll/receive {"client": SECRET, "seen": N}   ->  {"seen": M, "events": [...]}

The first event on either is {"type": "hello", "client": SECRET}: whatever carried that tab's
session before does so no longer. The next one is `join`. hub.py tells the others.

A long poll is a request that is answered when there is something to tell. An answer can get lost
on its way, so each poll repeats the number that came with the last one, at first 0; what the tab
has not seen is sent again. When the server does not know the tab (any more) it answers 410, and
the tab starts over.

Where several processes serve the chat, a poll may come to one that does not carry the tab. It asks
the one that does: switchboard.py.
"""

from __future__ import annotations

import asyncio
import json
import math
from functools import lru_cache
from typing import Any

from tornadolike.web import HTTPError, RequestHandler
from tornadolike.websocket import PreparedMessage, WebSocketClosedError, WebSocketHandler

from .hub import UNAVAILABLE_SECONDS, Hub, refusal
from .ledger import Unavailable
from .limits import Refused
from .page import set_house_rules
from .polling import Poll, bye
from .sessions import Session, key_of
from .switchboard import Switchboard

HELLO_SECONDS = 10
"""A WebSocket that has not introduced itself by then is closed."""

EVENTS_PER_REQUEST = 20

LARGEST_SHARED = 8 * 1024
"""Characters of the longest frame that may be for many: a longer one is somebody's welcome."""

GOING_AWAY, UNSUPPORTED_DATA, POLICY_VIOLATION, TRY_AGAIN_LATER = 1001, 1003, 1008, 1013


def parse(text: str | bytes) -> Any:
    """JSON from a stranger."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("bad-event", "That was not JSON.") from None


def is_hello(event: Any) -> bool:
    """Whether a tab introduces itself."""
    return isinstance(event, dict) and event.get("type") == "hello"


@lru_cache(maxsize=64)
def prepared(frame: str) -> PreparedMessage:
    """The frame for everybody who is sent it: framed, and compressed, once."""
    return PreparedMessage(frame)


class SocketHandler(WebSocketHandler):
    """The WebSocket link."""

    def initialize(self, hub: Hub) -> None:
        self.hub = hub
        self.session: Session | None = None
        self._sending: asyncio.Task[None] | None = None
        self._gone = False

    def open(self) -> None:
        self.set_nodelay(True)
        loop = asyncio.get_running_loop()
        self._too_late = loop.call_later(HELLO_SECONDS, self._close_unless_known)

    async def on_message(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.close(UNSUPPORTED_DATA, "text only")
            return
        try:
            event = parse(message)
            if self.session is None:
                await self._hello(event)
            elif self.session.link is self:
                await self.hub.receive(self.session, event)
        except Refused as refused:
            if self._gone:
                return
            self.write_message(refusal(refused))
            if self.session is None:
                self.close(TRY_AGAIN_LATER, refused.code)

    def on_close(self) -> None:
        self._gone = True
        self._too_late.cancel()
        if self.session is not None:
            self.hub.detach(self.session, self)

    async def _hello(self, event: Any) -> None:
        if not is_hello(event):
            raise Refused("bad-event", "The first event has to be a hello.")
        session = await self.hub.open_session(event.get("client"))
        if not self._gone:
            self.session = session
            session.attach(self)

    def _close_unless_known(self) -> None:
        if self.session is None:
            self.close(POLICY_VIOLATION, "no hello")

    # --- what the session wants from its link ---

    def wake(self) -> None:
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())

    def drop(self, reason: str) -> None:
        try:
            self.write_message(bye(reason))
        except WebSocketClosedError:
            return
        self.close(GOING_AWAY, reason)

    async def _send(self) -> None:
        # Waiting for each write holds us back when the tab reads slowly. Its outbox then fills
        # up, to its limit, and not the memory of the process.
        session = self.session
        try:
            while session is not None and session.link is self and (frame := session.take()):
                shared = len(frame) <= LARGEST_SHARED
                await self.write_message(prepared(frame) if shared else frame)
        except WebSocketClosedError:
            pass  # on_close comes, or came


class PollHandler(RequestHandler):
    """What both halves of long-polling share: a JSON body that names the tab."""

    def initialize(self, hub: Hub, switchboard: Switchboard | None) -> None:
        self.hub = hub
        self.switchboard = switchboard
        """The way to the other processes, if there are any."""

    def set_default_headers(self) -> None:
        set_house_rules(self)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "application/json")

    def prepare(self) -> None:
        if self.hub.closed:
            # Over a connection that is still open; new ones are not accepted any more.
            self.answer([bye("closing")])
            return
        # Another site's page can make a browser post a form here, but not JSON: for that the
        # browser would ask this server first, and get no permission.
        content_type = self.request.headers.get("Content-Type", "")
        if content_type.partition(";")[0].strip().lower() != "application/json":
            raise HTTPError(415)
        try:
            body = parse(self.request.body)
        except Refused:
            raise HTTPError(400) from None
        if not isinstance(body, dict):
            raise HTTPError(400)
        self.body = body

    def answer(self, frames: list[str], last: int = 0) -> None:
        """Finish with events."""
        self.finish(f'{{"seen":{last},"events":[{",".join(frames)}]}}')

    def find_session(self) -> Session | None:
        """The session of the tab; None when another process may have it."""
        session = self.hub.find_session(self.body.get("client"))
        if session is None and self.switchboard is not None:
            return None
        if session is None or session.behind:
            raise HTTPError(410)
        return session

    async def ask_elsewhere(self, **question: Any) -> tuple[list[str], int]:
        """What the process answers that carries the tab."""
        client = self.body.get("client")
        if self.switchboard is None or not isinstance(client, str):
            raise HTTPError(410)
        try:
            answer = await self.switchboard.ask(key_of(client), **question)
        except Unavailable:
            self.set_header("Retry-After", math.ceil(UNAVAILABLE_SECONDS))
            raise HTTPError(503) from None
        if answer is None:
            raise HTTPError(410)
        return answer


class PollSendHandler(PollHandler):
    """Events from the tab."""

    async def post(self) -> None:
        events = self.body.get("events")
        if not isinstance(events, list) or not 0 < len(events) <= EVENTS_PER_REQUEST:
            raise HTTPError(400)
        if is_hello(events[0]):
            try:
                session = await self.hub.open_session(events.pop(0).get("client"))
            except Refused as refused:
                self.answer([refusal(refused)])
                return
        else:
            found = self.find_session()
            if found is None:
                await self._send_elsewhere(events)
                return
            session = found
        for event in events:
            await self.hub.receive(session, event)
        self.set_status(204)

    async def _send_elsewhere(self, events: list[Any]) -> None:
        frames, _ = await self.ask_elsewhere(send=events)
        if frames:  # a goodbye
            self.answer(frames)
        else:
            self.set_status(204)


class PollReceiveHandler(PollHandler):
    """Events for the tab: the long-polling link, for as long as one poll lasts."""

    def initialize(self, hub: Hub, switchboard: Switchboard | None) -> None:
        super().initialize(hub, switchboard)
        self._poll = Poll()
        self._asking: asyncio.Task[tuple[list[str], int]] | None = None
        self._gone = False

    async def post(self) -> None:
        seen = self.body.get("seen")
        if not isinstance(seen, int) or seen < 0:
            raise HTTPError(400)
        session = self.find_session()
        if session is not None:
            answer = await self._poll.news(self.hub, session, seen)
        else:
            self._asking = asyncio.create_task(self.ask_elsewhere(receive=seen))
            try:
                answer = await self._asking
            except asyncio.CancelledError:
                self._asking.cancel()
                if self._gone:
                    return
                raise
        if not self._gone:
            self.answer(*answer)

    def on_connection_close(self) -> None:
        self._gone = True
        self._poll.end()
        if self._asking is not None:
            self._asking.cancel()
