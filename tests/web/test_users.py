"""Who asks, and what is only for those who are known."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import Site, make_handler
from tornadolike.web import RequestHandler, authenticated
from tornadolike.websocket import WebSocketHandler


def test_nobody_is_known_by_default() -> None:
    assert make_handler().current_user is None


def test_the_user_is_asked_for_once_and_when_needed() -> None:
    class Handler(RequestHandler):
        asked = 0

        def get_current_user(self) -> Any:
            self.asked += 1
            return None

    handler = make_handler(Handler)
    assert handler.asked == 0
    assert (handler.current_user, handler.current_user, handler.asked) == (None, None, 1)


@pytest.mark.parametrize("name", ["current_user", "_current_user"])
def test_the_user_may_be_assigned(name: str) -> None:
    class Handler(RequestHandler):
        def get_current_user(self) -> Any:
            raise AssertionError

    handler = make_handler(Handler)
    setattr(handler, name, "ann")
    assert handler.current_user == handler._current_user == "ann"
    handler.current_user = None
    assert handler.current_user is None


def test_an_error_in_looking_for_the_user_is_its_own() -> None:
    class Handler(RequestHandler):
        def get_current_user(self) -> Any:
            return self.account  # type: ignore[attr-defined]

    with pytest.raises(AttributeError, match="no attribute 'account'") as raised:
        _ = make_handler(Handler).current_user
    assert raised.value.__context__ is None


def test_a_user_that_has_to_be_awaited_is_none(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    class ByCoroutine(RequestHandler):
        async def get_current_user(self) -> None:
            """Gives nobody, and is true."""

        @authenticated
        def get(self) -> None:
            self.write("secret")

    class ByFuture(ByCoroutine):
        def get_current_user(self) -> Any:
            return asyncio.get_running_loop().create_future()

    class Forgotten(ByCoroutine):
        def prepare(self) -> None:
            self.current_user = ByCoroutine.get_current_user(self)

    for handler in (ByCoroutine, ByFuture, Forgotten):
        with expect_log("tornadolike.application", "Uncaught exception GET /", count=1) as log:
            assert site(("/", handler), login_url="/login").ask("GET /").status == 500
        assert "self.current_user = await" in str(log.matched[0].exc_info[1])


class Account(RequestHandler):
    def get_current_user(self) -> str | None:
        return self.get_query_argument("user", None)

    @authenticated
    def get(self, *path: str) -> None:
        self.write(f"for {self.current_user}")

    @authenticated
    async def post(self, *path: str) -> None:
        await asyncio.sleep(0)
        self.write(f"for {self.current_user}")

    head = get
    delete = post


@pytest.mark.parametrize(
    ("login_url", "asked", "location"),
    [
        ("/login", "/account", "/login?next=%2Faccount"),
        (
            "/login",
            "/account/x%20y?a=1&b=%C3%A9",
            "/login?next=%2Faccount%2Fx%2520y%3Fa%3D1%26b%3D%25C3%25A9",
        ),
        ("/login?x=1", "/account", "/login?x=1"),
        ("/login?", "/account", "/login?"),
        (
            "https://example.com/in",
            "/account?a",
            "https://example.com/in?next=http%3A%2F%2F127.0.0.1%2Faccount%3Fa",
        ),
        ("//example.com/in", "/account", "//example.com/in?next=http%3A%2F%2F127.0.0.1%2Faccount"),
        ("/login", "//example.com/", "/login?next=http%3A%2F%2F127.0.0.1%2F%2Fexample.com%2F"),
    ],
)
def test_strangers_are_sent_to_log_in(
    site: Callable[..., Site], login_url: str, asked: str, location: str
) -> None:
    served = site(("/(.*)", Account), login_url=login_url)
    for method in ("GET", "HEAD"):
        answer = served.ask(f"{method} {asked}")
        assert (answer.status, answer.header("Location"), answer.body) == (302, location, b"")


def test_those_who_are_known_are_answered(site: Callable[..., Site]) -> None:
    served = site(("/", Account))
    assert served.ask("GET /?user=ann").text == "for ann"
    assert served.ask("POST /?user=ann").text == "for ann"


def test_what_strangers_send_is_refused(site: Callable[..., Site]) -> None:
    served = site(("/", Account), login_url="/login")
    for method in ("POST", "DELETE"):
        answer = served.ask(f"{method} /", body=b"x")
        assert answer.status == 403
        assert "<p>Only users who are logged in may do this</p>" in answer.text


def test_without_the_setting_the_error_tells_of_it(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    with expect_log("tornadolike.application", "Uncaught exception GET /", count=1) as log:
        assert site(("/", Account)).ask("GET /").status == 500
    assert str(log.matched[0].exc_info[1]) == (
        "@authenticated needs a setting: Application(..., login_url=...)"
    )


def test_the_login_url_may_depend_on_the_request(site: Callable[..., Site]) -> None:
    class Own(Account):
        def get_login_url(self) -> str:
            return f"/login/{self.request.host_name}"

        @authenticated
        def prepare(self) -> None:
            raise AssertionError

    assert site(("/", Own)).ask("GET /").header("Location") == "/login/127.0.0.1?next=%2F"


def test_a_websocket_may_be_for_users_only(site: Callable[..., Site]) -> None:
    class Chat(WebSocketHandler):
        @authenticated
        async def get(self, *args: str, **kwargs: str) -> None:
            await super().get(*args, **kwargs)

    answer = site(("/", Chat), login_url="/login").ask("GET /", "Upgrade: websocket")
    assert (answer.status, answer.header("Location")) == (302, "/login?next=%2F")


def test_a_decorated_method_keeps_its_name() -> None:
    assert Account.get.__name__ == "get"
