"""A name and a password with each request."""

import asyncio
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.helpers import Site, make_handler
from tornadolike.auth.accounts.throttling import LoginThrottle
from tornadolike.auth.guards.basic import BasicAuthentication
from tornadolike.auth.guards.headers import Refused
from tornadolike.httpclient.authentication.basic import basic as written
from tornadolike.web import HTTPError

from .things import HANDSHAKE, Echo, Who, basic, challenges

CHALLENGE = 'Basic realm="this site", charset="UTF-8"'


async def check(name: str, password: str) -> str | None:
    return name if (name, password) in {("ann", "right"), ("grün", "é:é"), ("", "")} else None


def test_only_those_who_know_the_password(site: Callable[..., Site]) -> None:
    served = site(("/", Who), middleware=[BasicAuthentication(check)])
    nobody = served.ask("GET /")
    assert (nobody.status, challenges(nobody)) == (401, [CHALLENGE])
    assert "Say who you are." in nobody.text
    assert served.ask("GET /", basic("ann:right")).text == "<ann>"
    assert served.ask("GET /", basic("ann:right", "bAsIc")).text == "<ann>"
    wrong = served.ask("GET /", basic("ann:wrong"))
    assert (wrong.status, challenges(wrong)) == (401, [CHALLENGE])
    assert "ann" not in wrong.text
    other = served.ask("GET /", "Authorization: Bearer abc")
    assert (other.status, challenges(other)) == (401, [CHALLENGE])
    # Paths that are not there are no secret, but not told either.
    assert served.ask("GET /nothing").status == 401


@pytest.mark.parametrize(
    ("pair", "user"),
    [
        ("grün:é:é", "grün"),
        (unicodedata.normalize("NFD", "grün:é:é"), "grün"),
        ("grün:é:é".encode("latin-1"), "grün"),
        (":", ""),
    ],
)
def test_letters_of_all_kinds(pair: str | bytes, user: str) -> None:
    scheme = BasicAuthentication(lambda name, password: [name])
    handler = make_handler(headers={"Authorization": basic(pair).partition(": ")[2]})
    found = asyncio.run(scheme.find(handler))
    assert found is not None
    assert found.user == [user]


@pytest.mark.parametrize(
    "value",
    [
        *("Basic", "Basic ", "Basic !", "Basic YW5u", "Basic YW5uOnJpZ2h0=", "Basic YW5u OnJpZ2h0"),
        *("Basic YW5uOnJpZ2h0\u00e9", basic("ann:ri\0ght")[15:], basic("a\nnn:right")[15:]),
        basic("ann:right\x7f")[15:],
    ],
)
def test_what_is_malformed(value: str, site: Callable[..., Site]) -> None:
    served = site(("/", Who), middleware=[BasicAuthentication(check)])
    answer = served.ask("GET /", f"Authorization: {value}")
    assert (answer.status, challenges(answer)) == (400, [CHALLENGE])


@pytest.mark.once
@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=":")),
    st.text(st.characters(exclude_categories=["Cc", "Cs"])),
)
def test_what_our_client_writes_is_read(name: str, password: str) -> None:
    asked: list[tuple[str, str]] = []
    scheme = BasicAuthentication(lambda *pair: asked.append(pair) or "user")
    handler = make_handler(headers={"Authorization": written(name, password)})
    assert asyncio.run(scheme.find(handler)) is not None
    assert asked == [tuple(unicodedata.normalize("NFC", one) for one in (name, password))]


def test_websockets(site: Callable[..., Site]) -> None:
    served = site(("/", Echo), middleware=[BasicAuthentication(check)])
    with served.connect() as connection:
        assert connection.ask("GET /", *HANDSHAKE).status == 401
    with served.connect() as connection:
        connection.send("GET /", *HANDSHAKE, basic("ann:right"))
        assert connection.sock.recv(12) == b"HTTP/1.1 101"


def test_browsers_send_it_by_themselves_so_that_forms_need_a_token(
    site: Callable[..., Site],
) -> None:
    served = site(("/", Who), middleware=[BasicAuthentication(check)], xsrf_cookies=True)
    assert served.ask("POST /", basic("ann:right"), body=b"").status == 403


def test_who_guesses_is_refused(site: Callable[..., Site]) -> None:
    throttle = LoginThrottle(account=["2/366 days"], trusted_days=None)
    served = site(("/", Who), middleware=[BasicAuthentication(check, throttle=throttle)])
    for _ in range(5):
        answer = served.ask("GET /", basic("ann:right"))
        assert (answer.text, answer.header("Set-Cookie")) == ("<ann>", None)
    assert [served.ask("GET /", basic("ann:x")).status for _ in range(3)] == [401, 401, 429]
    answer = served.ask("GET /", basic("ann:right"))
    assert answer.status == 429
    assert answer.header("Retry-After")


def test_what_fails_does_not_count_as_wrong() -> None:
    def fail(name: str, password: str) -> None:
        raise HTTPError(503)

    async def ask() -> None:
        scheme = BasicAuthentication(
            fail, throttle=LoginThrottle(account=["2/366 days"], trusted_days=None)
        )
        for _ in range(5):
            handler = make_handler(headers={"Authorization": basic("ann:x")[15:]})
            with pytest.raises(HTTPError, match="503"):
                await scheme.find(handler)

    asyncio.run(ask())


def test_many_at_once_are_asked_for_once() -> None:
    """As a browser does that loads a page with all its pictures."""
    asked: list[str] = []

    async def slow(name: str, password: str) -> str | None:
        asked.append(password)
        await asyncio.sleep(0)
        return name if password == "right" else None

    throttle = LoginThrottle(account=["2/366 days"], trusted_days=None)
    scheme = BasicAuthentication(slow, throttle=throttle)

    async def find(pair: str) -> Any:
        handler = make_handler(headers={"Authorization": basic(pair)[15:]})
        try:
            found = await scheme.find(handler)
        except (Refused, HTTPError) as error:
            return getattr(error, "status", None) or error.status_code  # type: ignore[attr-defined]
        return None if found is None else found.user

    async def ask(*pairs: str) -> list[Any]:
        return await asyncio.gather(*map(find, pairs))

    assert asyncio.run(ask(*["ann:right"] * 30)) == ["ann"] * 30
    assert asked == ["right"]
    # What is guessed counts as often as it is another password.
    assert asyncio.run(ask("ann:x", "ann:y", "ann:x", "ann:z")) == [401, 401, 401, 429]
    assert asked == ["right", "x", "y"]


@pytest.mark.parametrize("outcome", ["ann", None, HTTPError(503)])
def test_one_of_many_goes_away(outcome: Any) -> None:
    """The others have their answer all the same, and if all go away nobody complains."""

    async def main(leaving: int) -> list[Any]:
        may_end = asyncio.Event()
        asked = 0

        async def slow(name: str, password: str) -> str | None:
            nonlocal asked
            asked += 1
            await may_end.wait()
            if isinstance(outcome, HTTPError):
                raise outcome
            return outcome

        scheme = BasicAuthentication(slow)
        tasks = [
            asyncio.ensure_future(
                scheme.find(make_handler(headers={"Authorization": basic("ann:x")[15:]}))
            )
            for _ in range(3)
        ]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for task in tasks[:leaving]:
            task.cancel()
        await asyncio.sleep(0)
        may_end.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        while scheme._checks._flights:
            await asyncio.sleep(0)
        assert asked == 1
        return results

    for leaving in (1, 2, 3):
        results = asyncio.run(main(leaving))
        assert all(isinstance(one, asyncio.CancelledError) for one in results[:leaving])
        for one in results[leaving:]:
            assert one is outcome or isinstance(one, Refused) or one.user == "ann"


@pytest.mark.parametrize("arguments", [{"check": None}, {"check": check, "realm": 'a"'}])
def test_arguments_that_are_of_no_use(arguments: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        BasicAuthentication(**arguments)


def test_a_loop_that_was_closed_in_the_middle() -> None:
    asked: list[asyncio.Task[Any] | None] = []

    async def slow(name: str, password: str) -> str:
        asked.append(asyncio.current_task())
        if len(asked) == 1:
            await asyncio.Event().wait()
        return name

    scheme = BasicAuthentication(slow)

    def find() -> Any:
        return scheme.find(make_handler(headers={"Authorization": basic("ann:x")[15:]}))

    loop = asyncio.new_event_loop()
    first = loop.create_task(find())
    while not asked:
        loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    found = asyncio.run(find())
    assert found is not None
    assert found.user == "ann"
    for task in (first, asked[0]):  # nobody complains of them
        task._log_destroy_pending = False  # type: ignore[union-attr]
