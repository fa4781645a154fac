"""How often somebody may try to sign in."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.running import on_every_loop
from tests.web.helpers import Answer, Site, make_handler
from tornadolike.auth.accounts.threads import TooBusyError
from tornadolike.auth.accounts.throttling import LoginThrottle, TooManyAttemptsError
from tornadolike.stores import MemoryStore, SQLiteStore, StoreError, memory, windows
from tornadolike.web import Finish, HTTPError, RequestHandler

SECRET = "5f2b7d0c94e84ad1b3a6e0f7c8d91e25"
HOUR = 3600


def asking(address: str = "192.0.2.1", **headers: str) -> Any:
    handler = make_handler(headers=headers, settings={"cookie_secret": SECRET})
    handler.request.remote_ip = address
    return handler


async def may_try(throttle: LoginThrottle, account: str, handler: Any = None) -> bool:
    """Try once, and fail."""
    try:
        await throttle.begin(handler or asking(), account)
    except TooManyAttemptsError:
        return False
    return True


async def tries(throttle: LoginThrottle, account: str, handler: Any = None, most: int = 50) -> int:
    """How many tries there are."""
    for count in range(most):
        if not await may_try(throttle, account, handler):
            return count
    return most


def account_only(*limits: str, **options: Any) -> LoginThrottle:
    return LoginThrottle(account=limits, address=(), **{"trusted_days": None, **options})


class Down(MemoryStore):
    down = False

    async def count(self, key: str, seconds: float, by: int = 1) -> tuple[int, float]:
        if self.down:
            raise StoreError("it is down")
        return await super().count(key, seconds, by)


@pytest.mark.usefixtures("clock")
@on_every_loop
async def test_five_a_minute_with_one_account() -> None:
    throttle = LoginThrottle()
    assert await tries(throttle, "ann") == 5
    assert await tries(throttle, "bob") == 5
    assert not await may_try(throttle, "ann", asking("198.51.100.7"))


@pytest.mark.usefixtures("clock")
@on_every_loop
async def test_twenty_a_minute_from_one_address() -> None:
    throttle = LoginThrottle()
    for number in range(20):
        assert await may_try(throttle, f"user{number}")
    assert not await may_try(throttle, "another")
    assert await may_try(throttle, "another", asking("192.0.2.2"))


@pytest.mark.usefixtures("clock")
@on_every_loop
async def test_an_ipv6_network_is_one_address() -> None:
    throttle = LoginThrottle(account=(), address=["1/minute"])
    assert await may_try(throttle, "a", asking("2001:db8:0:1::1"))
    assert not await may_try(throttle, "b", asking("2001:db8:0:1:ffff::2"))
    assert await may_try(throttle, "b", asking("2001:db8:0:2::2"))


def test_it_takes_longer_and_longer(clock: SimpleNamespace) -> None:
    """Within a day, from any number of addresses: a hundred tries, however patient somebody is."""

    async def guess() -> tuple[int, list[int]]:
        throttle = LoginThrottle(trusted_days=None)
        made, waited = 0, []
        begin = clock.seconds
        while clock.seconds < begin + 24 * HOUR:
            try:
                await throttle.begin(asking(f"10.0.{made % 250}.{made // 250}"), "ann")
                made += 1
            except TooManyAttemptsError as error:
                waited.append(error.seconds)
                clock.seconds += error.seconds
        return made, waited

    made, waited = asyncio.run(guess())
    assert made == 100
    assert min(waited) <= 60
    assert max(waited) > 12 * HOUR


@pytest.mark.usefixtures("clock")
@on_every_loop
async def test_a_name_is_one_however_it_is_written() -> None:
    throttle = account_only("3/minute")
    assert await may_try(throttle, "Ann@Example.com")
    assert await may_try(throttle, " ann@example.COM ")
    assert await may_try(throttle, "ａｎｎ@example.com")  # noqa: RUF001 - wide letters
    assert not await may_try(throttle, "ann@example.com")
    # What no database has is counted as well.
    assert await tries(throttle, "\ud800") == 3
    assert await tries(throttle, "") == 3
    assert await tries(throttle, "x" * 100_000) == 3


@pytest.mark.usefixtures("clock")
@on_every_loop
async def test_success_has_the_account_begin_anew_but_not_the_address() -> None:
    throttle = LoginThrottle(account=["3/minute"], address=["6/minute"], trusted_days=None)
    for _ in range(2):
        await throttle.begin(asking(), "ann")
    await (await throttle.begin(asking(), "ann")).succeeded()
    assert await tries(throttle, "ann") == 3  # of the address there are now 5
    assert await may_try(throttle, "bob")
    assert not await may_try(throttle, "carl")


@pytest.mark.usefixtures("clock")
@on_every_loop
async def test_who_always_succeeds_may_always() -> None:
    throttle = LoginThrottle(trusted_days=None)
    for _ in range(50):
        await (await throttle.begin(asking(), "ann")).succeeded()


@pytest.mark.usefixtures("clock")
@on_every_loop
async def test_many_at_once_have_no_more_tries() -> None:
    throttle = LoginThrottle()
    begun = await asyncio.gather(*(may_try(throttle, "ann") for _ in range(200)))
    assert sum(begun) == 5


@pytest.mark.usefixtures("clock")
@on_every_loop
async def test_what_we_are_to_blame_for_does_not_count() -> None:
    throttle = LoginThrottle(account=["2/minute"], address=["2/minute"], trusted_days=None)
    for _ in range(10):
        attempt = await throttle.begin(asking(), "ann")
        await attempt.undo()
        await attempt.undo()
    assert await tries(throttle, "ann") == 2


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (HTTPError(403), True),
        (Finish(), True),
        (asyncio.CancelledError(), True),  # the client may have gone away so that it does not
        (HTTPError(503), False),
        (TooBusyError(), False),
        (StoreError("down"), False),
        (ZeroDivisionError(), False),
    ],
    ids=repr,
)
def test_what_fails_within_counts_if_it_is_an_answer(error: BaseException, counts: bool) -> None:
    async def main() -> None:
        throttle = LoginThrottle(account=["2/minute"], address=["2/minute"], trusted_days=None)
        with pytest.raises(type(error)):
            async with await throttle.begin(asking(), "ann"):
                raise error
        assert await tries(throttle, "ann") == (1 if counts else 2)

    asyncio.run(main())


@pytest.mark.usefixtures("clock")
@on_every_loop
async def test_what_the_account_refuses_is_not_the_addresss() -> None:
    throttle = LoginThrottle(account=["1/minute"], address=["3/minute"], trusted_days=None)
    assert await may_try(throttle, "ann")
    for _ in range(10):
        assert not await may_try(throttle, "ann")
    assert await may_try(throttle, "bob")
    assert await may_try(throttle, "carl")
    assert not await may_try(throttle, "dora")


# Browsers that are known


class SignIn(RequestHandler):
    throttle: LoginThrottle

    async def post(self) -> None:
        attempt = await self.throttle.begin(self, self.get_argument("name"))
        if self.get_argument("password") != "right":
            raise HTTPError(403, detail="Name or password are wrong.")
        await attempt.succeeded()
        self.write("hello")


@pytest.fixture
def sign_in(
    site: Callable[..., Site], clock: SimpleNamespace
) -> Callable[[str, str, str | None], Answer]:
    class Handler(SignIn):
        throttle = LoginThrottle(account=["2/minute"], address=["1000/minute"])

    served = site(("/", Handler), cookie_secret=SECRET)

    def ask(name: str, password: str, cookie: str | None = None) -> Answer:
        fields = [] if cookie is None else [f"Cookie: {cookie}"]
        return served.ask(
            "POST /",
            "Content-Type: application/x-www-form-urlencoded",
            *fields,
            body=f"name={name}&password={password}".encode(),
        )

    return ask


def test_refusals_say_when_and_nothing_else(sign_in: Any) -> None:
    assert [sign_in("ann", "wrong").status for _ in range(2)] == [403, 403]
    wrong, right, nobody = (
        sign_in("ann", "wrong"),
        sign_in("ann", "right"),
        [sign_in("nobody", "x") for _ in range(3)][-1],
    )
    for answer in (wrong, right, nobody):
        assert answer.status == 429
        assert answer.header("Retry-After") == "60"
        assert "try again in 60 seconds" in answer.text
        assert answer.header("Set-Cookie") is None
    assert wrong.text == right.text == nobody.text


def test_nobody_locks_a_user_out_of_a_browser_that_is_known(sign_in: Any) -> None:
    answer = sign_in("annabella", "right")
    told = answer.header("Set-Cookie")
    assert "HttpOnly" in told
    assert "SameSite=Lax" in told
    assert "annabella" not in told
    cookie = told.partition(";")[0]
    while sign_in("annabella", "wrong").status != 429:
        pass
    assert sign_in("annabella", "right").status == 429  # elsewhere
    for _ in range(3):
        again = sign_in("annabella", "right", cookie)
        assert again.status == 200
        assert again.header("Set-Cookie").partition(";")[0] != cookie
        # Others have no more tries by that.
        assert sign_in("annabella", "wrong").status == 429


def test_a_browser_that_is_known_has_no_more_tries_than_others(sign_in: Any) -> None:
    cookie = sign_in("ann", "right").header("Set-Cookie").partition(";")[0]
    assert [sign_in("ann", "wrong", cookie).status for _ in range(4)] == [403, 403, 429, 429]
    assert sign_in("ann", "right", cookie).status == 429
    assert sign_in("ann", "wrong").status == 403  # without it the account's own


def test_the_cookie_is_for_one_account_and_nobody_else_can_make_it(sign_in: Any) -> None:
    cookie = sign_in("ann", "right").header("Set-Cookie").partition(";")[0]
    name, _, value = cookie.partition("=")
    other = sign_in("bob", "right").header("Set-Cookie").partition("=")[0]
    assert other != name
    for forged in (f"{other}={value}", f"{other}=x", f"{other}=", f"{name}={value}"):
        assert [sign_in("bob", "wrong", forged).status for _ in range(3)][-1] == 429
        assert sign_in("bob", "wrong").status == 429  # it was the account that has counted


@on_every_loop
async def test_cookies_are_for_https_if_they_come_by_it_and_need_a_secret() -> None:
    handler = asking()
    handler.request.protocol = "https"
    throttle = LoginThrottle()
    await (await throttle.begin(handler, "ann")).succeeded()
    handler.finish()
    told = handler.request.connection.headers.get_list("Set-Cookie")
    assert len(told) == 1
    assert "Secure" in told[0]
    bare = asking()
    await (await throttle.begin(bare, "ann")).succeeded(trust=False)
    bare.finish()
    headers = bare.request.connection.headers
    assert headers is None or "Set-Cookie" not in headers
    with pytest.raises(RuntimeError, match="cookie_secret"):
        await (await throttle.begin(make_handler(), "ann")).succeeded()
    await (await LoginThrottle(trusted_days=None).begin(make_handler(), "ann")).succeeded()


# The store


@on_every_loop
async def test_a_store_that_is_down(expect_log: Any) -> None:
    store = Down()
    throttle = LoginThrottle(store, trusted_days=None)
    attempt = await throttle.begin(asking(), "ann")
    store.down = True
    with (
        expect_log("tornadolike.general", "LoginThrottle cannot count: it is down"),
        pytest.raises(HTTPError) as refused,
    ):
        await throttle.begin(asking(), "ann")
    assert refused.value.status_code == 503
    assert refused.value.retry_after == 30
    await attempt.succeeded()  # who is known is let in
    with expect_log("tornadolike.general", "LoginThrottle cannot count: it is down"):
        await LoginThrottle(store, trusted_days=None, store_down="allow").begin(asking(), "ann")


@on_every_loop
async def test_its_store_is_closed_at_the_end() -> None:
    store = MemoryStore()
    throttle = LoginThrottle(store, trusted_days=None)
    async with throttle.lifetime():
        await may_try(throttle, "ann")
        assert len(store)
    assert not len(store)


@on_every_loop
async def test_those_who_have_a_store_in_common_count_together(tmp_path: Path) -> None:
    stores = [SQLiteStore(tmp_path / "counts.db") for _ in range(2)]
    throttles = [account_only("5/366 days", store=store) for store in stores]
    other = LoginThrottle(stores[0], account=["5/366 days"], trusted_days=None, name="others")
    try:
        begun = await asyncio.gather(*(may_try(throttles[n % 2], "ann") for n in range(20)))
        assert 0 < sum(begun) <= 5
        left = await tries(throttles[0], "ann") + await tries(throttles[1], "ann")
        assert sum(begun) + left == 5
        assert await may_try(other, "ann", asking("192.0.2.9"))
    finally:
        for store in stores:
            await store.close()


def test_what_stands_in_the_store_tells_no_names(clock: SimpleNamespace) -> None:
    store = MemoryStore()
    asyncio.run(may_try(LoginThrottle(store, trusted_days=None), "ann@example.com"))
    assert store._entries
    assert not any("ann" in key or "192.0" in key for key in store._entries)


@pytest.mark.once
@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 90),  # seconds that pass
            st.sampled_from(["ann", "bob"]),
            st.sampled_from(["10.0.0.1", "10.0.0.2"]),
            st.sampled_from(["fail", "fail", "fail", "succeed", "undo"]),
        ),
        max_size=60,
    )
)
def test_no_history_lets_more_through_than_twice_the_limit(
    history: list[tuple[int, str, str, str]],
) -> None:
    """Of failures in a row with one account, within a minute; and none is refused without any that failed."""
    now = SimpleNamespace(seconds=864_000_000.0)
    failed: dict[str, list[float]] = {"ann": [], "bob": [], "10.0.0.1": [], "10.0.0.2": []}

    refused: list[tuple[int, bool]] = []

    async def play() -> None:
        throttle = LoginThrottle(account=["3/minute"], address=["5/minute"], trusted_days=None)
        for passes, account, address, outcome in history:
            now.seconds += passes
            recent = {
                key: [at for at in times if at > now.seconds - 60] for key, times in failed.items()
            }
            try:
                attempt = await throttle.begin(asking(address), account)
            except TooManyAttemptsError as error:
                refused.append((error.seconds, bool(recent[account] or recent[address])))
                continue
            assert len(recent[account]) < 2 * 3
            assert len(recent[address]) < 2 * 5
            if outcome == "fail":
                failed[account].append(now.seconds)
                failed[address].append(now.seconds)
            elif outcome == "succeed":
                await attempt.succeeded()
                failed[account].clear()
            else:
                await attempt.undo()

    stand = SimpleNamespace(time_ns=lambda: int(now.seconds * 10**9))
    with (
        mock.patch.object(windows, "time", stand),
        mock.patch.object(memory, "monotonic", side_effect=lambda: now.seconds),
    ):
        asyncio.run(play())
    assert all(0 < seconds <= 60 and had_failed for seconds, had_failed in refused)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"store": {}}, TypeError),
        ({"account": "5/minute"}, TypeError),
        ({"address": ["often"]}, ValueError),
        ({"trusted_days": 0}, ValueError),
        ({"trusted_days": 401}, ValueError),
        ({"trusted_days": "90"}, TypeError),
        ({"name": "no cookie; "}, ValueError),
        ({"store_down": "perhaps"}, ValueError),
    ],
)
def test_arguments_that_are_of_no_use(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        LoginThrottle(**arguments)
