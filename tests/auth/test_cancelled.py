"""Who waits is cancelled: at whichever turn of the loop that is, nothing stays behind, and the next one is served."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.running import on_every_loop, turns
from tornadolike.auth import (
    ClientCredentials,
    DeviceGrant,
    FileTokens,
    MailTokens,
    MemoryTokens,
    OpenIDProvider,
    PasswordHasher,
    PublishedKeys,
    StoreTokens,
    Token,
    Tokens,
    TokenStorage,
    new_key,
    write_token,
)
from tornadolike.auth.jose.keys import KnownKeys
from tornadolike.httpclient import HTTPRequest, HTTPResponse
from tornadolike.httputil import HTTPHeaders
from tornadolike.stores import MemoryStore

ISSUER: Final = "https://id.example.com"
SECRET: Final = "3f0e1c8ab4d97b26a51d"
KEY: Final = new_key(kid="1")
MOST_TURNS: Final = 200
TURNS_OF_AN_ANSWER: Final = 2


class Provider:
    """In the place of an HTTP client: an honest provider, each answer of which takes some turns of the loop."""

    def __init__(self) -> None:
        self.nonce = ""
        self.asked: list[str] = []
        self.answering = 0

    async def fetch(self, url: str, **options: Any) -> HTTPResponse:
        self.asked.append(urlsplit(url).path)
        self.answering += 1
        try:
            await turns(TURNS_OF_AN_ANSWER)
        finally:
            self.answering -= 1
        answer = json.dumps(self.answers()[self.asked[-1]]).encode()
        return HTTPResponse(HTTPRequest(url), 200, HTTPHeaders(), BytesIO(answer))

    def answers(self) -> dict[str, Any]:
        names = ("authorization", "token", "userinfo", "device_authorization")
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": "17", "aud": "id", "exp": now + 60, "nonce": self.nonce}
        return {
            "/.well-known/openid-configuration": {
                "issuer": ISSUER,
                "jwks_uri": f"{ISSUER}/jwks",
                "id_token_signing_alg_values_supported": ["ES256"],
                **{f"{name}_endpoint": f"{ISSUER}/{name}" for name in names},
            },
            "/jwks": KnownKeys(KEY).published(),
            "/token": {
                "access_token": "a",
                "expires_in": 3600,
                "refresh_token": "r",
                "id_token": write_token(claims, KEY, lifetime=60),
            },
            "/userinfo": {"sub": "17", "name": "Ann"},
            "/device_authorization": {
                "device_code": "d",
                "user_code": "u",
                "verification_uri": ISSUER,
                "expires_in": 0,
            },
        }


def provider_of(client: Provider) -> OpenIDProvider:
    return OpenIDProvider("id", "secret", issuer=ISSUER, http_client=client)  # type: ignore[arg-type]


async def cancelled_after(number: int, begun: Awaitable[Any]) -> bool:
    """Cancel it after so many turns of the loop. Returns whether that came too late."""
    task = asyncio.ensure_future(begun)
    await turns(number)
    is_done = task.done()
    task.cancel()
    await asyncio.wait([task])
    if is_done:
        task.result()
    else:
        assert task.cancelled()
    return is_done


async def alone() -> None:
    """What goes on for others may end; then nothing is left but this task."""
    for _ in range(MOST_TURNS):
        if len(asyncio.all_tasks()) == 1:
            return
        await asyncio.sleep(0)
    raise AssertionError(asyncio.all_tasks())


async def at_each_turn(check: Callable[[int], Awaitable[bool]]) -> int:
    """Call the check with 0, 1, ... until it says that the end was reached. Returns when."""
    for number in range(MOST_TURNS):
        if await check(number):
            assert number > 1  # or it has never waited
            return number
    raise AssertionError("it did not end")


@on_every_loop
async def test_a_sign_in_begins() -> None:
    async def check(number: int) -> bool:
        client = Provider()
        provider = provider_of(client)
        is_late = await cancelled_after(number, provider.begin("https://a.example/"))
        await alone()
        assert client.answering == 0
        await provider.begin("https://a.example/")
        return is_late

    await at_each_turn(check)


@on_every_loop
async def test_a_sign_in_ends() -> None:
    async def check(number: int) -> bool:
        client = Provider()
        provider = provider_of(client)
        _, pending = await provider.begin("https://a.example/")
        client.nonce = pending.nonce
        answer = {"state": pending.state, "code": "c"}
        is_late = await cancelled_after(number, provider.complete(pending, answer))
        await alone()
        assert client.answering == 0
        assert (await provider.complete(pending, answer)).name == "Ann"
        return is_late

    await at_each_turn(check)


@on_every_loop
async def test_keys_are_found() -> None:
    async def check(number: int) -> bool:
        client = Provider()
        keys = PublishedKeys(f"{ISSUER}/jwks", provider_of(client).endpoints)
        is_late = await cancelled_after(number, keys.find({"alg": "ES256", "kid": "1"}))
        await alone()
        assert client.answering == 0
        assert await keys.find({"alg": "ES256", "kid": "1"})
        return is_late

    await at_each_turn(check)


@on_every_loop
async def test_the_others_do_not_notice() -> None:
    async def check(number: int) -> bool:
        client = Provider()
        provider = provider_of(client)
        other = asyncio.ensure_future(provider.begin("https://a.example/"))
        is_late = await cancelled_after(number, provider.begin("https://a.example/"))
        await other
        await alone()
        assert len(client.asked) == 1
        return is_late

    await at_each_turn(check)


async def renewing(number: int, storage: TokenStorage, is_old: bool) -> bool:
    """Tokens.current() is cancelled after so many turns. It goes on for whoever comes next: a provider takes a refresh
    token once."""
    client = Provider()
    grant: Any = provider_of(client)
    if is_old:
        await storage.save("k", Token("old", expires_at=1.0, refresh_token="r"))
    else:
        grant = ClientCredentials(grant)
    tokens = Tokens(grant, storage)
    is_late = await cancelled_after(number, tokens.current("k"))
    assert (await tokens.current("k")).access_token == "a"
    await alone()
    assert client.asked.count("/token") == 1
    async with storage.exclusively("k"):
        pass
    return is_late


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize(
    "storage", [MemoryTokens, lambda: StoreTokens(MemoryStore(), SECRET)], ids=["memory", "store"]
)
@on_every_loop
async def test_a_token_is_renewed(storage: Callable[[], TokenStorage], is_old: bool) -> None:
    await at_each_turn(lambda number: renewing(number, storage(), is_old))


@pytest.mark.parametrize("is_old", [False, True])
@on_every_loop
async def test_a_token_in_a_file_is_renewed(tmp_path: Path, is_old: bool) -> None:
    for number in range(0, 30, 3):  # (threads do not count turns)
        await renewing(number, FileTokens(tmp_path / f"{number}.json"), is_old)


@on_every_loop
async def test_a_device_code() -> None:
    async def check(number: int) -> bool:
        client = Provider()
        grant = DeviceGrant(provider_of(client))
        is_late = await cancelled_after(number, grant.begin())
        await alone()
        assert client.answering == 0
        await grant.begin()
        return is_late

    await at_each_turn(check)


@on_every_loop
async def test_places_in_the_queue_of_passwords() -> None:
    passwords = PasswordHasher(memory=8, passes=1, lanes=1, max_running=1, max_waiting=3)
    for number in range(12):
        tasks = [asyncio.ensure_future(passwords.hash("x")) for _ in range(4)]
        await turns(number)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        # All places are free again: as many as before find one.
        while passwords._threads._running:
            await asyncio.sleep(0.001)
        assert not passwords._threads._waiting
        await asyncio.gather(*[passwords.hash("x") for _ in range(4)])


@on_every_loop
async def test_a_token_of_a_mail() -> None:
    async def check(number: int) -> bool:
        mails = MailTokens("reset", SECRET, store=MemoryStore())

        async def state(subject: str) -> str:
            await turns()
            return "hash"

        token = mails.make("ann", bound_to="hash")
        is_late = await cancelled_after(number, mails.use(token, bound_to=state))
        await alone()
        # Used or not, it does not stay in between: at the most it serves once more.
        again = [await mails.use(token, bound_to=state) for _ in range(2)]
        assert again[1] is None
        assert not is_late or again == [None, None]
        return is_late

    await at_each_turn(check)
