""":class:`Session`: what a handler has of its visitor's session."""

import datetime
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

from ..util import lazy
from .record import MAX_FLASHES, Flash, Record, decode, encode, is_same, is_same_value


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long sessions live, in seconds."""

    idle_seconds: float
    """After the last use."""
    max_seconds: float
    """In all."""
    permanent: bool
    """Whether a new one survives the closing of the browser."""

    def end(self, created: int, seen: int) -> float:
        """When one ends that is not used any more."""
        return min(created + self.max_seconds, seen + self.idle_seconds)

    def left(self, created: int, now: int) -> float:
        """How long one lives that is used now, at the least a second: it has been alive until now."""
        return max(1.0, self.end(created, now) - now)


class Session(MutableMapping[str, Any]):
    """A visitor's session: values by name, as in a dict. :attr:`.RequestHandler.session` is one.

    The values are what JSON has: texts, numbers, booleans, None, lists, and dicts whose keys are texts. (A tuple comes
    back as a list.) Others raise :exc:`TypeError` or :exc:`ValueError`, when they are put in or when the session is
    saved. That is before the head of the response is sent, and only if something has changed, also within a value;
    from then on it cannot be changed, and raises :exc:`RuntimeError`.
    """

    def __init__(self, before: Record | None, lifetimes: Lifetimes, now: int) -> None:
        self._came = None if before is None else before.encode()
        """What came with the request, as bytes: those of most sessions are the same when the request ends."""
        self._record = before or Record(now, now, lifetimes.permanent)
        self._lifetimes = lifetimes
        self._now = now
        self._added: list[Flash] = []
        self._taken: list[Flash] = []
        self._shown: list[Flash] = []
        self._rotates = False
        self._forgets = False
        """Whether nothing of what came with the request is to be kept."""
        self._is_saved = False

    @lazy
    def _before(self) -> Record | None:
        """What came with the request. Its values are not shared with this session's."""
        return None if self._came is None else decode(self._came)

    @property
    def new(self) -> bool:
        """Whether none came with the request, or only one that is over."""
        return self._came is None

    @property
    def modified(self) -> bool:
        """Whether there is something to save."""
        if self._rotates or self._added or self._taken:
            return True
        if self._came is None:
            return not self._record.is_empty
        if self._record.encode() == self._came:
            return False
        before = self._before
        return (
            before is None
            or self._record.permanent != before.permanent
            or not is_same(before.data, self._record.data)  # in whatever order
        )

    @property
    def permanent(self) -> bool:
        """Whether it survives the closing of the browser ("remember me"). May be set."""
        return self._record.permanent

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self._check_open()
        self._record.permanent = bool(value)

    @property
    def expires(self) -> datetime.datetime:
        """When it ends if it is not used any more."""
        end = self._lifetimes.end(self._record.created, self._now)
        return datetime.datetime.fromtimestamp(end, datetime.UTC)

    def rotate(self) -> None:
        """Go on under another id; the one before is dead. Its absolute time begins anew.

        To be called when the visitor logs in: who knew the id from before (or has made the visitor use it) is left
        behind. What was in the session stays in it.
        """
        self._check_open()
        self._rotates = True
        self._record.created = self._now

    def invalidate(self) -> None:
        """End it, with all that is in it: to log out. What is put in from now on begins another one."""
        self._check_open()
        self._record = Record(self._now, self._now, self._lifetimes.permanent)
        self._added, self._taken, self._shown = [], [], []
        self._rotates = self._forgets = True

    # Messages

    def flash(self, text: str, category: str = "message") -> None:
        """Keep a message for the next page that shows some: "Your post was saved", behind a redirect.

        Of more than :data:`.MAX_FLASHES` the last are kept. Raises :exc:`TypeError` for what is no text.
        """
        self._check_open()
        if not isinstance(text, str) or not isinstance(category, str):
            raise TypeError(f"a message and its category are strs, not {text!r} and {category!r}")
        flash = Flash(category, text)
        self._added.append(flash)
        self._record.flashes.append(flash)

    def flashes(self, *categories: str) -> list[Flash]:
        """The messages that are to be shown now, the oldest first; of these categories if some are given.

        They are shown once: the next request does not get them. This request does, however often it asks.
        """
        waiting = self._record.flashes
        for flash in [flash for flash in waiting if not categories or flash.category in categories]:
            self._check_open()
            waiting.remove(flash)
            if flash in self._added:
                self._added.remove(flash)
            else:
                self._taken.append(flash)
            self._shown.append(flash)
        return [flash for flash in self._shown if not categories or flash.category in categories]

    # As a dict

    def __getitem__(self, name: str) -> Any:
        return self._record.data[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._check_open()
        if not isinstance(name, str):
            raise TypeError(f"the name of a value in a session is a str, not {name!r}")
        try:
            encode(value)
        except (TypeError, ValueError) as error:
            raise type(error)(f"session[{name!r}]: {error}: a session keeps JSON") from None
        self._record.data[name] = value

    def __delitem__(self, name: str) -> None:
        self._check_open()
        del self._record.data[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._record.data)

    def __len__(self) -> int:
        return len(self._record.data)

    def __repr__(self) -> str:
        state = "new " if self.new else ""
        return f"<{state}Session with {', '.join(self) or 'nothing'}>"  # names: values are private

    # To be kept

    def _check_open(self) -> None:
        if self._is_saved:
            raise RuntimeError(
                "the session was saved when the head of the response was sent: change it before that"
            )

    def _applied_to(self, current: Record | None, now: int) -> Record:
        """What is to be kept: ``current``, which others may have changed meanwhile, with our changes."""
        before, own = self._before, self._record
        if before is None or self._forgets:
            before = current = Record(own.created, now, own.permanent)
        elif current is None:
            current = Record(own.created, now, own.permanent)
        data = dict(current.data)
        for name in before.data.keys() - own.data.keys():
            data.pop(name, None)
        data |= {
            name: value
            for name, value in own.data.items()
            if name not in before.data or not is_same_value(before.data[name], value)
        }
        flashes = list(current.flashes)
        for flash in self._taken:
            if flash in flashes:
                flashes.remove(flash)
        flashes = [*flashes, *self._added][-MAX_FLASHES:]
        created = own.created if self._rotates else current.created
        changes_permanent = own.permanent != before.permanent
        permanent = own.permanent if changes_permanent else current.permanent
        return Record(created, now, permanent, data, flashes)
