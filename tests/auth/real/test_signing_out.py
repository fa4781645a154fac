"""Signing out, of the provider as well, and being told by it."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.auth.real.site import BACK, GOODBYE, SIGNIN, Site
from tests.auth.real.users import User, changed

pytestmark = pytest.mark.once

Make = Callable[..., Site]


def is_known(site: Site, user: User) -> bool:
    return '"subject"' in user.ask(site.url).text


def goodbye(site: Site, **more: Any) -> str:
    """Where the last who has signed in signs out of the provider."""
    token = site.identities[-1].token.id_token
    url: str = site.run(
        lambda: site.openid.end_session_url(token, site.url + GOODBYE, "a state", **more)
    )
    return url


def test_out_of_the_provider_too(make: Make) -> None:
    site, ada = make(), User()
    ada.sign_in(site.url + SIGNIN)
    url, answer = ada.follow(goodbye(site), logout="yes")
    assert url == f"{site.url}{GOODBYE}?state=a+state" or url == changed(
        site.url + GOODBYE, state="a state"
    )
    assert "Goodbye a state" in answer.text
    # Nobody is signed in there now: it asks again, and may be told another name.
    ada.sign_in(site.url + SIGNIN, "grace")
    assert [identity.subject for identity in site.identities] == ["ada", "grace"]


def test_not_to_anywhere(make: Make, provider: Any) -> None:
    site, ada = make(), User()
    ada.sign_in(site.url + SIGNIN)
    url = changed(goodbye(site), post_logout_redirect_uri="https://evil.example/")
    end, answer = ada.follow(url, logout="yes")
    assert end.startswith(provider.issuer)
    assert answer.status == 400


@pytest.mark.parametrize("with_session", [True, False])
def test_the_provider_tells(make: Make, provider: Any, with_session: bool) -> None:
    """Of the session, or of the user alone."""
    site, ada, grace = make(), User(), User()
    told = {
        "backchannel_logout_uri": site.url + BACK,
        "backchannel_logout_session_required": with_session,
    }
    site.register(provider, **told)
    for user, name in ((ada, "ada"), (grace, "grace"), (ada, "ada")):
        user.sign_in(site.url + SIGNIN, name)
    assert (site.identities[-1].session_id is not None) == with_session
    elsewhere = User()
    elsewhere.cookies.update(ada.cookies)
    elsewhere.follow(goodbye(site), logout="yes")
    assert len(site.logouts) == 1
    assert not is_known(site, ada)
    assert is_known(site, grace)
    # Who signs in again is somebody again.
    ada.sign_in(site.url + SIGNIN)
    assert is_known(site, ada)


def test_what_has_been_told_counts_once(make: Make, provider: Any) -> None:
    site, ada = make(), User()
    site.register(provider, backchannel_logout_uri=site.url + BACK)
    ada.sign_in(site.url + SIGNIN)
    ada.follow(goodbye(site), logout="yes")
    (token,) = site.logouts
    head, claims, signature = token.split(".")
    for wrong in (token, "", "x", f"{head}.{claims}.", f"{head}.{claims}.{signature[::-1]}"):
        answer = User().ask(site.url + BACK, {"logout_token": wrong})
        assert answer.status == 400
        assert answer.json["error"] == "invalid_request"
        assert answer.headers["Cache-Control"] == "no-store"


def test_an_id_token_is_no_logout_token(make: Make) -> None:
    site, ada = make(), User()
    ada.sign_in(site.url + SIGNIN)
    token = site.identities[0].token.id_token
    assert User().ask(site.url + BACK, {"logout_token": token}).status == 400
    assert is_known(site, ada)
    assert site.identities[0].claims["exp"] > time.time()
