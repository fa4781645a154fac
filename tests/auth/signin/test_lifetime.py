"""Sign-ins that something else ends, and many of them at a time."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.auth.browser import Browser
from tests.auth.lying_provider import LyingProvider
from tests.auth.signin.test_handler import SignIn, World
from tests.http1connection.helpers import Watched
from tests.web.helpers import Connection
from tests.web.test_draining import Draining
from tornadolike.auth import OpenIDProvider

USERS = 20
PATIENCE = 30


class Slow:
    """The provider's token endpoint takes until it may answer."""

    def __init__(self, lying: LyingProvider) -> None:
        self.asked = threading.Event()
        self.may_answer = threading.Event()
        self._lying = lying
        lying.answers["/token"] = self._answer

    async def _answer(self, handler: Any) -> None:
        self.asked.set()
        await asyncio.get_running_loop().run_in_executor(None, self.may_answer.wait)
        self._lying.post_token(handler)


@pytest.fixture
def there(site: Callable[..., Any], lying_provider: LyingProvider) -> World:
    provider = OpenIDProvider(
        lying_provider.client_id, lying_provider.client_secret, issuer=lying_provider.issuer
    )
    return World(site, provider, lying_provider, SignIn)


@pytest.fixture
def slow(lying_provider: LyingProvider) -> Iterator[Slow]:
    made = Slow(lying_provider)
    yield made
    made.may_answer.set()


def come_back(there: World, connection: Connection) -> None:
    """With the provider's answer, of which nobody waits for what comes of it."""
    parts = urlsplit(there.begin())
    cookies = [f"{name}={each.coded_value}" for (_, name), each in there.browser.cookies.items()]
    head = [f"GET {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}"]
    head.append(f"Cookie: {cookies[0]}")
    connection.sock.sendall("".join(f"{line}\r\n" for line in (*head, "")).encode())


def test_the_server_stops_and_the_sign_in_ends_well(there: World, slow: Slow) -> None:
    with there.site.connect() as connection:
        come_back(there, connection)
        assert slow.asked.wait(PATIENCE)
        drained = Draining(there.site)
        assert not drained.done()
        slow.may_answer.set()
        assert connection.receive().json["subject"] == "user-17"
        connection.sock.close()
        drained()


def test_the_server_stops_at_once(there: World, slow: Slow) -> None:
    with there.site.connect() as connection:
        come_back(there, connection)
        assert slow.asked.wait(PATIENCE)
        Draining(there.site, 0)()
        assert connection.sock.recv(1) == b""


def test_the_browser_leaves(there: World, slow: Slow) -> None:
    with there.site.connect() as connection:
        come_back(there, connection)
        assert slow.asked.wait(PATIENCE)
    slow.may_answer.set()
    Watched(there.site.server).until_gone()
    # Who comes again begins anew.
    assert there.sign_in().status == 200


def test_many_at_a_time(there: World) -> None:
    with ThreadPoolExecutor(USERS) as users:
        pages = list(users.map(lambda _: Browser().open(there.url), range(USERS)))
    assert [page.status for page in pages] == [200] * USERS
    assert len(there.lying.asked_of("/.well-known/openid-configuration")) == 1
    assert len(there.lying.asked_of("/jwks")) == 1
    assert len(there.lying.asked_of("/token")) == USERS
