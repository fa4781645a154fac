"""Which descriptors are ready: epoll, kqueue and select behind one small interface.

A poller knows descriptors by number and interests by the bit values that epoll uses (``READ``,
``WRITE``, ``ERROR``). Reporting is level-triggered: a descriptor that stays ready is reported at each
poll. ``ERROR`` need not be asked for and may come with the other bits, asked for or not. Who asks for
nothing (``NONE``) hears of errors from epoll at most. A descriptor that is closed while it is watched
is not reported any more (but see :meth:`Poller.drop_closed`).

The three differ in what the kernel says, not in what the reactor hears:

* **epoll** already speaks this language. It watches open files, not numbers: one that was closed but
  has a duplicate stays watched, under its old number.
* **kqueue** has a filter for reading and one for writing, each an entry of its own in the kernel.
  End of file on the reading side counts as readable (the reader then sees the end, behind what is still
  in the buffer), and as an error only if the socket has one; on the writing side it means that nobody
  will read any more, which is an error.
* **select** has no memory: the sets are handed over at each call. An error shows as readable or
  writable. It cannot see descriptors from ``FD_SETSIZE`` on, and says so with :exc:`ValueError`.
"""

import contextlib
import errno
import os
import select
from collections.abc import Container
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
        """Wait up to ``timeout`` seconds (for ever if negative) and return ``(fd, events)`` pairs.

        ``max_events`` is a wish: select has no fair way to leave some of its few out.
        """
        ...

    def drop_closed(self, fd: int, watched: Container[int], /) -> bool:
        """Stop reporting ``fd``, which was closed while it was registered; return whether that was done.

        ``watched`` are the numbers that go on being watched.
        """
        ...

    def close(self) -> None: ...


class EpollPoller:
    """Linux. The methods are the kernel object's own, so a poll costs no Python frame."""

    def __init__(self) -> None:
        self._epoll = epoll = select.epoll()
        self.register = epoll.register
        self.modify = epoll.modify
        self.unregister = epoll.unregister
        self.poll = epoll.poll
        self.close = epoll.close
        self.fileno = epoll.fileno

    def drop_closed(self, fd: int, watched: Container[int]) -> bool:
        # The kernel finds an entry by number and open file, and the number is not the file's any more.
        # So a new epoll with the other entries takes the place of this one, under the same descriptor.
        try:
            entries = epoll_entries(self._epoll.fileno())
            with contextlib.closing(select.epoll()) as successor:
                for number, events, inode in entries:
                    with contextlib.suppress(OSError):  # others that were closed
                        if number in watched and os.fstat(number).st_ino == inode:
                            successor.register(number, events)
                os.dup2(successor.fileno(), self._epoll.fileno(), inheritable=False)
        except (OSError, KeyError, ValueError):
            return False  # no /proc, or none that tells enough, or no descriptor left
        return True


def epoll_entries(number: int) -> list[tuple[int, int, int]]:
    """What an epoll watches: descriptor, events and the number of its file's inode. Raises :exc:`OSError`."""
    with open(f"/proc/self/fdinfo/{number}") as lines:
        words = [line.replace(":", " ").split() for line in lines if line.startswith("tfd:")]
    entries = [dict(zip(each[::2], each[1::2], strict=False)) for each in words]
    return [(int(e["tfd"]), int(e["events"], 16), int(e["ino"], 16)) for e in entries]


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
        # Both, even if the kernel has dropped one by itself.
        with contextlib.suppress(FileNotFoundError):
            self._change(fd, before & READ, NONE)
        self._change(fd, before & WRITE, NONE)

    def _change(self, fd: int, before: int, after: int) -> None:
        api = self._api
        # Where nothing changes it is said again: the number may be another descriptor's by now.
        different = before ^ after or after
        undo = []
        try:
            for bit, kernel_filter in ((READ, api.KQ_FILTER_READ), (WRITE, api.KQ_FILTER_WRITE)):
                if different & bit:
                    flags, back = api.KQ_EV_ADD, api.KQ_EV_DELETE
                    if not after & bit:
                        flags, back = back, flags
                    self._kqueue.control([api.kevent(fd, filter=kernel_filter, flags=flags)], 0)
                    undo.append(api.kevent(fd, filter=kernel_filter, flags=back))
        except OSError:
            for change in undo:  # all or nothing
                with contextlib.suppress(OSError):
                    self._kqueue.control([change], 0)
            raise

    def poll(self, timeout: float, max_events: int = MAX_EVENTS) -> list[tuple[int, int]]:
        api = self._api
        ready: dict[int, int] = {}
        for event in self._kqueue.control(None, max_events, None if timeout < 0 else timeout):
            fd = event.ident
            bits = ready.get(fd, NONE)
            if event.flags & api.KQ_EV_ERROR:
                bits |= ERROR
            elif event.filter == api.KQ_FILTER_READ:
                # At the end of file the filter's own flags are the error of the socket, if it has one.
                bits |= READ | ERROR if event.flags & api.KQ_EV_EOF and event.fflags else READ
            elif event.filter == api.KQ_FILTER_WRITE:
                bits |= WRITE | ERROR if event.flags & api.KQ_EV_EOF else WRITE
            ready[fd] = bits
        return list(ready.items())

    def drop_closed(self, fd: int, watched: Container[int]) -> bool:
        return self._interests.pop(fd, None) is not None  # the kernel did so when it was closed

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
        # Exceptional conditions are urgent data, which nobody here asks for.
        try:
            readable, writable, _ = select.select(
                readers, writers, [], None if timeout < 0 else timeout
            )
        except OSError as error:
            if error.errno != errno.EBADF:
                raise
            self._drop_closed()
            return []
        ready: dict[int, int] = dict.fromkeys(readable, READ)
        for fd in writable:
            ready[fd] = ready.get(fd, NONE) | WRITE
        return list(ready.items())

    def _drop_closed(self) -> None:
        for fd in list(self._interests):
            try:
                os.fstat(fd)
            except OSError:
                del self._interests[fd]

    def drop_closed(self, fd: int, watched: Container[int]) -> bool:
        return self._interests.pop(fd, None) is not None

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


def kernel_queue(poller: Poller, poll: object) -> int:
    """The descriptor to wait at instead of calling ``poll``, for native code; -1 if there is none.

    That is so where ``poll`` is what one of our pollers has from its class: nobody's own, nobody's patch.
    """
    if type(poller) is EpollPoller:
        epoll: Any = poller._epoll
        return epoll.fileno() if poll == epoll.poll and not epoll.closed else -1
    if type(poller) is KqueuePoller and poller._api is select:
        plain = getattr(poll, "__self__", None) is poller
        return poller.fileno() if plain and getattr(poll, "__func__", None) is _kqueue_poll else -1
    return -1


_kqueue_poll: Final = KqueuePoller.poll
