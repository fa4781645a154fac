"""Which connections are kept, and for whom."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import PATIENCE
from tests.httpclient.behaviours.engines import Engine, outcome, wrong
from tests.httpclient.behaviours.nginx import Nginx
from tests.httpclient.behaviours.scripted import Peer, Scripted, answering, ok
from tests.peers import nobody
from tests.running import turns

Play = Callable[..., Scripted]


def connections(engine: Engine, server: Scripted, count: int = 3, **options: Any) -> list[int]:
    """How many requests came over each connection, when so many were sent one after another."""

    async def main(client: Any) -> None:
        for _ in range(count):
            assert await outcome(client, server.url, **options) == "200 hello"

    engine.run(main)
    return [len(peer.heard) for peer in server.peers]


CLOSE = ok(b"hello", b"Connection: close")
OLD = b"HTTP/1.0 200 OK"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ok(), [3]),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", [3]),
        (CLOSE, [1, 1, 1]),
        (ok(line=OLD), [1, 1, 1]),
        (ok(b"hello", b"Connection: keep-alive", line=OLD), [3]),
    ],
    ids=["by length", "in chunks", "close", "HTTP/1.0", "HTTP/1.0 kept"],
)
def test_kept(engine: Engine, play: Play, answer: bytes, expected: list[int]) -> None:
    assert connections(engine, play(answering(answer))) == expected


def test_nginx_counts(engine: Engine, nginx: Nginx) -> None:
    """It ends a connection behind the fifth request."""

    async def main(client: Any) -> list[bytes]:
        return [(await client.fetch(f"{nginx.url}/which")).body for _ in range(12)]

    found = [tuple(map(int, body.split())) for body in engine.run(main)]
    assert [requests for _, requests in found] == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2]
    assert len({connection for connection, _ in found}) == 3


def test_ended_between_two_requests(engine: Engine, play: Play) -> None:
    """The server ends a connection that nobody uses; nobody is told."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(ok())

    assert connections(engine, play(script)) == [1, 1, 1]


def silent_to_the_second(reset: bool) -> Callable[[Peer], None]:
    """A server that ends the first connection when a second request comes over it."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(ok())
        if peer.number:
            while peer.request():
                peer.send(ok())
        else:
            peer.request()
            if reset:
                peer.reset()

    return script


@pytest.mark.parametrize("reset", [False, True], ids=["end", "reset"])
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "200 hello"),
        ({"method": "PUT", "body": b"a"}, "200 hello"),
        ({"method": "DELETE"}, "200 hello"),
        ({"method": "POST", "body": b"a", "idempotent": True}, "200 hello"),
        ({"method": "POST", "body": b"a"}, "HTTPStreamClosedError"),
        ({"method": "PATCH", "body": b"a"}, "HTTPStreamClosedError"),
        ({"idempotent": False}, "HTTPStreamClosedError"),
    ],
    ids=["GET", "PUT", "DELETE", "POST, said to be so", "POST", "PATCH", "GET, said not to be so"],
)
def test_ended_by_the_second_request(
    engine: Engine, play: Play, reset: bool, options: dict[str, Any], expected: str
) -> None:
    """What does no harm twice is sent again, over a new connection; the rest is not."""
    server = play(silent_to_the_second(reset))

    async def main(client: Any) -> str:
        assert await outcome(client, server.url) == "200 hello"
        return await outcome(client, server.url, **options)

    assert engine.run(main) == expected
    assert len(server.heard) == (3 if expected == "200 hello" else 2)


def test_a_new_connection_that_ends_is_no_reason_to_try_again(engine: Engine, play: Play) -> None:
    server = play(lambda peer: peer.request())
    assert engine.outcome(server.url) == "HTTPStreamClosedError"
    assert len(server.heard) == 1


def test_trying_again_is_over_a_new_connection(engine: Engine, play: Play) -> None:
    """Of five that are kept and would all end: a request that kills its server kills it twice, not six times."""
    everybody = threading.Barrier(5)

    def script(peer: Peer) -> None:
        if b"GET /deadly" in peer.request():
            return
        everybody.wait(PATIENCE)
        peer.send(ok())
        while b"GET /deadly" not in (request := peer.request()) and request:
            peer.send(ok())

    server = play(script)

    async def main(client: Any) -> str:
        await asyncio.gather(*[client.fetch(f"{server.url}/{n}") for n in range(5)])
        return await outcome(client, f"{server.url}/deadly")

    assert engine.run(main) == "HTTPStreamClosedError"
    assert len([request for request in server.heard if b"/deadly" in request]) <= 2


UNASKED = ok(b"somebody else's")


def test_what_nobody_has_asked_for_is_nobodys(engine: Engine, play: Play) -> None:
    """Bytes behind an answer are not taken for the next one."""

    def script(peer: Peer) -> None:
        while peer.request():
            peer.send(ok() + UNASKED)

    assert connections(engine, play(script)) == [1, 1, 1]


def test_a_body_behind_an_answer_to_head(engine: Engine, play: Play) -> None:
    """It has none, so this is what nobody has asked for."""
    server = play(answering(ok(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse")))

    async def main(client: Any) -> list[str]:
        return [await outcome(client, server.url, method="HEAD") for _ in range(3)]

    assert engine.run(main) == ["200"] * 3
    assert [len(peer.heard) for peer in server.peers] == [1, 1, 1]


def test_by_the_name_of_this_machine(engine: Engine, play: Play) -> None:
    """It has two addresses, and nobody listens at the first."""
    server = play(answering(ok()))
    assert engine.outcome(f"http://localhost:{server.port}") == "200 hello"


def test_a_word_on_an_idle_connection(engine: Engine, play: Play) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(ok())
        while peer.request():
            peer.send(ok())

    server = play(script)

    async def main(client: Any) -> str:
        assert await outcome(client, server.url) == "200 hello"
        server.peers[0].send(UNASKED)
        await turns(5)
        return await outcome(client, server.url)

    assert engine.run(main) == "200 hello"
    assert len(server.peers) == 2


def test_nobody_listens(engine: Engine) -> None:
    with nobody() as (host, port):
        assert engine.outcome(f"http://{host}:{port}/") == "HTTPRefusedError"


def test_no_such_name(engine: Engine) -> None:
    assert engine.outcome("http://there-is-none.invalid/") == "HTTPNameError"


def test_no_such_socket(engine: Engine, tmp_path: Any) -> None:
    path = tmp_path / "nothing"
    assert engine.outcome("http://localhost/", unix_socket=str(path)) == "HTTPConnectError"


def test_no_more_at_once_than_allowed(engine: Engine, play: Play) -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def script(peer: Peer) -> None:
        while peer.request():
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            with lock:
                now[0] -= 1
            peer.send(ok())

    server = play(script)

    async def main(client: Any) -> None:
        await asyncio.gather(*[client.fetch(f"{server.url}/{n}") for n in range(30)])

    engine.run(main, max_clients=3)
    assert most[0] <= 3
    assert len(server.peers) <= 3
    assert len(server.heard) == 30


def test_closed_with_fetches_going_on(engine: Engine, play: Play) -> None:
    """Each of them fails, those that wait for their turn too."""
    server = play(lambda peer: (peer.request(), peer.wait_closed()))

    async def main(client: Any) -> list[str]:
        tasks = [asyncio.ensure_future(outcome(client, server.url)) for _ in range(4)]
        while len(server.heard) < 2:
            await asyncio.sleep(0.001)
        client.close()
        return list(await asyncio.gather(*tasks))

    assert set(engine.run(main, max_clients=2)) <= {"HTTPStreamClosedError", "HTTPConnectError"}


@wrong(
    simple="pool: the second try has what connect_timeout has left since the first was sent: nothing"
)
def test_the_second_try_has_time_to_connect(engine: Engine, play: Play) -> None:
    """A server may think for longer than ``connect_timeout`` before it ends a kept connection."""

    def thinks_for(seconds: float) -> Callable[[Peer], None]:
        def script(peer: Peer) -> None:
            peer.request()
            peer.send(ok())
            while peer.request():
                if not peer.number:
                    time.sleep(1.2 * seconds)
                    return
                peer.send(ok())

        return script

    found = ""
    for seconds in (0.2, 2.0):  # the second is for a machine on which connecting takes that long
        server = play(thinks_for(seconds))

        async def main(client: Any, url: str = server.url, timeout: float = seconds) -> str:
            assert await outcome(client, url) == "200 hello"
            return await outcome(client, url, connect_timeout=timeout)

        found = engine.run(main)
        if found == "200 hello":
            break
    assert found == "200 hello"


@wrong(simple="wire: what is drained behind a fetch that was given up keeps its place for a second")
def test_who_has_given_up_makes_room_at_once(engine: Engine, play: Play) -> None:
    """The next one does not wait for the rest of a body that nobody wants, and that does not come."""
    silent = play(lambda peer: (peer.request(), peer.send(ok()[:-1]), peer.wait_closed()))
    other = play(answering(ok()))

    async def main(client: Any) -> float:
        begun = asyncio.Event()
        future = client.fetch(silent.url, streaming_callback=lambda _: begun.set())
        await begun.wait()
        future.cancel()
        await asyncio.wait([future])
        start = time.monotonic()
        assert await outcome(client, other.url) == "200 hello"
        return time.monotonic() - start

    # The best of three: a loaded machine may hold up each for a while.
    assert any(engine.run(main, max_clients=1) < 0.5 for _ in range(3))
