""":class:`Shelf`: responses in a store, as if there were none while it is down."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from ..log import Seldom, gen_log
from ..stores import Store, StoreError
from .entries import Entry, names_from_bytes, names_to_bytes
from .generations import ALL, Generations
from .keys import key_of

RETRY_SECONDS: Final = 1.0
"""How long a store that has failed is let alone: each try may take until a time-out."""

MAX_VARY: Final = 20
"""Headers that responses for one key may depend on, or they are not kept."""

_MAX_OWED: Final = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a response that is asked for."""

    key: str
    entry: Entry | None
    """The response, if one is kept that was not invalidated."""
    generation: str | None
    """That of the cache when it was looked for."""


class Shelf:
    """Where responses are kept.

    :arg store: whose failures end here, with a line in the log once in a while.
    :arg keep_seconds: how long a response is kept behind the time for which it is good.
    """

    def __init__(self, store: Store, keep_seconds: float) -> None:
        self.store = store
        self.generations = Generations(store)
        self._keep_seconds = keep_seconds
        self._down_until = 0.0
        self._complaints = Seldom(gen_log)
        self._owed: dict[str, object] = {}
        """Names that were invalidated while the store was down, with something that is another one each time."""

    def failed(self, error: StoreError) -> None:
        """The store has failed: do without it for a while."""
        self._down_until = time.monotonic() + RETRY_SECONDS
        self._complaints.warning("Responses are not cached for now: %s", error)

    @property
    def is_down(self) -> bool:
        """Whether to do without it."""
        return time.monotonic() < self._down_until

    async def invalidate(self, names: Iterable[str]) -> bool:
        """Have responses with one of these names be good no more.

        While the store is down nothing is taken from it; what is owed is made up for before it is asked again.
        Returns whether it is done.
        """
        self._owed |= dict.fromkeys(names, object())
        if len(self._owed) > _MAX_OWED:
            self._owed = {ALL: object()}
        try:
            await self._pay()
        except StoreError as error:
            self.failed(error)
            return False
        return True

    async def _pay(self) -> None:
        owed = self._owed.copy()
        await self.generations.invalidate(owed)
        for name, time_of_it in owed.items():
            if self._owed.get(name) is time_of_it:
                del self._owed[name]

    async def find(self, handler: Any, resource: str, vary: tuple[str, ...]) -> "Found":
        """What is kept for what a handler is asked for.

        Raises :exc:`.StoreError`.
        """
        if self._owed:
            await self._pay()
        request = handler.request
        key = key_of(handler, resource, request, vary)
        generation = await self.generations.current()
        if generation is None:
            return Found(key, None, None)
        kept = await self.store.get(key)
        if kept is not None and (names := names_from_bytes(kept)) is not None:
            key = key_of(handler, resource, request, [*vary, *names])
            kept = await self.store.get(key)
        entry = None if kept is None else Entry.from_bytes(kept)
        if (
            entry is None
            or not entry.suits(request)
            or not await self.generations.is_good(entry, generation)
        ):
            return Found(key, None, generation)
        return Found(key, entry, generation)

    async def keep(self, handler: Any, resource: str, vary: tuple[str, ...], entry: Entry) -> None:
        """Keep the response of a handler. If that cannot be done, the log may tell."""
        request = handler.request
        key = key_of(handler, resource, request, vary)
        left = entry.made + entry.fresh_seconds + self._keep_seconds - time.time()
        names = sorted(set(entry.vary) - set(vary))
        try:
            settled = await self.generations.settle(entry)
            if settled is None or left <= 0:
                return
            if names:
                names = await self._all_names(key, names)
                if not names:
                    return
                await self.store.set(key, names_to_bytes(names), left)
                key = key_of(handler, resource, request, [*vary, *names])
            await self.store.set(key, settled.to_bytes(), left)
        except StoreError as error:
            self.failed(error)

    async def _all_names(self, key: str, names: list[str]) -> list[str]:
        """These names and those that other responses for this key depend on; empty if they are too many."""
        kept = await self.store.get(key)
        known = [] if kept is None else names_from_bytes(kept) or []
        together = sorted({*names, *known})
        return together if len(together) <= MAX_VARY else []
