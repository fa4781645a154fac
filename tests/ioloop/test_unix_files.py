"""Socket files that nobody listens on any more."""

import os
import socket

import pytest

from tornadolike.ioloop.unix_files import remove_stale_socket

kinds_of_path = pytest.mark.parametrize("kind", [str, os.fsencode])


@kinds_of_path
def test_a_socket_is_removed(tmp_path, kind):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    remove_stale_socket(kind(path))
    assert not path.exists()


@kinds_of_path
def test_nothing_else_is(tmp_path, kind):
    path = tmp_path / "file"
    path.write_text("precious")
    remove_stale_socket(kind(path))
    assert path.read_text() == "precious"


@pytest.mark.parametrize("path", ["\0abstract", b"\0abstract"])
def test_abstract_names_are_no_files(path):
    remove_stale_socket(path)


def test_a_place_where_nothing_is(tmp_path):
    remove_stale_socket(str(tmp_path / "nothing"))


def test_what_cannot_be_looked_at_is_logged(tmp_path, expect_log):
    (tmp_path / "file").touch()
    path = str(tmp_path / "file" / "below")
    with expect_log("asyncio", f"Unable to check or remove stale UNIX socket '{path}'", count=1):
        remove_stale_socket(path)
