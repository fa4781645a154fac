"""Which descriptors are ready: epoll, kqueue and select behind one small interface.

A poller knows descriptors by number and interests by the bit values that epoll uses (``READ``,
``WRITE``, ``ERROR``). Reporting is level-triggered: a descriptor that stays ready is reported at each
poll. ``ERROR`` is always reported, asked for or not; it may come together with the other bits.

The three differ in what the kernel says, not in what the reactor hears:

* **epoll** already speaks this language.
* **kqueue** has a filter for reading and one for writing, each an entry of its own in the kernel.
  End of file on the reading side counts as readable (the reader then sees the end); on the writing
  side it means that nobody will read any more, which is an error. A change that the kernel refuses
  comes back as an event marked ``EV_ERROR``.
* **select** has no memory: the sets are handed over at each call. It cannot see more than
  ``FD_SETSIZE`` descriptors, and says so with :exc:`ValueError`.
"""

import select
from typing import Any, Final, Protocol

NONE: Final = 0
READ: Final = 0x001
WRITE: Final = 0x004
ERROR: Final = 0x018

MAX_EVENTS: Final = 512
"""How many events one poll hands over at the most, so that timers and callbacks get their turn."""


class Poller(Protocol):
    """What the reactor asks of the operating system.

    All methods raise :exc:`OSError` for a descriptor that cannot be watched; ``register`` raises
    :exc:`FileExistsError` for one that is watched already, ``modify`` and ``unregister``
    :exc:`FileNotFoundError` for one that is not.
    """

    def register(self, fd: int, events: int, /) -> None: ...

    def modify(self, fd: int, events: int, /) -> None: ...

    def unregister(self, fd: int, /) -> None: ...

    def poll(self, timeout: float, max_events: int, /) -> list[tuple[int, int]]:
        """Wait up to ``timeout`` seconds (for ever if negative) and return ``(fd, events)`` pairs."""
        ...

    def close(self) -> None: ...


class EpollPoller:
    """Linux. The methods are the kernel object's own, so a poll costs no Python frame."""

    def __init__(self) -> None:
        epoll = select.epoll()
        self.register = epoll.register
        self.modify = epoll.modify
        self.unregister = epoll.unregister
        self.poll = epoll.poll
        self.close = epoll.close
        self.fileno = epoll.fileno


class KqueuePoller:
    """macOS and the BSDs.

    ``api`` is the module that has ``kqueue``, ``kevent`` and the ``KQ_*`` constants: the standard
    :mod:`select`, or a stand-in where the kernel has no kqueue.
    """

    def __init__(self, api: Any = select) -> None:
        self._api = api
        self._kqueue = api.kqueue()
        self._interests: dict[int, int] = {}

    def register(self, fd: int, events: int) -> None:
        if fd in self._interests:
            raise FileExistsError(f"descriptor {fd} is watched already")
        self._change(fd, NONE, events)
        self._interests[fd] = events

    def modify(self, fd: int, events: int) -> None:
        before = self._interests.get(fd)
        if before is None:
            raise FileNotFoundError(f"descriptor {fd} is not watched")
        self._change(fd, before, events)
        self._interests[fd] = events

    def unregister(self, fd: int) -> None:
        before = self._interests.pop(fd, None)
        if before is None:
            raise FileNotFoundError(f"descriptor {fd} is not watched")
        self._change(fd, before, NONE)

    def _change(self, fd: int, before: int, after: int) -> None:
        api = self._api
        changes = []
        for bit, kernel_filter in ((READ, api.KQ_FILTER_READ), (WRITE, api.KQ_FILTER_WRITE)):
            if (before ^ after) & bit:
                flags = api.KQ_EV_ADD if after & bit else api.KQ_EV_DELETE
                changes.append(api.kevent(fd, filter=kernel_filter, flags=flags))
        # One call for each change: in one call the kernel would stop at the first that it refuses.
        for change in changes:
            self._kqueue.control([change], 0)

    def poll(self, timeout: float, max_events: int = MAX_EVENTS) -> list[tuple[int, int]]:
        api = self._api
        ready: dict[int, int] = {}
        for event in self._kqueue.control(None, max_events, None if timeout < 0 else timeout):
            fd = event.ident
            bits = ready.get(fd, NONE)
            if event.flags & api.KQ_EV_ERROR:
                bits |= ERROR
            elif event.filter == api.KQ_FILTER_READ:
                bits |= READ
            elif event.filter == api.KQ_FILTER_WRITE:
                bits |= ERROR if event.flags & api.KQ_EV_EOF else WRITE
            ready[fd] = bits
        return list(ready.items())

    def close(self) -> None:
        self._interests.clear()
        self._kqueue.close()

    def fileno(self) -> int:
        return int(self._kqueue.fileno())


class SelectPoller:
    """Everything else."""

    def __init__(self) -> None:
        self._interests: dict[int, int] = {}

    def register(self, fd: int, events: int) -> None:
        if fd in self._interests:
            raise FileExistsError(f"descriptor {fd} is watched already")
        select.select([fd], [], [], 0)  # raises for what cannot be watched
        self._interests[fd] = events

    def modify(self, fd: int, events: int) -> None:
        if fd not in self._interests:
            raise FileNotFoundError(f"descriptor {fd} is not watched")
        self._interests[fd] = events

    def unregister(self, fd: int) -> None:
        if self._interests.pop(fd, None) is None:
            raise FileNotFoundError(f"descriptor {fd} is not watched")

    def poll(self, timeout: float, max_events: int = MAX_EVENTS) -> list[tuple[int, int]]:
        readers = [fd for fd, events in self._interests.items() if events & READ]
        writers = [fd for fd, events in self._interests.items() if events & WRITE]
        # Exceptional conditions are urgent data, which nobody here asks for: an error or a
        # hang-up shows as readable or writable.
        readable, writable, _ = select.select(
            readers, writers, [], None if timeout < 0 else timeout
        )
        ready: dict[int, int] = dict.fromkeys(readable, READ)
        for fd in writable:
            ready[fd] = ready.get(fd, NONE) | WRITE
        return list(ready.items())

    def close(self) -> None:
        self._interests.clear()

    def fileno(self) -> int:
        return -1


def default_poller() -> Poller:
    """The best poller this system has."""
    if hasattr(select, "epoll"):
        return EpollPoller()
    if hasattr(select, "kqueue"):
        return KqueuePoller()
    return SelectPoller()
