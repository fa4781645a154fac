"""wsgi.file_wrapper."""

import gzip
import io
import os
import tempfile

import pytest

from tornadolike.wsgi.files import FileWrapper


def test_blocks():
    assert list(FileWrapper(io.BytesIO(b"12345"), 2)) == [b"12", b"34", b"5"]


def test_close_is_the_files():
    file = io.BytesIO()
    FileWrapper(file).close()
    assert file.closed


def test_what_cannot_be_closed_has_no_close():
    class OnlyReads:
        def read(self, size):
            return b""

    assert not hasattr(FileWrapper(OnlyReads()), "close")


def test_files_on_the_disk(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    for mode, buffering in [("rb", -1), ("rb", 0), ("r+b", -1)]:
        with path.open(mode, buffering) as file:
            assert FileWrapper(file).on_disk() == (file, 0, 10)
            file.seek(3)
            assert FileWrapper(file).on_disk() == (file, 3, 7)
            file.seek(30)
            assert FileWrapper(file).on_disk() == (file, 30, 0)


def test_files_that_are_something_else(tmp_path):
    with gzip.open(tmp_path / "file.gz", "wb") as file:
        file.write(b"x" * 1000)
    # Each of them has a fileno() that gives other bytes than read().
    with (
        gzip.open(tmp_path / "file.gz") as unpacked,
        (tmp_path / "file.gz").open() as text,
        tempfile.SpooledTemporaryFile() as spooled,
        io.BytesIO(b"x") as memory,
    ):
        assert unpacked.fileno()
        for other in (unpacked, text, spooled, memory):
            assert FileWrapper(other).on_disk() is None


@pytest.mark.parametrize("buffering", [-1, 0])
def test_a_pipe_is_read(buffering):
    reading, writing = os.pipe()
    os.close(writing)
    with open(reading, "rb", buffering) as file:
        assert FileWrapper(file).on_disk() is None
