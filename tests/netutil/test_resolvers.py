"""Resolvers that ask the system, and the one that knows better."""

import asyncio
import concurrent.futures
import os
import socket
import threading

import pytest

from tests.running import on_every_loop
from tornadolike import gen, netutil
from tornadolike.netutil import (
    BlockingResolver,
    DefaultExecutorResolver,
    DefaultLoopResolver,
    ExecutorResolver,
    OverrideResolver,
    Resolver,
    ThreadedResolver,
    is_valid_ip,
)

KINDS = [
    BlockingResolver,
    DefaultExecutorResolver,
    DefaultLoopResolver,
    ExecutorResolver,
    ThreadedResolver,
]

every_kind = pytest.mark.parametrize("kind", KINDS)

LOCAL = (socket.AF_INET, ("127.0.0.1", 80))


@pytest.fixture(autouse=True)
def no_threads_left():
    yield
    if ThreadedResolver._threadpool is not None:
        ThreadedResolver._threadpool.shutdown()
        ThreadedResolver._threadpool = None


@pytest.fixture(autouse=True)
def configured_as_before():
    yield
    Resolver.configure(None)


@pytest.fixture
def failing(monkeypatch):
    """The system knows no name."""

    def getaddrinfo(*args):
        raise socket.gaierror(socket.EAI_NONAME, "the system knows no name")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


# The system's answers


@every_kind
@on_every_loop
async def test_a_name(kind):
    assert LOCAL in await kind().resolve("localhost", 80)


@every_kind
@on_every_loop
async def test_addresses(kind):
    assert await kind().resolve("127.0.0.1", 80) == [LOCAL]
    assert await kind().resolve("::1", 80) == [(socket.AF_INET6, ("::1", 80, 0, 0))]


@every_kind
@on_every_loop
async def test_a_family(kind):
    assert await kind().resolve("localhost", 80, socket.AF_INET) == [LOCAL]
    with pytest.raises(socket.gaierror):
        await kind().resolve("127.0.0.1", 80, socket.AF_INET6)


@every_kind
@on_every_loop
async def test_a_name_that_the_system_does_not_know(kind, failing):
    with pytest.raises(socket.gaierror, match="knows no name"):
        await kind().resolve("name.example", 80)


@every_kind
@on_every_loop
async def test_what_cannot_be_a_name(kind):
    """The codec's complaint is no :exc:`OSError`, and would pass by whoever expects one."""
    for name in ("a" * 64 + ".example", "a..b"):
        with pytest.raises(OSError, match=f"'{name}' cannot be a host name"):
            await kind().resolve(name, 80)


@on_every_loop
async def test_an_address_needs_no_thread():
    threads = threading.active_count()
    await DefaultLoopResolver().resolve("127.0.0.1", 80)
    assert threading.active_count() == threads


def test_a_coroutine_of_generators_can_wait_for_it(io_loop):
    @gen.coroutine
    def main():
        return (yield BlockingResolver().resolve("127.0.0.1", 80))

    assert io_loop.run_sync(main) == [LOCAL]


# Threads


@on_every_loop
async def test_an_executor():
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        resolver = ExecutorResolver(threads, close_executor=False)
        assert LOCAL in await resolver.resolve("localhost", 80)
        resolver.close()
        threads.submit(int).result()  # open still
        with pytest.raises(RuntimeError, match="ExecutorResolver was closed; make another"):
            resolver.resolve("localhost", 80)
        ExecutorResolver(threads).close()
        with pytest.raises(RuntimeError, match="shutdown"):
            threads.submit(int)


@on_every_loop
async def test_threads_are_shared_and_stay():
    first, second = ThreadedResolver(num_threads=1), ThreadedResolver(num_threads=5)
    assert first.executor is second.executor
    assert first.executor._max_workers == 1
    first.close()
    assert LOCAL in await second.resolve("localhost", 80)


def test_threads_after_a_fork(io_loop):
    before = ThreadedResolver()
    io_loop.run_sync(lambda: before.resolve("localhost", 80))
    pool = ThreadedResolver._threadpool
    ThreadedResolver._threadpool_pid = os.getpid() + 1  # as the child would see it
    after = ThreadedResolver()
    assert after.executor is not pool
    pool.shutdown()


@on_every_loop
async def test_a_question_that_nobody_waits_for_any_more_is_taken_back():
    go_on = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        threads.submit(go_on.wait, 10)
        asking = asyncio.ensure_future(ExecutorResolver(threads).resolve("localhost", 80))
        await asyncio.sleep(0)
        assert threads._work_queue.qsize() == 1
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        go_on.set()


# Others


class Fixed(Resolver):
    """Always says the same, and remembers the question."""

    def initialize(self, answer):
        self.answer = answer
        self.asked = []
        self.closed = False

    async def resolve(self, host, port, family=socket.AF_UNSPEC):
        self.asked.append((host, port, family))
        return self.answer

    def close(self):
        self.closed = True


def test_the_choice():
    assert type(Resolver()) is DefaultLoopResolver
    Resolver.configure(Fixed, answer=[LOCAL])
    resolver = Resolver()
    assert type(resolver) is Fixed
    assert resolver.answer == [LOCAL]
    assert Resolver(answer=[]).answer == []
    Resolver.configure("tornadolike.netutil.ThreadedResolver", num_threads=3)
    assert Resolver().executor._max_workers == 3
    for kind in KINDS:
        name = f"tornadolike.netutil.{kind.__name__}"
        Resolver.configure(name)
        assert type(Resolver()) is kind
        assert getattr(netutil, kind.__name__) is kind


def test_a_resolver_without_resolve():
    class Empty(Resolver):
        pass

    with pytest.raises(NotImplementedError, match=r"Empty has no method resolve\(\)"):
        Empty().resolve("localhost", 80)
    Empty().close()


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        (("other.example", 80), ("other.example", 80, 0)),
        (("name.example", 80), ("127.0.1.1", 80, 0)),
        (("name.example", 443), ("localhost", 1443, 0)),
        (("name.example", 443, socket.AF_INET6), ("::1", 2443, socket.AF_INET6)),
        (("name.example", 443, socket.AF_INET), ("localhost", 1443, socket.AF_INET)),
    ],
)
@on_every_loop
async def test_overrides(question, asked):
    """The entry that says most holds."""
    known = Fixed([LOCAL])
    resolver = OverrideResolver(
        known,
        {
            "name.example": "127.0.1.1",
            ("name.example", 443): ("localhost", 1443),
            ("name.example", 443, socket.AF_INET6): ("::1", 2443),
        },
    )
    assert await resolver.resolve(*question) == [LOCAL]
    assert known.asked == [asked]
    resolver.close()
    assert known.closed


# Addresses


@pytest.mark.parametrize(
    "ip", ["127.0.0.1", "4.4.4.4", "255.255.255.255", "::1", "2001:db8::3", "::ffff:1.2.3.4"]
)
def test_valid_addresses(ip):
    assert is_valid_ip(ip) is True


@pytest.mark.parametrize(
    "ip",
    [
        *("", " ", "\n", "\0", "1.2.3.4\0", "127.0.0.1\0.example", " 127.0.0.1", "127.0.0.1\n"),
        *("localhost", "www.example.com", "4.4.4.4<", "1.2.3.256", "1.2.3.4:80", "[::1]", "::g"),
        *("a" * 100, "é", "1::2::3"),
    ],
)
def test_invalid_addresses(ip):
    assert is_valid_ip(ip) is False
