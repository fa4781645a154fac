"""Socket files that nobody listens on any more."""

import os
import socket

import pytest

from tornadolike.ioloop.unix_files import (
    file_of_socket,
    remove_socket_file,
    remove_stale_socket,
)

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


def test_the_file_of_a_socket_and_its_end(tmp_path):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as sock:
        assert file_of_socket(sock) is None
        sock.bind(str(path))
        file = file_of_socket(sock)
        assert file == (str(path), path.stat().st_ino)
    remove_socket_file(*file)
    assert not path.exists()
    remove_socket_file(*file)


def test_what_has_no_file():
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f"\0tornadolike-test-{os.getpid()}")
        assert file_of_socket(tcp) is None
        assert file_of_socket(abstract) is None


def test_the_file_of_another_server_stays(tmp_path):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as sock, socket.socket(socket.AF_UNIX) as other:
        sock.bind(str(path))
        file = file_of_socket(sock)
        other.bind(str(path) + "2")
        os.rename(str(path) + "2", path)
        remove_socket_file(*file)
        assert path.exists()


def test_a_file_that_cannot_be_removed_is_logged(tmp_path, expect_log):
    (tmp_path / "file").touch()
    path = str(tmp_path / "file" / "below")
    with expect_log("asyncio", f"Unix socket {path} could not be removed", count=1):
        remove_socket_file(path, 1)
