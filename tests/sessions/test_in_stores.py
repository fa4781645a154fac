"""Sessions in a store: ids, other requests at the same time, a store that is down."""

import asyncio
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.sessions.browser import Browser, Clock, Page, rules
from tests.stores.servers import running
from tests.web.helpers import Site
from tornadolike.sessions import Sessions
from tornadolike.sessions.in_stores import MAX_ATTEMPTS
from tornadolike.stores import MemoryStore, RedisStore, SQLiteStore, Store, StoreError

Visit = Callable[..., Browser]


def look(handler: Any) -> Any:
    return dict(handler.session)


def put(**values: Any) -> Callable[[Any], Any]:
    return lambda handler: handler.session.update(values)


def login(handler: Any) -> None:
    handler.session.rotate()
    handler.session["user"] = "ann"


def end(handler: Any) -> None:
    handler.session.invalidate()


class Spied(MemoryStore):
    """Tells what it was asked for, fails when it is told to, and lets a test wait with an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.is_down = False

    async def _note(self, what: str) -> None:
        self.asked.append(what)
        if self.is_down:
            raise StoreError("it is down: start it")

    async def get(self, key: str) -> bytes | None:
        await self._note("get")
        return await super().get(key)

    async def set(self, *args: Any, **kwargs: Any) -> bool:
        await self._note("set")
        return await super().set(*args, **kwargs)

    async def touch(self, key: str, seconds: float) -> bool:
        await self._note("touch")
        return await super().touch(key, seconds)

    async def delete(self, key: str) -> bool:
        await self._note("delete")
        return await super().delete(key)


def test_who_logs_out_meanwhile_is_not_brought_back(visit: Visit) -> None:
    """Right between the last look at a session that is to have another id, and its end."""

    class LoggedOut(MemoryStore):
        is_now = False

        async def get(self, key: str) -> bytes | None:
            kept = await super().get(key)
            if self.is_now:
                assert await self.delete(key)
            return kept

    store = LoggedOut()

    def rotate(handler: Any) -> None:
        handler.session.rotate()
        handler.session["new"] = 1
        store.is_now = True

    browser = visit(Sessions(store), put=put(user="ann"), look=look, rotate=rotate)
    browser.get("put")
    browser.get("rotate")
    store.is_now = False
    assert browser.get("look") == {"new": 1}


def test_an_id_that_we_did_not_give(visit: Visit) -> None:
    store = Spied()
    browser = visit(Sessions(store), put=put(a=1), look=look, login=login)
    for made_up in ("x" * 32 + ".0", "A" * 32 + ".ffffffffffff"):
        browser.cookies["session"] = made_up
        assert browser.get("look") == {}
        browser.get("put")
        assert browser.cookies["session"].partition(".")[0] != made_up.partition(".")[0]
        browser.cookies["session"] = made_up
        assert browser.get("look") == {}
        browser.get("login")
        assert browser.cookies["session"].partition(".")[0] != made_up.partition(".")[0]
    store.asked.clear()
    for nonsense in (
        "",
        "x",
        "x" * 32,
        "x" * 32 + ".",
        "x" * 33 + ".0",
        "../" * 11 + ".0",
        "x" * 8000,
    ):
        browser.cookies["session"] = nonsense
        assert browser.get("look") == {}
    assert store.asked == []


def test_the_store_has_nothing_that_can_be_used(visit: Visit) -> None:
    store = MemoryStore()
    browser = visit(Sessions(store), put=put(password="hidden"), look=look)
    browser.get("put")
    [(key, (value, _))] = store._entries.items()
    session_id = browser.cookies["session"].partition(".")[0]
    assert session_id not in key
    assert b"hidden" not in value
    assert b"password" not in value


def test_the_entry_of_somebody_else_cannot_be_read(visit: Visit) -> None:
    """Should a store mix up its answers."""
    store = MemoryStore()
    browser = visit(Sessions(store), put=put(user="ann"), look=look, more=put(more=1))
    browser.get("put")
    [(_, (anns, end_))] = store._entries.items()
    other = Browser(browser.site)
    other.get("put")
    for key in list(store._entries):
        for corrupt in (anns, anns[:-1], b"", b"\x01", b"\x02" + anns[1:], bytes(100)):
            if store._entries[key][0] != anns:
                store._entries[key] = corrupt, end_
                assert other.get("look") == {}
    assert browser.get("look") == {"user": "ann"}


def test_a_session_of_another_name(site: Callable[..., Site]) -> None:
    """Of two kinds of sessions in one store the one cannot be used as the other."""
    store = MemoryStore()
    pages = rules({"put": put(a=1), "look": look})
    one = Browser(site(*pages, middleware=[Sessions(store, name="one")]))
    other = Browser(site(*pages, middleware=[Sessions(store, name="other")]))
    one.get("put")
    other.cookies["other"] = one.cookies["one"]
    assert other.get("look") == {}


def test_rotation(visit: Visit) -> None:
    browser = visit(Sessions(MemoryStore()), put=put(cart=[1]), look=look, login=login, end=end)
    browser.get("put")
    thief = browser.copy()
    browser.get("login")
    assert browser.get("look") == {"cart": [1], "user": "ann"}
    assert thief.get("look") == {}
    thief = browser.copy()
    browser.get("end")
    assert thief.get("look") == {}
    assert browser.get("look") == {}


class Gates:
    """Pages that wait: ``hold`` runs one as far as ``wait()`` in it while others are asked for."""

    def __init__(self, visit: Visit, sessions: Sessions, **pages: Callable[[Any], Any]) -> None:
        self.began = asyncio.Event()
        self.goes_on = asyncio.Event()

        def held(page: Callable[[Any], Any]) -> Callable[[Any], Any]:
            async def wait(handler: Any) -> Any:
                handler.session  # noqa: B018 - it is read by now
                self.began.set()
                await self.goes_on.wait()
                return page(handler)

            return wait

        waiting = {f"held_{name}": held(page) for name, page in pages.items()}
        self.browser = visit(sessions, **pages, **waiting)

    def during(self, page: str, *others: str) -> Browser:
        """Ask for ``page``, and for the others while it is at work; a browser that has its answer."""
        browser, server = self.browser, self.browser.site.server
        late = browser.copy()
        with browser.site.connect() as connection:
            connection.send(f"GET /held_{page}", *late.fields())
            server.call(self.began.wait)
            for other in others:
                browser.get(other)
            server.call(self.goes_on.set)
            answer = connection.receive()
        assert answer.status == 200
        late.take(answer)
        server.call(self.began.clear)
        server.call(self.goes_on.clear)
        return late


def test_what_was_ended_stays_ended(visit: Visit, clock: Clock) -> None:
    sessions = Sessions(MemoryStore(), idle_seconds=1000)
    pages = {"put": put(a=1), "more": put(more=1), "login": login, "end": end, "look": look}
    gates = Gates(visit, sessions, **pages)
    browser = gates.browser
    for request in ("more", "look"):  # the second because it has to be refreshed
        for others in (("end",), ("login",)):
            browser.get("put")
            clock.passed += 500
            late = gates.during(request, *others)
            assert "session" not in late.morsels, "nor is the new cookie taken away"
            assert late.get("look") == {}
            browser.cookies.clear()
    browser.get("put")
    late = gates.during("login", "end")
    assert late.get("look") == {"user": "ann"}, "what is new is kept, what was ended is not"


def test_it_stays_ended_until_the_last_moment(visit: Visit) -> None:
    """Between the store's answers to the request that changes it."""

    class Ends(Spied):
        async def get(self, key: str) -> bytes | None:
            found = await super().get(key)
            if self.asked.count("get") == 2:
                await self.delete(key)
            return found

    store = Ends()
    browser = visit(Sessions(store), put=put(a=1), more=put(more=1), look=look)
    browser.get("put")
    browser.get("more")
    assert store.asked == ["set", "get", "get", "delete", "set", "get"]
    assert browser.get("look") == {}
    assert len(store) == 0


def test_a_store_that_never_says_that_it_is_done(
    visit: Visit, expect_log: Callable[..., Any]
) -> None:
    """It is one that is down, and nobody asks it for ever."""

    class Silent(Spied):
        async def set(self, *args: Any, **options: Any) -> Any:
            done = await super().set(*args, **options)
            return done and not options

    store = Silent()
    browser = visit(Sessions(store), put=put(a=1), more=put(more=1))
    browser.get("put")
    with expect_log("tornadolike.general", "returns True when it is done", count=1):
        assert browser.ask("more").status == 503
        browser.site.settle()
    assert store.asked.count("set") == 1 + MAX_ATTEMPTS


def test_requests_at_the_same_time(visit: Visit) -> None:
    def pop(handler: Any) -> None:
        handler.session.pop("a")

    def remember(handler: Any) -> None:
        handler.session.permanent = True

    gates = Gates(
        visit,
        Sessions(MemoryStore()),
        put=put(a=1, b=1),
        b=put(b=2),
        c=put(c=3),
        b9=put(b=9),
        pop=pop,
        flash=lambda h: h.session.flash("one"),
        flashes=lambda h: h.session.flashes(),
        remember=remember,
        permanent=lambda h: h.session.permanent,
        look=look,
    )
    browser = gates.browser
    browser.get("put")
    gates.during("pop", "b", "c", "flash", "remember")
    assert browser.get("look") == {"b": 2, "c": 3}
    assert browser.get("permanent") is True
    gates.during("b", "b9")
    assert browser.get("look") == {"b": 9, "c": 3}, "it has found b to be 2 already"
    gates.during("b9", "b")
    assert browser.get("look") == {"b": 2, "c": 3}
    late = gates.during("flashes", "flash")
    assert late.get("flashes") == [["message", "one"]]
    assert browser.get("flashes") == []


def test_how_often_the_store_is_asked(visit: Visit, clock: Clock) -> None:
    store = Spied()
    sessions = Sessions(store, idle_seconds=1000)
    browser = visit(sessions, put=put(a=1), look=look, plain=lambda h: 1, login=login, end=end)

    def asked(page: str) -> list[str]:
        store.asked.clear()
        browser.get(page)
        return store.asked

    assert asked("look") == []
    assert asked("put") == ["set"]
    assert asked("put") == ["get"]
    assert asked("look") == ["get"]
    clock.passed += 150
    assert asked("look") == ["get", "touch"]
    assert asked("look") == ["get"]
    assert asked("login") == ["get", "get", "delete", "set"]
    assert asked("end") == ["get", "delete"]
    assert asked("look") == []


def test_a_store_that_is_down(visit: Visit, expect_log: Callable[..., Any]) -> None:
    store = Spied()
    browser = visit(Sessions(store), put=put(a=1), look=look, plain=lambda h: 1)
    browser.get("put")
    store.is_down = True
    with (
        expect_log("tornadolike.general", "cannot be kept: it is down: start it", count=1),
        expect_log("tornadolike.general", "503 GET .*the session store is down", count=2),
    ):
        refused = browser.ask("look")
        assert refused.status == 503
        assert "Please try again soon" in refused.text
        assert "start it" not in refused.text
        assert browser.ask("plain").status == 200
        stranger = Browser(browser.site)
        assert stranger.get("look") == {}
        assert stranger.ask("put").status == 503
        assert stranger.cookies == {}
    store.is_down = False
    assert browser.get("look") == {"a": 1}


def test_an_error_page_that_looks(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    class Own(Page):
        def write_error(self, status_code: int, **kwargs: Any) -> None:
            self.finish(f"{status_code} for {self.session.get('user', 'nobody')}")

    store = Spied()
    pages = [("/put", Own, {"page": put(user="ann")}), ("/look", Own, {"page": look})]
    browser = Browser(site(*pages, middleware=[Sessions(store)]))
    browser.get("put")
    store.is_down = True
    with (
        expect_log("tornadolike.general", "cannot be kept", count=1),
        expect_log("tornadolike.general", "503 GET", count=2),
    ):
        assert browser.ask("look").text == "503 for nobody"
        assert browser.ask("put").text == "503 for nobody"
    store.is_down = False
    assert browser.get("look") == {"user": "ann"}


def test_going_on_without_the_store(visit: Visit, expect_log: Callable[..., Any]) -> None:
    store = Spied()
    sessions = Sessions(store, store_down="empty")

    def back(handler: Any) -> None:
        handler.session["back"] = 1
        store.is_down = False

    browser = visit(sessions, put=put(a=1), look=look, more=put(more=1), back=back)
    browser.get("put")
    kept = dict(browser.cookies)
    store.is_down = True
    with expect_log("tornadolike.general", "cannot be kept", count=1):
        assert browser.get("look") == {}
        browser.get("more")
        browser.get("back")
        assert browser.cookies == kept, "it has another session than this one"
        store.is_down = True
        stranger = Browser(browser.site)
        stranger.get("put")
        assert stranger.cookies == {}
    assert browser.cookies == kept
    store.is_down = False
    assert browser.get("look") == {"a": 1}


def test_a_store_that_fails_only_then(visit: Visit, expect_log: Callable[..., Any]) -> None:
    """Between reading and saving: the response says that it was not saved, and not the handler's."""
    store = Spied()

    def fail(handler: Any) -> str:
        handler.session["b"] = 2
        store.is_down = True
        handler.set_header("X-Done", "yes")
        return "done"

    def break_down(handler: Any) -> None:
        fail(handler)
        raise ZeroDivisionError

    browser = visit(Sessions(store), put=put(a=1), look=look, fail=fail, break_down=break_down)
    browser.get("put")
    with (
        expect_log("tornadolike.general", "cannot be kept", count=1),
        expect_log("tornadolike.general", "503 GET"),
        expect_log("tornadolike.application", "ZeroDivisionError|Uncaught"),
    ):
        answer = browser.ask("fail")
        assert answer.status == 503
        assert "done" not in answer.text
        store.is_down = False
        assert browser.ask("break_down").status == 503
    store.is_down = False
    assert browser.get("look") == {"a": 1}


def test_what_is_too_large(visit: Visit, expect_log: Callable[..., Any]) -> None:
    browser = visit(Sessions(MemoryStore(), max_bytes=500), put=put(large="x" * 500), look=look)
    with expect_log("tornadolike.application", "Uncaught", count=1) as log:
        assert browser.ask("put").status == 500
    assert "Sessions(max_bytes=...), which is 500" in str(log.matched[0].exc_info)
    assert browser.get("look") == {}


def live(browser: Browser, restart: Callable[[], None]) -> None:
    """What a session goes through in its life."""
    browser.get("put")
    restart()
    assert browser.get("look") == {"a": 1}
    thief = browser.copy()
    browser.get("login")
    restart()
    assert thief.get("look") == {}
    assert browser.get("look") == {"a": 1, "user": "ann"}
    browser.get("end")
    assert browser.get("look") == {}


def write_at_once(browser: Browser) -> dict[str, int]:
    """Twenty requests at the same time, each of which puts in a value of its own; what is there then."""
    browser.get("put")
    connections = [browser.site.connect() for _ in range(20)]
    for number, connection in enumerate(connections):
        connection.send(f"GET /put_own?n={number}", *browser.fields())
    for connection in connections:
        with connection:
            assert connection.receive().status == 200
    found: dict[str, int] = browser.get("look")
    return found


def put_own(handler: Any) -> None:
    number = handler.get_argument("n")
    handler.session[number] = int(number)


def test_many_write_at_once(visit: Visit, tmp_path: Path) -> None:
    written = {"a": 1, **{str(number): number for number in range(20)}}
    browser = visit(Sessions(MemoryStore()), **PAGES, put_own=put_own)
    assert write_at_once(browser) == written
    store = SQLiteStore(tmp_path / "sessions")
    browser = visit(Sessions(store), **PAGES, put_own=put_own)
    found = write_at_once(browser)
    browser.site.server.call(store.close)
    assert found == written


PAGES = {"put": put(a=1), "look": look, "login": login, "end": end}


def test_in_a_file(visit: Visit, tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "sessions")
    browser = visit(Sessions(store), **PAGES)
    close = partial(browser.site.server.call, store.close)
    live(browser, close)
    close()


@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
def test_on_a_server_that_goes_and_comes_back(
    visit: Visit, tmp_path: Path, expect_log: Callable[..., Any]
) -> None:
    with running(tmp_path) as address:
        store: Store = RedisStore(address, timeout=5)
        browser = visit(Sessions(store), **PAGES)
        live(browser, lambda: None)
        browser.get("put")
    with (
        expect_log("tornadolike.general", "cannot be kept.*server is running", count=1),
        expect_log("tornadolike.general", "503 GET", count=2),
    ):
        assert browser.ask("look").status == 503
        assert browser.ask("look").status == 503
    with running(tmp_path):
        assert browser.get("look") == {}  # it has kept nothing
        live(browser, lambda: None)
        browser.site.server.call(store.close)


def test_lifetime() -> None:
    closed = []

    class Closing(MemoryStore):
        async def close(self) -> None:
            closed.append(self)

    async def main() -> None:
        async with Sessions(Closing()).lifetime(None), Sessions().lifetime(None):
            assert closed == []
        assert len(closed) == 1

    asyncio.run(main())
