"""kqueue for systems without one: what of :mod:`select` KqueuePoller uses, told by poll(2) on real descriptors.

After kqueue(2) of FreeBSD and macOS:

* A filter for reading and one for writing are entries of their own, in the order in which they were
  added; what was reported goes to the end, so a short result list is no loss.
* ``EV_ADD`` of a known filter changes it, and enables it. ``EV_DELETE``, ``EV_ENABLE`` and ``EV_DISABLE`` of
  an unknown one are ``ENOENT``; a descriptor that is not open is ``EBADF``; writing into a pipe that nobody
  reads cannot be watched: ``EPIPE``.
* Changes are made before events are looked for, in the same call. A change that is refused is an event
  with ``EV_ERROR`` and the number of the error in ``data`` if the result list has room for it (and then
  nothing is waited for); if not, the call raises it, and the changes behind it are not made.
* Filters are level-triggered: what is ready is reported at each call; with ``EV_ONESHOT`` once, then the
  filter is gone; with ``EV_CLEAR`` again only after something has changed.
* Closing a descriptor removes its filters, whatever duplicates of it there are.
* ``data`` is the number of bytes that can be read or written (for a listening socket the number of
  connections, of which this one knows only whether there are any).
* ``EV_EOF`` marks the end of the data on the reading side, while there is data left too; on the writing
  side that nobody reads any more, or that our own side was shut down; and a broken connection on both.
* A stream socket that was never connected, or is on its way, is neither readable nor writable.

Two things a stand-in on Linux cannot do: tell a socket's error in ``fflags`` (asking for it here takes it
away), and notice that a number was closed and given to a duplicate of the same file. Flags that are not
in here are refused, so that nobody believes them tested.
"""

import errno
import fcntl
import os
import select
import socket
import stat
import struct
import termios
import time
from collections.abc import Iterable

KQ_FILTER_READ = -1
KQ_FILTER_WRITE = -2

KQ_EV_ADD = 0x0001
KQ_EV_DELETE = 0x0002
KQ_EV_ENABLE = 0x0004
KQ_EV_DISABLE = 0x0008
KQ_EV_ONESHOT = 0x0010
KQ_EV_CLEAR = 0x0020
KQ_EV_ERROR = 0x4000
KQ_EV_EOF = 0x8000

POLLRDHUP = getattr(select, "POLLRDHUP", 0)  # (elsewhere than on Linux this is imported, not used)

UNDERSTOOD = KQ_EV_ADD | KQ_EV_DELETE | KQ_EV_ENABLE | KQ_EV_DISABLE | KQ_EV_ONESHOT | KQ_EV_CLEAR

WAITS_FOR = {KQ_FILTER_READ: select.POLLIN | POLLRDHUP, KQ_FILTER_WRITE: select.POLLOUT}
BROKEN = select.POLLHUP | select.POLLERR
F_GETPIPE_SZ = 1032
TCP_CLOSE = 7


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
        self.clear = bool(change.flags & KQ_EV_CLEAR)
        self.told = None
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
                number = error.errno or 0
                refused.append(
                    kevent(change.ident, change.filter, KQ_EV_ERROR, 0, number, change.udata)
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
                knote.told = event.flags, event.data
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
            if not bits & (WAITS_FOR[knote.filter] | BROKEN) or bits & select.POLLNVAL:
                continue
            if is_unconnected(knote.ident):
                continue
            read = knote.filter == KQ_FILTER_READ
            over = bits & (BROKEN | POLLRDHUP if read else BROKEN)
            if not over and not read and is_shut_down(knote.ident):
                over = True
            flags = KQ_EV_EOF if over else 0
            data = bytes_to_read(knote.ident) if read else room_to_write(knote.ident)
            if knote.clear and knote.told == (flags, data):
                continue
            yield kevent(knote.ident, knote.filter, flags, 0, data, knote.udata)


def as_socket(fd):
    """A second face of the socket ``fd``, or None if it is none. To be detached."""
    if not stat.S_ISSOCK(os.fstat(fd).st_mode):
        return None
    return socket.socket(fileno=fd)


def is_unconnected(fd):
    """Whether ``fd`` is a TCP socket that was never connected: poll(2) says it hung up, kqueue nothing."""
    sock = as_socket(fd)
    if sock is None:
        return False
    try:
        if sock.type != socket.SOCK_STREAM or sock.family == socket.AF_UNIX:
            return False
        closed = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSE
    finally:
        sock.detach()
    poll = select.poll()
    poll.register(fd, POLLRDHUP)
    return closed and not any(bits & (select.POLLERR | POLLRDHUP) for _, bits in poll.poll(0))


def is_shut_down(fd):
    """Whether our side of the socket ``fd``, on which there is no error, was ended by ourselves."""
    sock = as_socket(fd)
    if sock is None:
        return False
    try:
        sock.send(b"", socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    except BrokenPipeError:
        return True
    except OSError:
        return False
    finally:
        sock.detach()
    return False


def number_of(fd, request):
    return struct.unpack("i", fcntl.ioctl(fd, request, bytes(4)))[0]


def bytes_to_read(fd):
    try:
        return number_of(fd, termios.FIONREAD)
    except OSError:
        return 1  # a listening socket: there is at least one connection


def room_to_write(fd):
    sock = as_socket(fd)
    try:
        if sock is None:
            return fcntl.fcntl(fd, F_GETPIPE_SZ) - number_of(fd, termios.FIONREAD)
        size = sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        return max(0, size - number_of(fd, termios.TIOCOUTQ))
    except OSError:
        return 0
    finally:
        if sock is not None:
            sock.detach()
