"""Grants against a server made of Authlib's parts, on loopback."""

import pytest

from tests.auth.grants.authlibs import ID, SECRET, World
from tests.running import run_on
from tornadolike.auth import (
    AccessDeniedError,
    ClientCredentials,
    DeviceGrant,
    OAuthError,
    SignInRequiredError,
    Tokens,
    TokenServer,
)
from tornadolike.httpclient import AsyncHTTPClient
from tornadolike.ioloop import IOLoop
from tornadolike.wsgi import WSGIContainer

pytestmark = pytest.mark.once


class Authlibs:
    def __init__(self, serve):
        self.world = World()
        self.url = serve(WSGIContainer(self.world.app)).url

    def server(self, client, secret=SECRET):
        return TokenServer(
            ID,
            secret,
            token_endpoint=f"{self.url}/token",
            device_authorization_endpoint=f"{self.url}/device",
            http_client=client,
        )

    def run(self, main):
        async def with_client():
            async with AsyncHTTPClient(force_instance=True) as client:
                await main(client)

        run_on(lambda: IOLoop(make_current=False), with_client())


@pytest.fixture
def authlibs(serve, monkeypatch):
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    return Authlibs(serve)


def test_client_credentials(authlibs):
    async def main(client):
        token = await ClientCredentials(authlibs.server(client), scope=["a", "b"]).obtain()
        assert (token.token_type, token.scope) == ("Bearer", "a b")
        assert not token.is_expired()
        assert token.is_expired(1001)

    authlibs.run(main)


def test_a_wrong_secret(authlibs):
    async def main(client):
        with pytest.raises(OAuthError) as caught:
            await ClientCredentials(authlibs.server(client, "guessed")).obtain()
        assert caught.value.error == "invalid_client"

    authlibs.run(main)


def test_a_device_and_what_follows(authlibs):
    async def main(client):
        server = authlibs.server(client)

        def agree(code):
            authlibs.world.agreed[code.user_code] = True

        tokens = Tokens(DeviceGrant(server, agree, scope=["x"]))
        first = await tokens.current()
        second = await tokens.current()  # it was over at once, and is refreshed
        assert first.access_token != second.access_token
        assert first.refresh_token != second.refresh_token
        assert len(authlibs.world.agreed) == 1
        other = Tokens(server)
        await other.save("ann", first)
        with pytest.raises(SignInRequiredError):  # that was used
            await other.current("ann")

    authlibs.run(main)


def test_the_user_says_no(authlibs):
    async def main(client):
        def refuse(code):
            authlibs.world.agreed[code.user_code] = False

        with pytest.raises(AccessDeniedError):
            await DeviceGrant(authlibs.server(client), refuse).obtain()

    authlibs.run(main)
