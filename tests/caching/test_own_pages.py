"""Nobody gets somebody else's page."""

import asyncio
from typing import Any

from tests.caching.helpers import cached, counting, ways
from tornadolike.httputil import HTTPServerRequest
from tornadolike.middleware import SecurityHeaders, csp_nonce
from tornadolike.sessions import Sessions
from tornadolike.stores import MemoryStore
from tornadolike.web import RequestHandler, authenticated


def test_people_are_told_apart_by_a_key_of_the_authors(site):
    def get(self: Any) -> None:
        self.write(f"{self.get_cookie('name')} {self.number}")

    by_name = cached(personal=True, key=lambda handler: handler.get_cookie("name"))
    site = site(("/", counting(get=get)), middleware=[by_name])
    alice, bob = ("GET /", "Cookie: name=alice"), ("GET /", "Cookie: name=bob")
    assert ways(site, alice, bob, alice, bob, "GET /") == [
        ("MISS", "alice 1"),
        ("MISS", "bob 2"),
        ("HIT", "alice 1"),
        ("HIT", "bob 2"),
        ("PASS", "None 3"),
    ]


def test_nobody_gets_somebody_elses_page(site):
    class Account(RequestHandler):
        def get_login_url(self) -> str:
            return "/login"

        def get_current_user(self) -> Any:
            return self.get_signed_cookie("user")

        @authenticated
        async def get(self) -> None:
            await asyncio.sleep(0)
            self.write(b"hello " + self.current_user)

    class Either(Account):
        def get(self) -> None:
            self.write(self.current_user or b"nobody")

    rules = ("/", Account), ("/either", Either)
    secret = "3c6e0b8a9c15224a8228b9a98ca1531d"
    site = site(*rules, middleware=[cached()], cookie_secret=secret)
    made = {
        name: Account(site.application, request_of_nobody()).create_signed_value("user", name)
        for name in ("alice", "bob")
    }
    for _ in range(2):
        for name, cookie in made.items():
            field = f"Cookie: user={cookie.decode()}"
            assert site.ask("GET /", field).text == f"hello {name}"
            assert site.ask("GET /either", field).text == name
        assert site.ask("GET /").status == 302
        assert site.ask("GET /either").text == "nobody"


def test_nobody_gets_what_comes_of_somebody_elses_session(site):
    class Visits(RequestHandler):
        def get(self) -> None:
            self.session["visits"] = self.session.get("visits", 0) + 1
            self.write(str(self.session["visits"]))

    def own_session(
        self: Any,
    ) -> None:  # programs have attributes of that name, which are something else
        self.session = "of a database"
        self.write(str(self.number))

    for order in (1, -1):
        middleware = [Sessions(MemoryStore()), cached()][::order]
        served = site(
            ("/visits", Visits),
            ("/plain", counting()),
            middleware=middleware,
        )
        first = served.ask("GET /visits")
        cookie = f"Cookie: {first.header('Set-Cookie').partition(';')[0]}"
        assert first.header("Cache-Control") == "private, no-cache"
        visits = ("GET /visits", cookie)
        assert [body for _, body in ways(served, visits, visits)] == ["2", "3"]
        assert served.ask("GET /visits").text == "1"
        # Others are not the worse for it, whether they have a session or none.
        assert ways(served, "GET /plain", ("GET /plain", cookie)) == [("MISS", "1"), ("HIT", "1")]
    served = site(("/own", counting(get=own_session)), middleware=[cached()])
    assert ways(served, "GET /own", "GET /own") == [("MISS", "1"), ("HIT", "1")]


def test_what_stands_around_and_looks_at_cookies_may_change_everything(site):
    async def know(handler: Any, call_next: Any) -> None:
        handler.name = handler.get_cookie("name", "nobody")
        await call_next(handler)

    def get(self: Any) -> None:
        self.write(self.name)

    site = site(("/", counting(get=get)), middleware=[know, cached()])
    assert ways(site, "GET /", ("GET /", "Cookie: name=alice"), "GET /") == [
        ("PASS", "nobody"),
        ("PASS", "alice"),
        ("PASS", "nobody"),
    ]


def test_what_stands_around_and_looks_at_the_session_may_change_everything(site):
    async def know(handler: Any, call_next: Any) -> None:
        handler.name = handler.session.get("name", "nobody")
        await call_next(handler)

    def get(self: Any) -> None:
        if "name" in self.request.query_arguments:
            self.session["name"] = self.get_query_argument("name")
        self.set_header("Cache-Control", "public, max-age=60")
        self.write(self.name)

    site = site(("/", counting(get=get)), middleware=[Sessions(MemoryStore()), know, cached()])
    named = site.ask("GET /?name=alice").header("Set-Cookie")
    alice = ("GET /", f"Cookie: {named.partition(';')[0]}")
    found = ways(site, "GET /", alice, "GET /", alice)
    assert found == [("PASS", "nobody"), ("PASS", "alice")] * 2


def test_a_nonce_is_for_one_response(site):
    def get(self: Any) -> None:
        self.write(csp_nonce(self))

    site = site(("/", counting(get=get)), middleware=[SecurityHeaders(), cached()])
    first, second = site.ask("GET /"), site.ask("GET /")
    assert first.text != second.text
    assert second.text in second.header("Content-Security-Policy")


def request_of_nobody() -> Any:
    return HTTPServerRequest("GET", "/")


def test_an_address_that_was_assigned_stays(site):
    async def behind_a_proxy(handler: Any, call_next: Any) -> None:
        handler.request.remote_ip = "192.0.2.1"
        await call_next(handler)

    def get(self: Any) -> None:
        self.write(self.request.remote_ip)

    site = site(("/", counting(get=get)), middleware=[behind_a_proxy, cached()])
    assert [body for _, body in ways(site, "GET /", "GET /")] == ["192.0.2.1"] * 2
