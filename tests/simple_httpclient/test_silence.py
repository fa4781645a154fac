"""Whether something has come that nobody has read."""

import select
import socket

from tornadolike.simple_httpclient.silence import nothing_to_read


class Transport:
    def __init__(self, sock):
        self.sock = sock

    def get_extra_info(self, name):
        return {"socket": self.sock}[name]


def test_bytes_and_the_end_are_seen():
    here, there = socket.socketpair()
    with here, there:
        assert nothing_to_read(Transport(here))
        there.send(b"x")
        assert not nothing_to_read(Transport(here))
        here.recv(1)
        assert nothing_to_read(Transport(here))
        there.shutdown(socket.SHUT_WR)
        assert not nothing_to_read(Transport(here))


def test_where_nobody_can_tell(monkeypatch):
    assert nothing_to_read(Transport(None))
    monkeypatch.delattr(select, "poll")
    assert nothing_to_read(Transport(object()))
