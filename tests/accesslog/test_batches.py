"""BatchedFile: lines reach the file in batches, whatever becomes of the file."""

import errno
import os
import re
import signal
import subprocess
import sys
import threading
from queue import SimpleQueue

import pytest

from tornadolike.accesslog import batches
from tornadolike.accesslog.batches import BatchedFile

PATIENCE = 10.0
NEVER = 3600.0
"""A flush_interval that no test waits for."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "access.log"


@pytest.fixture
def make(path):
    """``file = make(**options)``, closed at the end of the test; by itself it writes nothing."""
    made = []

    def make(file=path, **options):
        made.append(BatchedFile(file, **{"flush_interval": NEVER} | options))
        return made[-1]

    yield make
    for file in made:
        file.close()


class Writes:
    """Stands before ``os.write``: counts, and fails or waits when told to."""

    def __init__(self, monkeypatch):
        self.sizes = SimpleQueue()
        self.error = None
        self.at_most = None
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self._write = os.write
        monkeypatch.setattr(batches.os, "write", self)

    def __call__(self, fd, data):
        assert self.may_go_on.wait(PATIENCE)
        self.sizes.put(len(data))
        if self.error is not None:
            raise OSError(self.error, os.strerror(self.error))
        return self._write(fd, data[: self.at_most])

    def next_size(self):
        return self.sizes.get(timeout=PATIENCE)


@pytest.fixture
def writes(monkeypatch):
    return Writes(monkeypatch)


def test_lines_are_written_in_their_order_by_one_write(path, make, writes):
    file = make()
    for number in range(100):
        file.write_line(f"line {number:02}")
    assert writes.sizes.empty()
    assert file.flush(PATIENCE)
    assert path.read_text() == "".join(f"line {number:02}\n" for number in range(100))
    assert writes.next_size() == 800
    assert writes.sizes.empty()


def test_a_line_does_not_wait_longer_than_the_interval(make, writes):
    file = make(flush_interval=0.01)
    file.write_line("x")
    assert writes.next_size() == 2
    file.write_line("xy")
    assert writes.next_size() == 3


def test_many_lines_do_not_wait(make, writes):
    file = make(flush_size=10)
    file.write_line("1234")
    file.write_line("1234")
    assert writes.next_size() == 10
    file.write_line("123456789")
    assert writes.next_size() == 10


def test_closing_writes_what_waits(path, make):
    file = make()
    file.write_line("a")
    file.close()
    file.close()
    file.write_line("too late")
    assert file.flush(PATIENCE)
    assert path.read_text() == "a\n"


def test_nothing_runs_before_the_first_line(make):
    threads = threading.active_count()
    file = make()
    assert file.flush(PATIENCE)
    file.reopen()
    assert threading.active_count() == threads
    file.write_line("x")
    assert threading.active_count() == threads + 1
    file.close()
    assert threading.active_count() == threads


def test_a_file_is_appended_to(path, make):
    path.write_text("before\n")
    make().close()
    file = make()
    file.write_line("after")
    file.close()
    assert path.read_text() == "before\nafter\n"


def test_a_new_file_is_not_for_everybody(path, make):
    make().close()
    assert path.stat().st_mode & 0o777 == 0o640


def test_text_that_is_not_ascii_is_escaped(path, make):
    file = make()
    file.write_line("caf\xe9 \u20ac \udcff")
    file.close()
    assert path.read_bytes() == b"caf\\xe9 \\u20ac \\udcff\n"


def test_only_text_is_a_line(make):
    with pytest.raises(TypeError):
        make().write_line(b"x")


@pytest.mark.parametrize("interval", [0, -1, float("nan")])
def test_an_interval_is_positive(path, interval):
    with pytest.raises(ValueError, match="flush_interval"):
        BatchedFile(path, flush_interval=interval)


def test_a_path_that_cannot_be_opened_is_told_of_at_once(tmp_path):
    with pytest.raises(FileNotFoundError):
        BatchedFile(tmp_path / "nowhere" / "access.log")


def test_a_descriptor_is_written_to_and_not_closed(make):
    reading, writing = os.pipe()
    file = make(writing)
    file.write_line("x")
    file.reopen()
    file.close()
    os.write(writing, b"open")
    os.close(writing)
    with open(reading, "rb") as pipe:
        assert pipe.read() == b"x\nopen"


# Rotation


def test_a_file_that_was_renamed_is_left(path, make):
    file = make()
    file.write_line("old")
    assert file.flush(PATIENCE)
    rotated = path.rename(path.with_suffix(".1"))
    file.write_line("new")
    assert file.flush(PATIENCE)
    assert (rotated.read_text(), path.read_text()) == ("old\n", "new\n")


def test_a_file_that_has_taken_the_place_is_taken(path, make):
    file = make()
    file.write_line("old")
    assert file.flush(PATIENCE)
    path.rename(path.with_suffix(".1"))
    path.write_text("of logrotate\n")
    file.write_line("new")
    assert file.flush(PATIENCE)
    assert path.read_text() == "of logrotate\nnew\n"


def test_a_file_may_be_truncated(path, make):
    file = make()
    file.write_line("a long line that was copied")
    assert file.flush(PATIENCE)
    os.truncate(path, 0)
    file.write_line("new")
    assert file.flush(PATIENCE)
    assert path.read_bytes() == b"new\n"


def test_reopening_makes_the_new_file_at_once(path, make):
    file = make()
    file.write_line("old")
    assert file.flush(PATIENCE)
    path.unlink()
    file.reopen()
    assert file.flush(PATIENCE)
    assert path.read_text() == ""


def test_reopening_by_a_signal_that_interrupts_a_line(path, make):
    file = make()
    file.write_line("x")
    before = signal.signal(signal.SIGUSR1, lambda number, frame: file.reopen())
    try:
        with file._lock:
            signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert file.flush(PATIENCE)
    assert path.read_text() == "x\n"


# A disk that does not want


def test_a_full_disk_keeps_the_lines_waiting(path, make, writes, expect_log):
    file = make(flush_interval=0.01)
    with expect_log("tornadolike.general", "Cannot write the access log: .*No space", count=1):
        writes.error = errno.ENOSPC
        file.write_line("a")
        for _ in range(3):
            writes.next_size()
    with expect_log("tornadolike.general", "access.log is written again", count=1):
        writes.error = None
        file.write_line("b")
        while path.read_text() != "a\nb\n":
            writes.next_size()
        assert file.flush(PATIENCE)


def test_a_write_that_takes_only_a_part_is_continued(path, make, writes):
    file = make()
    writes.at_most = 3
    file.write_line("1234567")
    assert file.flush(PATIENCE)
    assert path.read_text() == "1234567\n"
    assert [writes.next_size() for _ in range(3)] == [8, 5, 2]


def test_what_waits_is_bounded_and_what_is_lost_counted(path, make, writes, expect_log):
    file = make(max_pending_size=10, flush_size=1)
    writes.may_go_on.clear()
    file.write_line("1234")
    file.write_line("1234")
    for _ in range(1000):
        file.write_line("too much")
    with expect_log("tornadolike.general", "Lost 1000 lines of the access log .*access.log"):
        writes.may_go_on.set()
        assert file.flush(PATIENCE)
        file.write_line("again")
        assert file.flush(PATIENCE)
    assert path.read_text() == "1234\n1234\nagain\n"


def test_a_directory_that_is_gone_for_a_while(tmp_path, make, expect_log):
    folder = tmp_path / "folder"
    folder.mkdir()
    file = make(folder / "access.log", flush_interval=0.01)
    file.write_line("a")
    assert file.flush(PATIENCE)
    folder.rename(tmp_path / "elsewhere")
    with (
        expect_log("tornadolike.general", "Cannot write the access log: .*No such file", count=1),
        expect_log("tornadolike.general", "is written again", count=1),
    ):
        file.write_line("b")
        assert file.flush(PATIENCE)
        file.reopen()
        assert file.flush(PATIENCE)
        folder.mkdir()
        file.write_line("c")
        assert file.flush(PATIENCE)
    assert (folder / "access.log").read_text() == "b\nc\n"
    assert (tmp_path / "elsewhere" / "access.log").read_text() == "a\n"


def test_a_disk_that_does_not_answer_does_not_keep_the_program(
    make, writes, expect_log, monkeypatch
):
    monkeypatch.setattr(batches, "CLOSING_TIMEOUT", 0.01)
    file = make()
    writes.may_go_on.clear()
    file.write_line("x")
    with expect_log("tornadolike.general", "does not take what is left of the access log"):
        file.close()
    writes.may_go_on.set()


def test_no_more_threads(path, make, expect_log, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    file = make()
    with monkeypatch.context() as patch:
        patch.setattr(batches.Thread, "start", refuse)
        with expect_log("tornadolike.general", "can't start new thread"):
            file.write_line("a")
    with expect_log("tornadolike.general", "Lost 1 lines"):
        file.write_line("b")
        assert file.flush(PATIENCE)
    assert path.read_text() == "b\n"


# Many writers


def test_many_threads(path, make):
    file = make(flush_size=1000)

    def write(name):
        for number in range(500):
            file.write_line(f"{name} {number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    file.close()
    lines = path.read_text().splitlines()
    for name in "abcd":
        assert [line for line in lines if line[0] == name] == [f"{name} {n}" for n in range(500)]


PROGRAM = """
import os, sys
from tornadolike.accesslog.batches import BatchedFile

file = BatchedFile(sys.argv[1], flush_interval=3600)
{}
"""


def run(path, source):
    program = PROGRAM.format(source)
    subprocess.run([sys.executable, "-c", program, str(path)], check=True, timeout=PATIENCE)


def test_the_end_of_the_program_writes_what_waits(path):
    run(path, "file.write_line('a')")
    assert path.read_text() == "a\n"


def test_each_process_writes_its_own(path):
    run(
        path,
        """
file.write_line('of the parent')
child = os.fork()
file.write_line(f'of {"the parent" if child else "the child"} later')
if not child:
    grandchild = os.fork()
    if not grandchild:
        file.write_line('of the grandchild')
        sys.exit()
    os.waitpid(grandchild, 0)
    sys.exit()
os.waitpid(child, 0)
""",
    )
    lines = path.read_text().splitlines()
    assert lines == [
        "of the grandchild",
        "of the child later",
        "of the parent",
        "of the parent later",
    ]


def test_a_forks_child_does_not_inherit_a_lock_that_is_held(path):
    run(
        path,
        """
file.write_line('of the parent')
with file._lock:
    child = os.fork()
    if not child:
        file.write_line('of the child')
        sys.exit()
assert os.waitpid(child, 0)[1] == 0
""",
    )
    assert re.fullmatch("of the child\nof the parent\n", path.read_text())
