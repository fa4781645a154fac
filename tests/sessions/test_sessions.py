"""Sessions as handlers and browsers see them, however they are kept."""

import asyncio
import datetime
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.sessions.browser import SECRET, Browser, Clock, Page, rules
from tests.web.helpers import Site, make_handler
from tornadolike.sessions import Flash, Sessions
from tornadolike.stores import MemoryStore
from tornadolike.web import Application, HTTPError, RequestHandler

Visit = Callable[..., Browser]
Keeping = Callable[..., Sessions]


def look(handler: Any) -> Any:
    return dict(handler.session)


def put(**values: Any) -> Callable[[Any], Any]:
    return lambda handler: handler.session.update(values)


def test_values_come_back(visit: Visit, keeping: Keeping) -> None:
    values = {"n": [1, 2.5, None, True], "t": 'é"<\ud800;,', "d": {"x": {}}}
    browser = visit(keeping(), put=put(**values), look=look, new=lambda h: h.session.new)
    assert browser.get("new") is True
    assert browser.get("look") == {}
    browser.get("put")
    assert browser.get("look") == values
    assert browser.get("new") is False
    assert Browser(browser.site).get("look") == {}


def test_nested_changes_are_seen(visit: Visit, keeping: Keeping) -> None:
    def change(handler: Any) -> Any:
        handler.session["cart"]["items"].append(2)
        return handler.session.modified

    def read(handler: Any) -> Any:
        return [handler.session["cart"]["items"][-1], handler.session.modified]

    browser = visit(keeping(), put=put(cart={"items": [1]}), change=change, read=read)
    browser.get("put")
    assert browser.get("read") == [1, False]
    assert browser.get("change") is True
    assert browser.get("read") == [2, False]


def test_what_a_response_gets(visit: Visit, keeping: Keeping) -> None:
    """A cookie if there is something new; what caches have to know if the session was looked at."""

    def public(handler: Any) -> None:
        handler.set_header("Cache-Control", "public, max-age=60")
        handler.session["public"] = handler.session.get("public", 0) + 1

    def missing(handler: Any) -> None:
        handler.session["missing"] = 1
        raise HTTPError(404)

    def cached(handler: Any) -> Any:
        handler.set_header("Cache-Control", "max-age=60")
        handler.set_header("Vary", "Accept")
        return len(handler.session)

    pages = {"plain": lambda h: 1, "look": look, "put": put(a=1), "public": public}
    browser = visit(keeping(), **pages, missing=missing, cached=cached)
    for page, cookie, cache_control, vary in (
        ("plain", False, None, None),
        ("look", False, "private, no-cache", "Cookie"),
        ("put", True, "private, no-cache", "Cookie"),
        ("put", False, "private, no-cache", "Cookie"),
        ("look", False, "private, no-cache", "Cookie"),
        ("public", True, "private, no-cache", "Cookie"),
        ("missing", True, "private, no-cache", "Cookie"),
        ("cached", False, "max-age=60", "Accept, Cookie"),
        ("plain", False, None, None),
    ):
        answer = browser.ask(page)
        assert ("Set-Cookie" in answer.headers) == cookie, page
        assert answer.header("Cache-Control") == cache_control, page
        assert answer.header("Vary") == vary, page
    assert browser.get("look") == {"a": 1, "public": 1, "missing": 1}


def test_the_cookie(site: Callable[..., Site], keeping: Keeping, visit: Visit) -> None:
    def forget(handler: Any) -> None:
        handler.session.permanent = False

    browser = visit(keeping(), put=put(a=1), remember=remember, forget=forget, end=end)
    browser.get("put")
    morsel = browser.morsels["session"]
    assert {key: value for key, value in morsel.items() if value} == {
        "path": "/",
        "httponly": True,
        "samesite": "Lax",
    }
    browser.get("remember")
    assert 14 * 86400 - 5 <= int(browser.morsels["session"]["max-age"]) <= 14 * 86400
    browser.get("forget")
    assert not browser.morsels["session"]["max-age"]
    browser.get("end")
    assert browser.cookies == {}
    secure = keeping(name="__Host-id", permanent=True, max_seconds=100, samesite="Strict")
    browser = visit(secure, put=put(a=1), look=look, end=end)
    browser.get("put")
    morsel = browser.morsels["__Host-id"]
    assert morsel["secure"]
    assert morsel["samesite"] == "Strict"
    assert int(morsel["max-age"]) in (99, 100)
    assert browser.get("look") == {"a": 1}
    browser.get("end")
    assert browser.cookies == {}
    assert browser.morsels["__Host-id"]["secure"]


def remember(handler: Any) -> None:
    handler.session.permanent = True


def end(handler: Any) -> None:
    handler.session.invalidate()


@pytest.mark.parametrize("wire", ["tls"])
def test_secure_over_tls(visit: Visit) -> None:
    browser = visit(Sessions(), put=put(a=1))
    browser.get("put")
    assert browser.morsels["session"]["secure"]


def test_what_is_cleared_is_gone(visit: Visit, keeping: Keeping) -> None:
    def again(handler: Any) -> None:
        handler.session["a"] = 2
        handler.session.flash("before")
        handler.session.invalidate()
        handler.session["b"] = 3
        handler.session.flash("behind")

    browser = visit(
        keeping(),
        put=put(a=1),
        look=look,
        clear=lambda h: h.session.clear(),
        flashes=lambda h: h.session.flashes(),
        again=again,
        rotate=lambda h: h.session.rotate(),
        end=end,
    )
    browser.get("put")
    before = browser.cookies["session"]
    browser.get("again")
    assert browser.get("look") == {"b": 3}
    assert browser.cookies["session"] != before
    assert browser.get("flashes") == [["message", "behind"]]
    browser.get("clear")
    assert browser.cookies == {}
    assert browser.get("look") == {}
    for page in ("clear", "rotate", "end"):
        assert "Set-Cookie" not in browser.ask(page).headers


def test_an_idle_session_ends(visit: Visit, keeping: Keeping, clock: Clock) -> None:
    sessions = keeping(idle_seconds=1000, max_seconds=5000)
    browser = visit(sessions, put=put(a=1), look=look, plain=lambda h: 1)
    browser.get("put")
    clock.passed += 95
    assert "Set-Cookie" not in browser.ask("look").headers
    written = 0
    for _ in range(40):  # in use for longer than the idle time
        clock.passed += 50
        answer = browser.ask("look")
        written += "Set-Cookie" in answer.headers
        assert answer.json[""] == {"a": 1}
    assert 15 <= written <= 21
    clock.passed += 1001
    assert browser.get("look") == {}
    browser.get("put")
    clock.passed += 600
    browser.get("plain")  # which does not look at it
    clock.passed += 600
    assert browser.get("look") == {}


def test_no_session_lives_for_ever(visit: Visit, keeping: Keeping, clock: Clock) -> None:
    def rotate(handler: Any) -> None:
        handler.session.rotate()

    sessions = keeping(idle_seconds=1000, max_seconds=3000)
    browser = visit(sessions, put=put(a=1), look=look, rotate=rotate, more=more)
    browser.get("put")
    thief = browser.copy()
    for _ in range(5):
        clock.passed += 500
        browser.get("more")
        thief.get("look")
    clock.passed += 501
    assert browser.get("look") == {}
    assert thief.get("look") == {}
    browser.get("put")
    clock.passed += 900
    browser.get("look")
    clock.passed += 900
    browser.get("rotate")
    for _ in range(3):
        clock.passed += 900
        assert browser.get("look") == {"a": 1}
    clock.passed += 301
    assert browser.get("look") == {}


def more(handler: Any) -> None:
    handler.session["more"] = handler.session.get("more", 0) + 1


def test_expires(visit: Visit, keeping: Keeping) -> None:
    browser = visit(
        keeping(idle_seconds=50, max_seconds=5000),
        put=put(a=1),
        expires=lambda h: h.session.expires.isoformat(),
    )
    began = time.time()
    browser.get("put")
    end = datetime.datetime.fromisoformat(browser.get("expires"))
    assert end.utcoffset() == datetime.timedelta(0)
    assert int(began) + 50 <= end.timestamp() <= time.time() + 50  # of whole seconds


def test_messages_are_shown_once(visit: Visit, keeping: Keeping) -> None:
    def flash(handler: Any) -> None:
        handler.session.flash("Saved <it>", "good")
        handler.session.flash("Beware")
        handler.redirect("/show")

    def good(handler: Any) -> Any:
        return [handler.session.flashes("good"), handler.session.flashes("good")]

    def at_once(handler: Any) -> Any:
        handler.session.flash("now")
        return [handler.session.flashes(), handler.session.modified]

    browser = visit(
        keeping(),
        flash=flash,
        good=good,
        rest=lambda h: h.session.flashes(),
        at_once=at_once,
        many=lambda h: [h.session.flash(str(number)) for number in range(30)],
    )
    assert browser.ask("flash").header("Location") == "/show"
    assert browser.get("good") == [[["good", "Saved <it>"]]] * 2
    assert browser.get("rest") == [["message", "Beware"]]
    assert browser.cookies == {}
    assert browser.get("rest") == []
    assert browser.get("at_once") == [[["message", "now"]], False]
    assert browser.cookies == {}
    browser.get("many")
    assert [text for _, text in browser.get("rest")] == [str(number) for number in range(10, 30)]


def test_messages_in_a_template(visit: Visit, tmp_path: Any, site: Any) -> None:
    (tmp_path / "page.html").write_text(
        "{% for flash in handler.session.flashes() %}<p class={{ flash.category }}>{{ flash.text }}{% end %}"
    )
    pages = {
        "flash": lambda h: h.session.flash("a < b", "hint"),
        "show": lambda h: h.render("page.html"),
    }
    made = site(
        *rules(pages), middleware=[Sessions()], cookie_secret=SECRET, template_path=str(tmp_path)
    )
    browser = Browser(made)
    browser.get("flash")
    assert browser.ask("show").text == "<p class=hint>a &lt; b"
    assert browser.ask("show").text == ""


def test_too_late(visit: Visit, keeping: Keeping) -> None:
    said = []

    async def stream(handler: Any) -> None:
        handler.session["a"] = 1
        handler.write("x")
        await handler.flush()
        said.append(handler.session["a"])
        session = handler.session
        for change in (
            lambda: session.update(b=2),
            lambda: session.pop("a"),
            session.rotate,
            session.invalidate,
            session.clear,
            lambda: session.flash("x"),
            lambda: setattr(session, "permanent", True),
        ):
            with pytest.raises(RuntimeError, match="before that"):
                change()
        handler.finish()

    async def late(handler: Any) -> None:
        handler.write("x")
        await handler.flush()
        said.append(dict(handler.session))
        with pytest.raises(RuntimeError, match="before that"):
            handler.session["b"] = 1
        handler.finish()

    browser = visit(keeping(), stream=stream, late=late, look=look)
    assert browser.ask("stream").text == "x"
    assert browser.ask("late").text == "x"
    assert said == [1, {"a": 1}]
    assert browser.get("look") == {"a": 1}


def test_what_is_no_json(visit: Visit, keeping: Keeping, expect_log: Callable[..., Any]) -> None:
    def wrong(handler: Any) -> None:
        session = handler.session
        for name, value, error in (
            ("set", {1, 2}, TypeError),
            ("bytes", b"x", TypeError),
            ("nan", float("nan"), ValueError),
            (1, 1, TypeError),
        ):
            with pytest.raises(error, match="session"):
                session[name] = value
        with pytest.raises(TypeError, match="are strs"):
            session.flash(b"x")

    def within(handler: Any) -> None:
        handler.session["list"] = []
        handler.session["list"].append(b"x")

    browser = visit(keeping(), wrong=wrong, within=within, look=look)
    browser.get("wrong")
    with expect_log("tornadolike.application", "Uncaught", count=1):
        assert browser.ask("within").status == 500
    assert browser.get("look") == {}


def test_without_the_middleware(site: Callable[..., Site], expect_log: Callable[..., Any]) -> None:
    class Own(Page):
        session = "its own"

    class Sets(Page):
        def prepare(self) -> None:
            self.session = "set"

    seen: list[Any] = []
    asking = {"page": lambda handler: seen.append(handler.session)}
    made = site(("/", Page, asking), ("/own", Own, asking), ("/sets", Sets, asking))
    assert not hasattr(make_handler(), "session"), "programs for Tornado may ask"
    with expect_log("tornadolike.application", "Uncaught") as log:
        assert made.ask("GET /").status == 500
    assert "Sessions()" in str(log.matched[0].exc_info)
    assert made.ask("GET /own").status == 200
    assert made.ask("GET /sets").status == 200
    assert seen == ["its own", "set"]


def test_around_an_application_and_a_rule(site: Callable[..., Site]) -> None:
    """The same one is one; another one has the handler's session to itself, and both are kept."""
    outer, inner = Sessions(), Sessions(MemoryStore(), name="inner")

    async def look_first(handler: Any, call_next: Any) -> None:
        handler.session["outer"] = 1
        await call_next(handler)

    def same(handler: Any) -> Any:
        handler.session["same"] = 1
        return dict(handler.session)

    def both(handler: Any) -> Any:
        handler.session["both"] = 1
        return dict(handler.session)

    from tornadolike.web import url

    browser = Browser(
        site(
            url("/same", Page, {"page": same}, middleware=[outer]),
            url("/both", Page, {"page": both}, middleware=[inner]),
            middleware=[outer, look_first],
            cookie_secret=SECRET,
        )
    )
    assert browser.get("same") == {"outer": 1, "same": 1}
    assert browser.get("both") == {"both": 1}
    assert browser.get("same") == {"outer": 1, "same": 1}
    assert sorted(browser.cookies) == ["inner", "session"]


def test_the_next_request_sees_it(site: Callable[..., Site]) -> None:
    """However long the store takes: the response waits for it."""

    class Slow(MemoryStore):
        async def set(self, *args: Any, **kwargs: Any) -> bool:
            for _ in range(20):
                await asyncio.sleep(0)
            return await super().set(*args, **kwargs)

    def login(handler: Any) -> None:
        handler.session.rotate()
        handler.session["user"] = "ann"
        handler.redirect("/look")

    pages = {"login": login, "look": look}
    browser = Browser(site(*rules(pages), middleware=[Sessions(Slow())]))
    for _ in range(3):
        assert browser.ask("login").status == 302
        assert browser.get("look") == {"user": "ann"}


def test_wrong_arguments() -> None:
    wrong: Any
    for wrong, error, text in (
        ({"store": "redis://"}, TypeError, "is a Store"),
        ({"store": MemoryStore(), "secret": SECRET}, ValueError, "nothing to encrypt"),
        ({"secret": "short"}, ValueError, "less than 16"),
        ({"secret": []}, ValueError, "list of them is empty"),
        ({"secret": 5}, TypeError, "a secret is"),
        ({"idle_seconds": 0}, ValueError, "seconds"),
        ({"max_seconds": float("inf")}, ValueError, "seconds"),
        ({"store_down": "panic"}, ValueError, "'refuse' or 'empty'"),
        ({"name": "a b"}, Exception, "Invalid cookie"),
        ({"name": "__Host-a", "domain": "example.com"}, Exception, "browsers take it"),
        ({"name": "__Host-a", "secure": False}, Exception, "browsers take it"),
        ({"samesite": "Never"}, Exception, "samesite"),
        ({"path": "/;"}, Exception, "Invalid cookie"),
        ({"name": None}, TypeError, "name of a cookie"),
        ({"samesite": True}, TypeError, "samesite is"),
        ({"max_bytes": "64K"}, TypeError, "max_bytes is"),
        ({"max_bytes": 0}, ValueError, "max_bytes is"),
        ({"idle_seconds": "60"}, TypeError, "seconds"),
    ):
        with pytest.raises(error, match=text):
            Sessions(**wrong)
    with pytest.raises(TypeError, match="not a class"):
        Application(middleware=[Sessions])  # type: ignore[list-item]


def test_what_is_shown_of_it(visit: Visit) -> None:
    def show(handler: Any) -> Any:
        handler.session.flash("text")
        with pytest.raises(KeyError):
            handler.session["missing"]
        assert "missing" not in handler.session
        assert Flash("message", "text") == handler.session.flashes()[0]
        before = repr(handler.session)
        handler.session["password"] = "hidden"
        return [before, repr(handler.session), RequestHandler.session.__doc__ is not None]

    assert visit(Sessions(), show=show).get("show") == [
        "<new Session with nothing>",
        "<new Session with password>",
        True,
    ]
