"""Connections to a Redis server: what each loop and each process has for itself, and what errors say."""

import asyncio
import os
from typing import Any

import pytest
import redis
import redis.asyncio

from tornadolike.redis_connections import PerLoop, RedisConnections


class WentWrong(Exception):
    pass


def made(server: Any = "redis://u:secret@127.0.0.1:1/0", **options: Any) -> RedisConnections:
    return RedisConnections(server, user="Somebody", error=WentWrong, **options)


def test_each_loop_and_each_process_has_its_own() -> None:
    per_loop: PerLoop[object] = PerLoop(object)

    async def get() -> object:
        return per_loop.get()

    async def pop() -> object:
        return per_loop.pop()

    with asyncio.Runner() as one, asyncio.Runner() as other:
        first, second = one.run(get()), other.run(get())
        assert one.run(get()) is first is not second
        pid = os.fork()
        if not pid:
            status = 1
            try:
                with asyncio.Runner() as own:
                    forgotten = own.run(pop()), len(per_loop)
                    mine = own.run(get()), own.run(get())
                    if forgotten == (None, 0) and mine[0] is mine[1] and len(per_loop) == 1:
                        status = 0
            finally:
                os._exit(status)
        assert os.waitpid(pid, 0)[1] == 0
        assert len(per_loop) == 2
        assert one.run(pop()) is first
        assert one.run(pop()) is None
        assert other.run(get()) is second
        assert one.run(get()) is not first
    del one, other
    assert len(per_loop) == 0


def test_what_goes_wrong_says_what_to_do_and_no_password() -> None:
    async def fails(error: BaseException) -> None:
        raise error

    async def main() -> None:
        connections = made(timeout=0.01)
        assert connections.name == "redis://127.0.0.1:1/0"
        for error in (OSError("gone"), EOFError("gone"), redis.RedisError("gone")):
            with pytest.raises(WentWrong, match=r"127\.0\.0\.1:1/0: gone; look whether the server"):
                await connections.within(fails(error))
        for waiting in (fails(redis.TimeoutError("slow")), asyncio.Event().wait()):
            with pytest.raises(WentWrong, match=r"within 0\.01 s.*Somebody\(timeout=") as caught:
                await connections.within(waiting)
            assert isinstance(caught.value.__cause__, connections.timeouts)
        with pytest.raises(ZeroDivisionError):
            await connections.within(fails(ZeroDivisionError()))
        with pytest.raises(WentWrong) as refused:
            await connections.within(connections.client().get("a"))
        assert "secret" not in str(refused.value)
        await connections.close()

    asyncio.run(main())


def test_the_authors_own_client_is_not_closed() -> None:
    async def main() -> None:
        client = redis.asyncio.Redis()
        connections = made(client)
        assert connections.client() is client
        closed = []
        client.aclose = lambda: closed.append(client)  # type: ignore[method-assign, assignment, return-value]
        await connections.close()
        assert not closed
        assert connections.name == "the Redis server"

    asyncio.run(main())


def test_wrong_arguments() -> None:
    for wrong in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="more than 0"):
            made(timeout=wrong)
    with pytest.raises(ValueError, match="more than 0"):
        made(max_connections=0)
    with pytest.raises(ValueError, match="scheme"):
        made("localhost")
    with pytest.raises(TypeError, match=r"Somebody\(\) takes an address"):
        made(None)
    with pytest.raises(ValueError, match="Somebody keeps bytes"):
        made(redis.asyncio.Redis(decode_responses=True))
