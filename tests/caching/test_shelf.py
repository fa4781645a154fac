"""Where responses are kept: invalidated, shared, down."""

import asyncio
import itertools
import shutil
from typing import Any

import pytest

from tests.caching.helpers import BrokenStore, cached, counting, is_kept, ways
from tests.stores import servers
from tornadolike.caching import Cached
from tornadolike.stores import MemoryStore, RedisStore, SQLiteStore
from tornadolike.web import url


def test_it_is_invalidated_by_name_by_path_and_all(site):
    store = MemoryStore()
    posts = cached(names=["posts"], store=store)
    others = cached(store=store, names=lambda handler: [handler.request.path.strip("/")])
    site = site(
        url("/posts", counting(), middleware=[posts]),
        url("/a", counting(), middleware=[others]),
        url("/b", counting(), middleware=[others]),
    )

    def bodies() -> list[str]:
        return [site.ask(f"GET /{path}").text for path in ("posts", "a", "b")]

    assert bodies() == bodies() == ["1", "1", "1"]
    assert site.server.call(others.invalidate, "posts") is True  # by whoever has the same store
    assert bodies() == bodies() == ["2", "1", "1"]
    assert site.server.call(posts.invalidate, "a", "nothing") is True
    assert bodies() == bodies() == ["2", "2", "1"]
    assert site.server.call(posts.invalidate_path, "/b") is True
    assert bodies() == bodies() == ["2", "2", "2"]
    assert site.server.call(posts.clear) is True
    assert bodies() == bodies() == ["3", "3", "3"]
    # A store that has forgotten the names brings nothing back that was invalidated by them.
    for key in [key for key in store._entries if "generation" in key]:
        site.server.call(store.delete, key)
    assert bodies() == bodies() == ["4", "4", "4"]


def test_a_store_that_is_down_is_as_no_cache(site, expect_log, monkeypatch):
    store = BrokenStore()
    pages = cached(store=store, names=["x"])
    site = site(("/", counting()), middleware=[pages])
    assert ways(site, "GET /", "GET /") == [("MISS", "1"), ("HIT", "1")]
    store.broken = True
    with expect_log("tornadolike.general", "not cached for now: it is broken: mend it", count=1):
        assert ways(site, "GET /", "GET /") == [("PASS", "2"), ("PASS", "3")]
        assert site.server.call(pages.invalidate, "x") is False
    asked = store.asked
    assert ways(site, "GET /") == [("PASS", "4")]
    assert store.asked == asked  # it is let alone
    store.broken = False
    monkeypatch.setattr(pages._shelf, "_down_until", 0.0)
    # What was invalidated meanwhile does not come back.
    assert ways(site, "GET /", "GET /") == [("MISS", "5"), ("HIT", "5")]


def test_a_debt_of_a_store_that_goes_down_meanwhile_is_kept(site, expect_log):
    store = BrokenStore()
    pages = cached(store=store, names=["x"])
    site = site(("/", counting()), middleware=[pages])
    assert ways(site, "GET /", "GET /") == [("MISS", "1"), ("HIT", "1")]

    async def twice() -> list[bool]:
        first = asyncio.ensure_future(pages.invalidate("x"))
        store.broken = True
        second = await pages.invalidate("x")
        store.broken = False
        return [await first, second]

    with expect_log("tornadolike.general", "not cached for now"):
        assert site.server.call(twice) == [True, False]
    pages._shelf._down_until = 0.0
    assert ways(site, "GET /", "GET /") == [("MISS", "2"), ("HIT", "2")]
    assert pages._shelf._owed == {}


@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
def test_two_machines_with_one_redis_that_goes_away_and_comes_back(site, tmp_path, expect_log):
    get_number = itertools.count(1)

    def get(self: Any) -> None:
        self.write(str(next(get_number)))

    def machine() -> tuple[Any, Cached]:
        pages = cached(store=RedisStore(f"unix://{tmp_path}/redis.sock"), names=["x"])
        return site(("/", counting(get=get)), middleware=[pages]), pages

    (one, ours), (other, theirs) = machines = [machine(), machine()]
    try:
        with servers.running(tmp_path):
            assert ways(one, "GET /") == [("MISS", "1")]
            one.server.call(is_kept, ours)
            assert ways(other, "GET /") == [("HIT", "1")]
            assert other.server.call(theirs.invalidate, "x")
            assert ways(one, "GET /") == [("MISS", "2")]
            one.server.call(is_kept, ours)
            assert ways(other, "GET /") == [("HIT", "2")]
        with expect_log("tornadolike.general", "not cached for now", count=1):
            assert [body for _, body in ways(one, "GET /", "GET /")] == ["3", "4"]
        assert one.server.call(ours.invalidate, "x") is False
        with servers.running(tmp_path):
            ours._shelf._down_until = 0.0
            assert ways(one, "GET /") == [("MISS", "5")]
            one.server.call(is_kept, ours)
            assert ways(other, "GET /") == [("HIT", "5")]
    finally:
        for served, pages in machines:
            served.server.call(pages.store.close)


def test_a_response_that_cannot_be_kept_is_a_response(site, expect_log):
    pages = cached(store=MemoryStore(max_bytes=2000))
    site = site(("/", counting(get=lambda self: self.write("x" * 3000))), middleware=[pages])
    with expect_log("tornadolike.general", "does not fit in MemoryStore", count=1):
        assert [body for _, body in ways(site, "GET /", "GET /")] == ["x" * 3000] * 2
    assert len(pages._flights) == 0


def test_what_is_kept_is_read_by_another_process(site, tmp_path):
    found = []
    for _ in range(2):
        pages = cached(store=SQLiteStore(tmp_path / "cache.db"))
        served = site(("/", counting()), middleware=[pages])
        found += ways(served, "GET /")
        served.server.call(is_kept, pages)
        served.server.call(pages.store.close)
    assert found == [("MISS", "1"), ("HIT", "1")]


def test_the_store_is_closed_with_the_application():
    closed = []

    class Closing(MemoryStore):
        async def close(self) -> None:
            closed.append(self)

    async def main() -> None:
        store = Closing()
        async with cached(store=store).lifetime(None):
            assert closed == []
        assert closed == [store]

    asyncio.run(main())
