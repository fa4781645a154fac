"""kqueue for systems without one: what of :mod:`select` KqueuePoller uses, told by poll(2) on real descriptors.

After kevent(2) of FreeBSD and macOS:

* A filter for reading and one for writing are entries of their own, in the order in which they were
  added; what was reported goes to the end, so a short result list is no loss.
* ``EV_ADD`` of a known filter changes it. ``EV_DELETE`` of an unknown one is ``ENOENT``; a descriptor
  that is not open is ``EBADF``; writing into a pipe that nobody reads cannot be watched: ``EPIPE``.
* A change that is refused is an event with ``EV_ERROR`` and the number of the error in ``data`` if the
  result list has room for it (and then nothing is waited for); if not, the call raises it, and the
  changes behind it are not made.
* Closing a descriptor removes its filters.
* ``EV_EOF`` marks the end of the data on the reading side, that nobody reads any more on the writing
  side, and a broken connection on both.

Flags that are not in here are refused, so that nobody believes them tested.
"""

import errno
import fcntl
import os
import select
import stat
import time
from collections.abc import Iterable

KQ_FILTER_READ = -1
KQ_FILTER_WRITE = -2

KQ_EV_ADD = 0x0001
KQ_EV_DELETE = 0x0002
KQ_EV_ENABLE = 0x0004
KQ_EV_DISABLE = 0x0008
KQ_EV_ONESHOT = 0x0010
KQ_EV_ERROR = 0x4000
KQ_EV_EOF = 0x8000

UNDERSTOOD = KQ_EV_ADD | KQ_EV_DELETE | KQ_EV_ENABLE | KQ_EV_DISABLE | KQ_EV_ONESHOT

WAITS_FOR = {KQ_FILTER_READ: select.POLLIN | select.POLLRDHUP, KQ_FILTER_WRITE: select.POLLOUT}
BROKEN = select.POLLHUP | select.POLLERR


class kevent:
    """One change or one event; as in the kernel's structure, both have the same fields."""

    def __init__(self, ident, filter=KQ_FILTER_READ, flags=KQ_EV_ADD, fflags=0, data=0, udata=0):
        self.ident = ident if isinstance(ident, int) else ident.fileno()
        self.filter = filter
        self.flags = flags
        self.fflags = fflags
        self.data = data
        self.udata = udata

    def __repr__(self):
        return f"<kevent {self.ident} filter={self.filter} flags={self.flags:#x} data={self.data}>"


class Knote:
    """A filter that is in the queue, and which open file it was made for."""

    def __init__(self, change):
        self.ident = change.ident
        self.filter = change.filter
        self.udata = change.udata
        self.once = bool(change.flags & KQ_EV_ONESHOT)
        self.disabled = bool(change.flags & KQ_EV_DISABLE)
        self.file = identity(change.ident)


def identity(fd):
    """What tells an open file from another that gets its number later (OSError: none has it)."""
    status = os.fstat(fd)
    access = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE
    return status.st_dev, status.st_ino, access


class kqueue:
    def __init__(self):
        self._knotes = {}
        self._number = os.open(os.devnull, os.O_RDONLY)  # so that a queue left open is noticed

    @property
    def closed(self):
        return self._number < 0

    def fileno(self):
        self._check_open()
        return self._number

    def close(self):
        if not self.closed:
            os.close(self._number)
            self._number = -1
            self._knotes.clear()

    def _check_open(self):
        if self.closed:
            raise ValueError("I/O operation on closed kqueue object")

    def control(self, changelist, max_events, timeout=None):
        self._check_open()
        if max_events < 0:
            raise ValueError(f"Length of eventlist must be 0 or positive, got {max_events}")
        if timeout is not None and timeout < 0:
            raise ValueError("timeout must be positive or None")
        self._forget_closed()
        refused = []
        for change in changelist or ():
            try:
                self._apply(change)
            except OSError as error:
                if len(refused) >= max_events:
                    raise
                refused.append(
                    kevent(change.ident, change.filter, KQ_EV_ERROR, data=error.errno or 0)
                )
        if refused or not max_events:
            return refused
        return self._wait(max_events, timeout)

    def _apply(self, change):
        if change.flags & ~UNDERSTOOD or change.filter not in WAITS_FOR:
            raise NotImplementedError(f"{change!r} is not modelled")
        identity(change.ident)  # EBADF
        key = change.ident, change.filter
        if change.flags & KQ_EV_ADD:
            if key not in self._knotes:
                self._check_pipe(change)
            self._knotes[key] = Knote(change)
        elif key not in self._knotes:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        elif change.flags & KQ_EV_DELETE:
            del self._knotes[key]
        if change.flags & KQ_EV_ENABLE:
            self._knotes[key].disabled = False
        elif change.flags & KQ_EV_DISABLE:
            self._knotes[key].disabled = True

    def _check_pipe(self, change):
        if change.filter == KQ_FILTER_WRITE and stat.S_ISFIFO(os.fstat(change.ident).st_mode):
            poll = select.poll()
            poll.register(change.ident, select.POLLOUT)
            if any(bits & select.POLLERR for _, bits in poll.poll(0)):
                raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    def _forget_closed(self):
        for key, knote in list(self._knotes.items()):
            try:
                same = identity(knote.ident) == knote.file
            except OSError:
                same = False
            if not same:
                del self._knotes[key]

    def _wait(self, max_events, timeout):
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            found = list(self._ready(left))[:max_events]
            for event in found:
                knote = self._knotes.pop((event.ident, event.filter))
                if not knote.once:
                    self._knotes[event.ident, event.filter] = knote  # to the end of the queue
            if found or (deadline is not None and time.monotonic() >= deadline):
                return found

    def _ready(self, timeout) -> Iterable[kevent]:
        self._forget_closed()
        awake = [knote for knote in self._knotes.values() if not knote.disabled]
        interests = {}
        for knote in awake:
            interests[knote.ident] = interests.get(knote.ident, 0) | WAITS_FOR[knote.filter]
        poll = select.poll()
        for fd, bits in interests.items():
            poll.register(fd, bits)
        found = dict(poll.poll(None if timeout is None else timeout * 1000))
        for knote in awake:
            bits = found.get(knote.ident, 0)
            if bits & (WAITS_FOR[knote.filter] | BROKEN) and not bits & select.POLLNVAL:
                over = BROKEN | (select.POLLRDHUP if knote.filter == KQ_FILTER_READ else 0)
                flags = KQ_EV_EOF if bits & over else 0
                yield kevent(knote.ident, knote.filter, flags, udata=knote.udata)
