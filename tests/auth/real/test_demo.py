"""demos/login, told of a certified provider by the environment."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.apps.conftest import Demo, demo  # noqa: F401 (a fixture)
from tests.auth.real.site import SECRET
from tests.auth.real.users import User

pytestmark = pytest.mark.once


def test_the_front_door(
    provider: Any,
    demo: Callable[..., Demo],  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENID_ISSUER", provider.issuer)
    monkeypatch.setenv("OPENID_CLIENT_ID", "the front door")
    monkeypatch.setenv("OPENID_CLIENT_SECRET", SECRET)
    url = demo("login").url
    client = {
        "client_id": "the front door",
        "client_secret": SECRET,
        "redirect_uris": [f"{url}/signin/openid"],
        "post_logout_redirect_uris": [f"{url}/"],
        "backchannel_logout_uri": f"{url}/signout/openid",
        "backchannel_logout_session_required": True,
    }
    provider.tell(clients=[client])
    here, elsewhere = User(), User()
    for user in (here, elsewhere):
        user.sign_in(f"{url}/signin/openid?next=/?home", until=f"{url}/?home")
        assert "You are <bdi>ada of the tests</bdi>" in user.ask(f"{url}/").text
    # At the provider alone: the site is told of it, and of nobody else.
    here.follow(f"{provider.issuer}/session/end", logout="yes")
    assert "Nobody is signed in" in here.ask(f"{url}/").text
    assert "ada of the tests" in elsewhere.ask(f"{url}/").text
