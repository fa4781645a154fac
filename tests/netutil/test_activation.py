"""Sockets that a service manager hands over, as sd_listen_fds(3) tells."""

import json
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from tornadolike.netutil import activated_sockets, activation, bind_sockets, bind_unix_socket
from tornadolike.netutil.activation import ActivatedSocket


@pytest.fixture
def listening() -> Iterator[list[socket.socket]]:
    """Two sockets whose descriptors follow each other."""
    # Not by taking two: the first that are free may lie apart.
    first = bind_sockets(0, "127.0.0.1")[0]
    second = bind_sockets(0, "127.0.0.1")[0]
    sockets = [first, second]
    start = 200
    moved = [
        socket.socket(fileno=os.dup2(sock.fileno(), start + number, inheritable=True))
        for number, sock in enumerate(sockets)
    ]
    for sock in sockets:
        sock.close()
    yield moved
    for sock in moved:
        sock.close()


@pytest.fixture
def hand_over(listening: list[socket.socket], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the variables as a service manager does; what is None is not set."""
    monkeypatch.setattr(activation, "FIRST_DESCRIPTOR", listening[0].fileno())

    def set_variables(
        count: object = 2, process: object = os.getpid(), names: str | None = None
    ) -> None:
        variables = {"LISTEN_FDS": count, "LISTEN_PID": process, "LISTEN_FDNAMES": names}
        for name, value in variables.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, str(value))

    return set_variables


def descriptors(sockets: list[Any]) -> list[int]:
    return [sock.fileno() for sock in sockets]


def variables() -> set[str]:
    return {name for name in os.environ if name.startswith("LISTEN_")}


def taken() -> list[ActivatedSocket]:
    """The sockets, whose owner the fixture remains."""
    sockets = activated_sockets()
    for sock in sockets:
        assert not sock.getblocking()
        assert not sock.get_inheritable()
    return sockets


def test_what_is_handed_over(listening: list[socket.socket], hand_over: Any) -> None:
    hand_over(names="site.socket:admin")
    sockets = taken()
    assert descriptors(sockets) == descriptors(listening)
    assert [sock.name for sock in sockets] == ["site.socket", "admin"]
    assert [sock.getsockname() for sock in sockets] == [sock.getsockname() for sock in listening]
    with socket.create_connection(sockets[0].getsockname()):
        connection, _ = sockets[0].accept()
        connection.close()
    for sock in sockets:
        sock.detach()
    assert not variables()
    assert activated_sockets() == []  # they have been taken


def test_sockets_without_names(hand_over: Any) -> None:
    hand_over()
    assert [(sock.name, sock.detach() > 0) for sock in taken()] == [("unknown", True)] * 2


def test_what_is_meant_for_another_process(hand_over: Any, expect_log: Any) -> None:
    """A program between the manager and us has it, or had it and did not take it."""
    hand_over(process=os.getppid(), names="a:b")
    with expect_log("tornadolike.general", f"are for process {os.getppid()}, .* exec", count=1):
        assert activated_sockets() == []
    assert not variables()


def test_what_is_meant_for_nobody(hand_over: Any) -> None:
    hand_over(process=None)
    assert activated_sockets() == []
    assert not variables()


def test_nothing_is_handed_over(hand_over: Any) -> None:
    hand_over(count=None, process=None)
    assert activated_sockets() == []


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        ({"count": "two"}, "LISTEN_FDS is 'two'"),
        ({"count": "0"}, "LISTEN_FDS is '0'"),
        ({"count": "-1"}, "LISTEN_FDS is '-1'"),
        ({"count": "99999999999999"}, "LISTEN_FDS is '9999"),
        ({"count": "²"}, "LISTEN_FDS is"),
        ({"process": "me"}, "LISTEN_PID is 'me'"),
        ({"process": ""}, "LISTEN_PID is ''"),
        ({"names": "one"}, r"LISTEN_FDNAMES has 1 names \('one'\) for 2 descriptors"),
        ({"names": "a:b:c"}, "LISTEN_FDNAMES has 3 names"),
    ],
)
def test_variables_that_make_no_sense(hand_over: Any, variables: Any, text: str) -> None:
    hand_over(**variables)
    with pytest.raises(ValueError, match=text):
        activated_sockets()


def test_fewer_than_promised(listening: list[socket.socket], hand_over: Any) -> None:
    hand_over(count=3, names="a:b:c")
    with pytest.raises(ValueError, match=r"descriptor 202 \(c\) was not handed over: .*Bad file"):
        activated_sockets()
    for sock in listening:
        sock.detach()  # closed: there is no half of it


def test_what_is_no_socket(listening: list[socket.socket], hand_over: Any) -> None:
    reading, writing = os.pipe()
    os.dup2(reading, listening[1].fileno())
    hand_over(names="a:pipe")
    with pytest.raises(ValueError, match=r"descriptor 201 \(pipe\) is no socket: .*ListenStream="):
        activated_sockets()
    listening[0].detach()
    os.close(listening[1].detach())
    os.close(reading)
    os.close(writing)


# As it is: a manager that listens, forks and executes a program

MANAGER = """
    import os, sys

    first, second, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    os.dup2(first, 203)
    os.dup2(second, 204)
    os.dup2(203, 3)
    os.dup2(204, 4)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="tcp:unix")
    os.execv(sys.executable, [sys.executable, "-W", "error", "-c", program])
"""

SERVICE = """
    import asyncio, json, os, subprocess, sys
    import tornadolike
    from tornadolike.netutil import activated_sockets
    from tornadolike.tcpserver import TCPServer

    CHILD = "from tornadolike.netutil import activated_sockets; print(activated_sockets())"

    class Greeter(TCPServer):
        async def handle_stream(self, stream, address):
            name = await stream.read_until(b"\\n")
            await stream.write(b"hello " + name)
            stream.close()
            if name == b"bye\\n":
                stopping.set()

    async def main():
        global stopping
        stopping = asyncio.Event()
        server = Greeter()
        sockets = activated_sockets()
        server.add_sockets(sockets)
        child = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True)
        print(json.dumps([[sock.name, sock.fileno()] for sock in sockets]), child.stdout, end="")
        await stopping.wait()
        await server.drain()

    tornadolike.run(main())
"""


def test_a_service_is_started_with_its_sockets(tmp_path: Any) -> None:
    """A connection that came before the program waits for it; when it is gone the sockets still listen."""
    (tcp,) = bind_sockets(0, "127.0.0.1")
    unix = bind_unix_socket(tmp_path / "socket")
    manager = textwrap.dedent(MANAGER)
    service = textwrap.dedent(SERVICE)
    with tcp, unix:
        for _ in range(2):
            early = socket.create_connection(tcp.getsockname(), timeout=20)
            process = subprocess.Popen(
                [
                    *(sys.executable, "-c", manager),
                    *(str(tcp.fileno()), str(unix.fileno()), service),
                ],
                pass_fds=[tcp.fileno(), unix.fileno()],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            with early, socket.socket(socket.AF_UNIX) as local:
                early.sendall(b"world\n")
                assert early.makefile("rb").read() == b"hello world\n"
                local.settimeout(20)
                local.connect(str(tmp_path / "socket"))
                local.sendall(b"bye\n")
                assert local.makefile("rb").read() == b"hello bye\n"
            said, _ = process.communicate(timeout=20)
            assert process.returncode == 0, said
            sockets, child = said.split("] ", 1)
            assert json.loads(sockets + "]") == [["tcp", 3], ["unix", 4]]
            assert child == "[]\n"
            assert (tmp_path / "socket").exists()  # it is the manager's
