"""Lines of the access log: the native ones beside the reference's, byte for byte."""

import gc
import sys
import threading
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tornadolike.accesslog import AccessLog, CombinedLog
from tornadolike.accesslog.batches import BatchedFile, Batches

common = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
texts = st.one_of(common, common, st.text(max_size=6))
numbers = st.one_of(st.integers(0, 600), st.integers(-(2**62), 2**62))


class Subclass(str):
    pass


def make(ip, user, method, uri, version, status, size, fields):
    request = SimpleNamespace(
        remote_ip=ip, method=method, version=version, _fields=fields, uri="not this"
    )
    handler = SimpleNamespace(request=request, _status_code=status, body_size=size, logged_uri=uri)
    if user is not ...:
        handler._current_user = user
    return handler


class Written(CombinedLog):
    """Keeps the lines."""

    def __init__(self):
        self.lines = []
        self._write_line = self.lines.append


handlers = st.builds(
    make,
    ip=st.one_of(texts, st.none()),
    user=st.one_of(
        texts, st.none(), st.just(...), st.binary(max_size=4), st.integers(), st.builds(Subclass)
    ),
    method=texts,
    uri=texts,
    version=texts,
    status=numbers,
    size=numbers,
    fields=st.dictionaries(
        st.sampled_from(["Referer", "User-Agent", "Other"]), st.one_of(texts, st.lists(texts))
    ),
)


@settings(max_examples=500, deadline=None)
@given(handlers)
def test_the_lines_are_the_references(handler):
    log = Written()
    for _ in range(10):  # until both are of the same second
        log.lines.clear()
        before = log._now()
        log(handler)
        expected = log.format(handler)
        if log._now() == before:
            break
    assert log.lines == [expected]


PLAIN = make(
    "192.0.2.1", None, "GET", "/a?b", "HTTP/1.1", 200, 512, {"Referer": "/", "User-Agent": "x y"}
)


def test_what_is_overridden_is_called():
    class Own(Written):
        def user(self, handler):
            return "me"

    class Another(Written):
        def format(self, handler):
            return "line"

    for log, part in ((Own(), " - me ["), (Another(), "line")):
        log(PLAIN)
        assert part in log.lines[0]


def test_and_what_is_overridden_later(monkeypatch):
    log = Written()
    log(PLAIN)
    log.user = lambda handler: "me"
    log(PLAIN)
    del log.user
    log.format = lambda handler: "line"
    log(PLAIN)
    del log.format
    monkeypatch.setattr(AccessLog, "user", lambda self, handler: "you")
    log(PLAIN)
    monkeypatch.undo()
    monkeypatch.setattr(CombinedLog, "format", lambda self, handler: "all")
    log(PLAIN)
    monkeypatch.undo()
    log(PLAIN)
    assert [" - - [" in line for line in log.lines] == [True, False, False, False, False, True]
    assert log.lines[2] == "line"
    assert log.lines[4] == "all"
    assert " - me [" in log.lines[1]
    assert " - you [" in log.lines[3]


@pytest.mark.parametrize("missing", ["request", "logged_uri", "body_size", "_status_code"])
def test_errors_are_raised(missing):
    handler = make(*["a"] * 5, 200, 1, {})
    delattr(handler, missing)
    with pytest.raises(AttributeError, match=missing):
        Written()(handler)


def test_references_are_flat():
    log = Written()
    agent = "an agent" * 3
    handler = make("ip", "user", "GET", "/", "HTTP/1.1", 200, 1, {"User-Agent": agent})

    def count():
        for _ in range(10_000):
            log(handler)
        log.lines.clear()
        gc.collect()
        return sys.getrefcount(agent), sys.getrefcount(handler), sys.getrefcount(log)

    first = count()
    assert count() == first


def test_what_waits_is_counted_by_both(tmp_path):
    sizes = []
    for kind in (BatchedFile, Batches):
        file = kind(tmp_path / kind.__name__, flush_interval=3600)
        for number in range(100):
            file.write_line("x" * number)
        sizes.append(file._size)
        file.close()
        file.write_line("late")
        sizes.append(file._lost)
    assert sizes == [100 * 99 / 2 + 100, 1] * 2
    assert (tmp_path / "BatchedFile").read_bytes() == (tmp_path / "Batches").read_bytes()


def test_no_line_is_lost_among_threads(tmp_path):
    file = BatchedFile(tmp_path / "log", flush_size=100)

    def write(name):
        for number in range(2000):
            file.write_line(f"{name} {number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file.close()
    assert len((tmp_path / "log").read_text().splitlines()) == 6000
    assert file._size == 0
