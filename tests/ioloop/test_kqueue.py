"""KqueuePoller over the stand-in, and the stand-in itself against the manual pages."""

import errno
import fcntl
import os
import select
import socket
import struct

import pytest

from tornadolike.ioloop.poller import ERROR, MAX_EVENTS, NONE, READ, WRITE, KqueuePoller

from . import kqueue

pytestmark = pytest.mark.skipif(
    not hasattr(select, "epoll"), reason="the stand-in is made for Linux"
)

BOTH = READ | WRITE


def poll(poller, timeout=0.0, max_events=MAX_EVENTS):
    return dict(poller.poll(timeout, max_events))


def readable_and_writable(pair):
    """A descriptor that is ready for everything."""
    ours, theirs = pair
    theirs.send(b"x")
    return ours.fileno()


# The poller


@pytest.fixture
def kqueue_poller():
    poller = KqueuePoller(kqueue)
    yield poller
    poller.close()


@pytest.mark.parametrize("before", [None, NONE, READ])
def test_kqueue_takes_all_of_a_change_or_nothing(kqueue_poller, monkeypatch, before, pair):
    """The second filter of a pair is refused: the first must not stay behind."""
    fd = readable_and_writable(pair)
    if before is not None:
        kqueue_poller.register(fd, before)
    apply = kqueue.kqueue._apply

    def refuse_writing(queue, change):
        if change.filter == kqueue.KQ_FILTER_WRITE:
            raise OSError(errno.EINVAL, "no writing here")
        apply(queue, change)

    monkeypatch.setattr(kqueue.kqueue, "_apply", refuse_writing)
    ask = kqueue_poller.register if before is None else kqueue_poller.modify
    with pytest.raises(OSError, match="no writing here"):
        ask(fd, BOTH)
    monkeypatch.undo()
    assert poll(kqueue_poller).get(fd, NONE) == (before or NONE)
    ask(fd, BOTH)
    assert poll(kqueue_poller) == {fd: BOTH}


def test_kqueue_refuses_to_write_into_a_pipe_that_nobody_reads(kqueue_poller):
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(BrokenPipeError):
        kqueue_poller.register(writing, WRITE)
    with pytest.raises(FileNotFoundError):
        kqueue_poller.unregister(writing)
    os.close(writing)


def test_kqueue_unregisters_the_writing_side_if_the_reading_side_is_gone(kqueue_poller, pair):
    fd = readable_and_writable(pair)
    kqueue_poller.register(fd, BOTH)
    change = kqueue.kevent(fd, kqueue.KQ_FILTER_READ, kqueue.KQ_EV_DELETE)
    kqueue_poller._kqueue.control([change], 0)
    kqueue_poller.unregister(fd)
    assert poll(kqueue_poller) == {}


def test_kqueue_registers_again_what_was_reused_under_the_same_number(kqueue_poller):
    """The kernel has dropped the filter with the old descriptor; saying it again brings it back."""
    reading, writing = os.pipe()
    kqueue_poller.register(reading, READ)
    os.close(reading)
    other_reading, other_writing = os.pipe()
    assert other_reading == reading
    os.write(other_writing, b"x")
    assert poll(kqueue_poller) == {}
    kqueue_poller.modify(reading, READ)
    assert poll(kqueue_poller) == {reading: READ}
    kqueue_poller.unregister(reading)
    for fd in (writing, other_reading, other_writing):
        os.close(fd)


def test_kqueue_passes_errors_in_the_result_on(kqueue_poller, monkeypatch):
    event = kqueue.kevent(7, kqueue.KQ_FILTER_READ, kqueue.KQ_EV_ERROR, data=errno.EBADF)
    monkeypatch.setattr(kqueue.kqueue, "control", lambda *args: [event])
    assert poll(kqueue_poller) == {7: ERROR}


@pytest.mark.parametrize(
    ("kernel_filter", "error", "bits"),
    [
        (kqueue.KQ_FILTER_READ, 0, READ),
        (kqueue.KQ_FILTER_READ, errno.ECONNRESET, READ | ERROR),
        (kqueue.KQ_FILTER_WRITE, 0, WRITE | ERROR),
        (kqueue.KQ_FILTER_WRITE, errno.EPIPE, WRITE | ERROR),
    ],
)
@pytest.mark.parametrize("data", [0, 100])
def test_kqueue_tells_what_the_end_of_file_means(
    kqueue_poller, monkeypatch, kernel_filter, error, bits, data
):
    event = kqueue.kevent(7, kernel_filter, kqueue.KQ_EV_EOF, error, data)
    monkeypatch.setattr(kqueue.kqueue, "control", lambda *args: [event])
    assert poll(kqueue_poller) == {7: bits}


# The stand-in for kqueue itself


@pytest.fixture
def queue():
    queue = kqueue.kqueue()
    yield queue
    queue.close()


def test_the_stand_in_refuses_in_the_result_list_if_there_is_room(queue, pair):
    unknown = kqueue.kevent(pair[0].fileno(), flags=kqueue.KQ_EV_DELETE)
    (event,) = queue.control([unknown], 1)
    assert event.flags == kqueue.KQ_EV_ERROR
    assert event.data == errno.ENOENT
    with pytest.raises(FileNotFoundError):
        queue.control([unknown], 0)


def test_the_stand_in_stops_at_the_first_refusal_without_room(queue, pair):
    ours, theirs = pair
    theirs.send(b"x")
    good = kqueue.kevent(ours.fileno())
    bad = kqueue.kevent(ours.fileno(), kqueue.KQ_FILTER_WRITE, kqueue.KQ_EV_DELETE)
    with pytest.raises(FileNotFoundError):
        queue.control([bad, good], 0)
    assert queue.control(None, 5, 0) == []
    bad.udata = 7
    (refused,) = queue.control([bad, good], 5, 0)
    assert refused.flags == kqueue.KQ_EV_ERROR
    assert (refused.ident, refused.udata) == (ours.fileno(), 7)
    assert [event.filter for event in queue.control(None, 5, 0)] == [kqueue.KQ_FILTER_READ]


def test_the_stand_in_knows_bad_descriptors(queue):
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        queue.control([kqueue.kevent(reading)], 0)


def test_the_stand_in_reports_once_what_is_wanted_once(queue, pair):
    ours, theirs = pair
    theirs.send(b"x")
    once = kqueue.kevent(ours.fileno(), flags=kqueue.KQ_EV_ADD | kqueue.KQ_EV_ONESHOT)
    assert len(queue.control([once], 5, 0)) == 1
    assert queue.control(None, 5, 0) == []


def test_the_stand_in_keeps_filters_that_sleep(queue, pair):
    ours, theirs = pair
    theirs.send(b"x")
    queue.control([kqueue.kevent(ours.fileno())], 0)
    queue.control([kqueue.kevent(ours.fileno(), flags=kqueue.KQ_EV_DISABLE)], 0)
    assert queue.control(None, 5, 0) == []
    queue.control([kqueue.kevent(ours.fileno(), flags=kqueue.KQ_EV_ENABLE)], 0)
    assert len(queue.control(None, 5, 0)) == 1


def test_the_stand_in_marks_the_end_of_each_side(queue, pair):
    ours, theirs = pair
    for kernel_filter in (kqueue.KQ_FILTER_READ, kqueue.KQ_FILTER_WRITE):
        queue.control([kqueue.kevent(ours, kernel_filter)], 0)
    theirs.shutdown(socket.SHUT_WR)
    flags = {event.filter: event.flags for event in queue.control(None, 5, 0)}
    assert flags == {kqueue.KQ_FILTER_READ: kqueue.KQ_EV_EOF, kqueue.KQ_FILTER_WRITE: 0}
    theirs.close()
    flags = {event.filter: event.flags for event in queue.control(None, 5, 0)}
    assert set(flags.values()) == {kqueue.KQ_EV_EOF}


def test_the_stand_in_changes_a_filter_that_is_added_again(queue, pair):
    ours, theirs = pair
    theirs.send(b"x")
    queue.control([kqueue.kevent(ours, flags=kqueue.KQ_EV_ADD | kqueue.KQ_EV_DISABLE)], 0)
    assert queue.control(None, 5, 0) == []
    queue.control([kqueue.kevent(ours, udata=1)], 0)
    (event,) = queue.control([kqueue.kevent(ours, udata=2)], 5, 0)  # and tells in the same call
    assert event.udata == 2


@pytest.mark.parametrize("flags", [kqueue.KQ_EV_DELETE, kqueue.KQ_EV_ENABLE, kqueue.KQ_EV_DISABLE])
def test_the_stand_in_refuses_what_concerns_no_filter(queue, pair, flags):
    with pytest.raises(FileNotFoundError):
        queue.control([kqueue.kevent(pair[0], flags=flags)], 0)


def told(queue):
    """What the queue tells now: filter -> (flags, data)."""
    return {event.filter: (event.flags, event.data) for event in queue.control(None, 5, 0)}


def test_the_stand_in_reports_levels(queue, pair):
    ours, theirs = pair
    theirs.send(b"abc")
    queue.control([kqueue.kevent(ours)], 0)
    assert told(queue) == told(queue) == {kqueue.KQ_FILTER_READ: (0, 3)}
    ours.recv(1)
    assert told(queue) == {kqueue.KQ_FILTER_READ: (0, 2)}
    ours.recv(2)
    assert told(queue) == {}


def test_the_stand_in_reports_changes_only_if_asked_to(queue, pair):
    ours, theirs = pair
    theirs.send(b"abc")
    queue.control([kqueue.kevent(ours, flags=kqueue.KQ_EV_ADD | kqueue.KQ_EV_CLEAR)], 0)
    assert told(queue) == {kqueue.KQ_FILTER_READ: (0, 3)}
    assert told(queue) == {}
    theirs.send(b"d")
    assert told(queue) == {kqueue.KQ_FILTER_READ: (0, 4)}


def test_the_stand_in_tells_the_end_while_there_is_data(queue, tcp_pair):
    ours, theirs = tcp_pair
    theirs.send(b"last")
    theirs.close()
    queue.control([kqueue.kevent(ours)], 0)
    assert told(queue) == {kqueue.KQ_FILTER_READ: (kqueue.KQ_EV_EOF, 4)}
    ours.recv(4)
    assert told(queue) == {kqueue.KQ_FILTER_READ: (kqueue.KQ_EV_EOF, 0)}


@pytest.mark.parametrize("kind", ["pair", "tcp_pair"])
def test_the_stand_in_ends_the_writing_side_that_we_shut_down(queue, request, kind):
    ours, theirs = request.getfixturevalue(kind)
    queue.control([kqueue.kevent(ours, kqueue.KQ_FILTER_WRITE)], 0)
    assert told(queue)[kqueue.KQ_FILTER_WRITE][0] == 0
    ours.shutdown(socket.SHUT_WR)
    assert told(queue)[kqueue.KQ_FILTER_WRITE][0] == kqueue.KQ_EV_EOF
    queue.control([kqueue.kevent(theirs)], 0)
    assert told(queue)[kqueue.KQ_FILTER_READ][0] == kqueue.KQ_EV_EOF


def test_the_stand_in_takes_no_error_away(queue, tcp_pair):
    ours, theirs = tcp_pair
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.close()
    for kernel_filter in (kqueue.KQ_FILTER_READ, kqueue.KQ_FILTER_WRITE):
        queue.control([kqueue.kevent(ours, kernel_filter)], 0)
    for _ in range(2):
        assert {flags for flags, _ in told(queue).values()} == {kqueue.KQ_EV_EOF}
    assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET
    assert {flags for flags, _ in told(queue).values()} == {kqueue.KQ_EV_EOF}


def test_the_stand_in_has_nothing_to_tell_of_a_socket_that_was_never_connected(queue):
    with socket.socket() as sock:
        for kernel_filter in (kqueue.KQ_FILTER_READ, kqueue.KQ_FILTER_WRITE):
            queue.control([kqueue.kevent(sock, kernel_filter)], 0)
        assert told(queue) == {}


def test_the_stand_in_counts_bytes_and_room(queue, pair):
    reading, writing = os.pipe()
    queue.control([kqueue.kevent(reading), kqueue.kevent(writing, kqueue.KQ_FILTER_WRITE)], 0)
    size = fcntl.fcntl(writing, kqueue.F_GETPIPE_SZ)
    assert told(queue) == {kqueue.KQ_FILTER_WRITE: (0, size)}
    os.write(writing, b"abc")
    assert told(queue) == {kqueue.KQ_FILTER_READ: (0, 3), kqueue.KQ_FILTER_WRITE: (0, size - 3)}
    os.close(reading)
    os.close(writing)
    ours, _ = pair
    queue.control([kqueue.kevent(ours, kqueue.KQ_FILTER_WRITE)], 0)
    _, before = told(queue)[kqueue.KQ_FILTER_WRITE]
    ours.send(bytes(1000))
    _, after = told(queue)[kqueue.KQ_FILTER_WRITE]
    assert before - after >= 1000


def test_the_stand_in_tells_of_connections(queue):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        queue.control([kqueue.kevent(listening)], 0)
        assert told(queue) == {}
        with socket.create_connection(listening.getsockname()):
            assert told(queue) == {kqueue.KQ_FILTER_READ: (0, 1)}


def test_the_stand_in_forgets_what_is_closed_even_if_a_duplicate_lives(queue, pair):
    ours, theirs = pair
    with ours.dup():
        theirs.send(b"x")
        queue.control([kqueue.kevent(ours)], 0)
        ours.close()
        assert told(queue) == {}


def test_the_stand_in_serves_all_in_turn_if_the_list_is_short(queue, pair):
    ours, theirs = pair
    theirs.send(b"x")
    for kernel_filter in (kqueue.KQ_FILTER_READ, kqueue.KQ_FILTER_WRITE):
        queue.control([kqueue.kevent(ours, kernel_filter)], 0)
    filters = [queue.control(None, 1, 0)[0].filter for _ in range(4)]
    assert filters == [kqueue.KQ_FILTER_READ, kqueue.KQ_FILTER_WRITE] * 2


def test_the_stand_in_checks_its_arguments(queue, pair):
    with pytest.raises(ValueError, match="eventlist"):
        queue.control(None, -1)
    with pytest.raises(ValueError, match="timeout"):
        queue.control(None, 1, -1)
    with pytest.raises(NotImplementedError):
        queue.control([kqueue.kevent(pair[0], flags=0x80)], 0)
    queue.close()
    with pytest.raises(ValueError, match="closed"):
        queue.control(None, 1, 0)
