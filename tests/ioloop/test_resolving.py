"""Host names that are addresses already, and the order of addresses."""

import asyncio
import socket
from typing import Any

import pytest

from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.resolving import interleave, literal_address, resolve

STREAM, DATAGRAM = socket.SOCK_STREAM, socket.SOCK_DGRAM
IP4, IP6, ANY = socket.AF_INET, socket.AF_INET6, socket.AF_UNSPEC
TCP, UDP = socket.IPPROTO_TCP, socket.IPPROTO_UDP


@pytest.mark.parametrize(
    ("host", "port", "family", "kind", "proto", "expected"),
    [
        ("1.2.3.4", 80, ANY, STREAM, 0, (IP4, STREAM, TCP, "", ("1.2.3.4", 80))),
        ("1.2.3.4", 80, IP4, STREAM, TCP, (IP4, STREAM, TCP, "", ("1.2.3.4", 80))),
        ("1.2.3.4", 80, ANY, DATAGRAM, 0, (IP4, DATAGRAM, UDP, "", ("1.2.3.4", 80))),
        ("::1", 80, ANY, STREAM, 0, (IP6, STREAM, TCP, "", ("::1", 80, 0, 0))),
        ("::1", 80, IP6, DATAGRAM, UDP, (IP6, DATAGRAM, UDP, "", ("::1", 80, 0, 0))),
        (b"1.2.3.4", b"80", ANY, STREAM, 0, (IP4, STREAM, TCP, "", ("1.2.3.4", 80))),
        ("1.2.3.4", "80", ANY, STREAM, 0, (IP4, STREAM, TCP, "", ("1.2.3.4", 80))),
        ("1.2.3.4", None, ANY, STREAM, 0, (IP4, STREAM, TCP, "", ("1.2.3.4", 0))),
        ("1.2.3.4", "", ANY, STREAM, 0, (IP4, STREAM, TCP, "", ("1.2.3.4", 0))),
        ("1.2.3.4", b"", ANY, STREAM, 0, (IP4, STREAM, TCP, "", ("1.2.3.4", 0))),
        # What only the resolver knows.
        ("localhost", 80, ANY, STREAM, 0, None),
        (None, 80, ANY, STREAM, 0, None),
        ("", 80, ANY, STREAM, 0, None),
        ("1.2.3.4", "http", ANY, STREAM, 0, None),
        ("1.2.3", 80, ANY, STREAM, 0, None),
        ("1.2.3.4", 80, IP6, STREAM, 0, None),
        ("::1", 80, IP4, STREAM, 0, None),
        ("fe80::1%lo", 80, ANY, STREAM, 0, None),
        ("1.2.3.4", 80, ANY, 0, 0, None),
        ("1.2.3.4", 80, ANY, socket.SOCK_RAW, 0, None),
        ("1.2.3.4", 80, ANY, STREAM, UDP, None),
        ("1.2.3.4", 80, ANY, STREAM, 132, None),
        ("1.2.3.4\0", 80, ANY, STREAM, 0, None),
        ("bücher.example".encode(), 80, ANY, STREAM, 0, None),
        ("1.2.3.4", 80, socket.AF_UNIX, STREAM, 0, None),
    ],
)
def test_literal_addresses(
    host: Any, port: Any, family: int, kind: int, proto: int, expected: Any
) -> None:
    assert literal_address(host, port, family, kind, proto) == expected


def test_a_literal_address_is_what_the_resolver_says() -> None:
    for host in ("127.0.0.1", "::1"):
        said = socket.getaddrinfo(host, 80, type=STREAM, flags=socket.AI_NUMERICHOST)
        assert literal_address(host, 80, ANY, STREAM, 0) in said


def test_flow_and_scope_of_a_literal_address() -> None:
    info = literal_address("::1", 80, ANY, STREAM, 0, 5, 7)
    assert info is not None
    assert info[4] == ("::1", 80, 5, 7)


class Asked:
    """A loop that answers what it is told, and writes down the question."""

    def __init__(self, answer: list[Any]) -> None:
        self.answer = answer
        self.asked: list[Any] = []

    async def getaddrinfo(self, host: Any, port: Any, **hints: int) -> list[Any]:
        self.asked.append((host, port, hints))
        return self.answer


def test_the_resolver_is_asked_only_where_it_must_be() -> None:
    loop = Asked([(IP4, STREAM, TCP, "", ("9.9.9.9", 80))])
    assert asyncio.run(resolve(loop, ("1.2.3.4", 80))) == [(IP4, STREAM, TCP, "", ("1.2.3.4", 80))]
    (info,) = asyncio.run(resolve(loop, ("::1", 80, 3, 4, "more")))
    assert info[4] == ("::1", 80, 3, 4)
    assert loop.asked == []
    hints = {"family": IP4, "type": STREAM, "proto": 0, "flags": 1}
    assert asyncio.run(resolve(loop, ("name", 80), **hints)) == loop.answer
    assert loop.asked == [("name", 80, hints)]


def test_a_name_without_an_address() -> None:
    with pytest.raises(OSError, match="no address was found for host 'name' and port 80"):
        asyncio.run(resolve(Asked([]), ("name", 80)))


def test_a_real_name(io_loop: IOLoop) -> None:
    infos = io_loop.run_until_complete(resolve(io_loop, ("localhost", 80), family=IP4))
    assert infos == [(IP4, STREAM, TCP, "", ("127.0.0.1", 80))]


@pytest.mark.parametrize(
    ("families", "count", "expected"),
    [
        ("6666", 1, "6666"),
        ("666444", 1, "646464"),
        ("666444", 2, "664644"),
        ("6644", 3, "6644"),
        ("64", 9, "64"),
        ("4466", 1, "4646"),
        ("6444", 1, "6444"),
        ("664", 1, "646"),
    ],
)
def test_families_take_turns(families: str, count: int, expected: str) -> None:
    infos = [
        ({"4": IP4, "6": IP6}[family], STREAM, TCP, "", number)
        for number, family in enumerate(families)
    ]
    ordered = interleave(infos, count)
    assert "".join({IP4: "4", IP6: "6"}[info[0]] for info in ordered) == expected
    assert sorted(ordered, key=lambda info: info[4]) == infos  # none lost, none twice
    for family in (IP4, IP6):
        numbers = [info[4] for info in ordered if info[0] == family]
        assert numbers == sorted(numbers)
