"""The sockets of a site in production."""

import os

import pytest

from tornadolike.programs.failing import Failure
from tornadolike.workers import Settings
from tornadolike.workers.listening import Listening


def made(is_placed=True, **settings):
    return Listening(Settings(application="a:b", port=0, **settings), is_placed)


def test_all_slots_share_them():
    listening = made()
    assert listening.of_slot(1) is listening.of_slot(7)
    [sock] = listening.of_slot(1)
    assert listening.addresses == (f"http://127.0.0.1:{sock.getsockname()[1]}",)
    listening.leave(7)
    assert sock.fileno() >= 0
    listening.close()
    assert sock.fileno() == -1


def test_or_each_has_its_own_at_the_same_port():
    listening = made(reuse_port=True)
    [first], [second] = listening.of_slot(1), listening.of_slot(2)
    assert first is not second
    assert first.getsockname() == second.getsockname()
    assert listening.of_slot(2) == [second]
    listening.leave(2)
    assert (first.fileno() >= 0, second.fileno()) == (True, -1)
    listening.close()
    assert first.fileno() == -1


def test_a_unix_socket(tmp_path):
    listening = made(unix_socket=str(tmp_path / "a.sock"))
    assert listening.addresses == (f"unix:{tmp_path}/a.sock",)
    listening.close()
    assert os.listdir(tmp_path) == []


def test_https_wants_a_certificate_that_there_is():
    with pytest.raises(Failure, match="there is no file nowhere"):
        made(certificate="nowhere.pem")


def test_what_is_handed_over_and_makes_no_sense(monkeypatch):
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "many")
    with pytest.raises(Failure, match="LISTEN_FDS is 'many'"):
        made(is_placed=False)


def test_nothing_is_handed_over_to_who_knows_better(monkeypatch):
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "1")
    listening = made(is_placed=True)
    assert os.environ["LISTEN_FDS"] == "1"
    listening.close()
