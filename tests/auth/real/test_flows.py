"""Signing in with a certified provider: what goes well, and everything that may not."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from tests.auth.real.site import CLIENT, SIGNIN, FormPost, Site
from tests.auth.real.users import User, argument, changed
from tornadolike.auth import (
    AccessDeniedError,
    OAuthError,
    ProviderUnavailableError,
    SignInError,
    TokenError,
)
from tornadolike.auth.jose import reading
from tornadolike.auth.openid import keeping

pytestmark = pytest.mark.once

Make = Callable[..., Site]

WELL_KNOWN = "/.well-known/openid-configuration"


def signed_in(site: Site, user: User) -> str | None:
    """Who the site takes this user for."""
    answer = user.ask(site.url)
    return "ada" if '"subject": "ada"' in answer.text else None


def refused(site: Site, user: User, answer: Any, status: int, kind: type[Exception]) -> None:
    """The answer says no, for this reason, and nobody is signed in. Nothing is told that is to be kept."""
    assert answer.status == status, answer.text
    assert type(site.errors[-1]) is kind
    assert signed_in(site, user) is None
    assert "Traceback" not in answer.text


# What goes well


def test_somebody_signs_in(make: Make, provider: Any) -> None:
    site, ada = make(), User()
    url, answer = ada.sign_in(f"{site.url}{SIGNIN}?next=/?page=2")
    assert (url, answer.status) == (f"{site.url}/?page=2", 200)
    assert signed_in(site, ada) == "ada"
    (identity,) = site.identities
    assert (identity.provider, identity.issuer, identity.subject) == (
        "openid",
        provider.issuer,
        "ada",
    )
    assert (identity.name, identity.username) == ("ada of the tests", "ada")
    assert (identity.email, identity.email_verified) == ("ada@example.com", True)
    assert identity.token.token_type == "Bearer"
    assert not identity.token.is_expired()
    assert not [name for _, name in ada.cookies if "signin" in name]


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"])
def test_each_signature(make: Make, algorithm: str) -> None:
    site, ada = make(client={"id_token_signed_response_alg": algorithm}), User()
    ada.sign_in(site.url + SIGNIN)
    assert signed_in(site, ada) == "ada", site.errors


def test_a_secret_as_the_key_is_not_for_who_did_not_say_so(make: Make) -> None:
    site, ada = make(client={"id_token_signed_response_alg": "HS256"}), User()
    _, answer = ada.sign_in(site.url + SIGNIN)
    refused(site, ada, answer, 502, TokenError)


def test_the_provider_may_send_a_form(make: Make) -> None:
    site, ada = make(kind=FormPost), User()
    _, answer = ada.sign_in(site.url + SIGNIN)
    assert answer.status == 200
    assert signed_in(site, ada) == "ada"


def test_as_a_guest_of_another_loop(
    make: Make, new_foreign_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    site, ada = make(server={"loop_factory": new_foreign_loop}), User()
    ada.sign_in(site.url + SIGNIN)
    assert signed_in(site, ada) == "ada"


def test_many_at_a_time_ask_once_for_what_is_the_same_for_all(make: Make, provider: Any) -> None:
    site = make()
    shared = (WELL_KNOWN, "/jwks")
    before = [provider.asked(path) for path in shared]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: User().sign_in(site.url + SIGNIN, name), "abcdefgh"))
    assert sorted(identity.subject for identity in site.identities) == list("abcdefgh")
    assert [provider.asked(path) for path in shared] == [count + 1 for count in before]


def test_a_password_that_was_given_not_long_ago(make: Make) -> None:
    site, ada = make(parameters={"max_age": 100}), User()
    ada.sign_in(site.url + SIGNIN)
    assert signed_in(site, ada) == "ada"
    assert site.identities[0].claims["auth_time"] > time.time() - 100


def test_two_who_sign_in_at_a_time_in_one_browser(make: Make) -> None:
    site, ada = make(), User()
    back = site.url + SIGNIN + "?"
    first, _ = ada.sign_in(site.url + SIGNIN + "?next=/?first", until=back + "code")
    second, _ = ada.sign_in(site.url + SIGNIN + "?next=/?second", until=back + "code")
    assert ada.follow(first)[0] == site.url + "/?first"
    assert ada.follow(second)[0] == site.url + "/?second"


@pytest.mark.parametrize(
    "there", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example"]
)
def test_nobody_is_led_away(make: Make, there: str) -> None:
    site, ada = make(), User()
    url, _ = ada.sign_in(changed(site.url + SIGNIN, next=there))
    assert url == site.url + "/"
    assert signed_in(site, ada) == "ada"


# What does not


def test_somebody_turns_back(make: Make) -> None:
    site, ada = make(), User()
    _, answer = ada.follow(site.url + SIGNIN, abort="")
    refused(site, ada, answer, 403, AccessDeniedError)


def test_nobody_is_signed_in_there_and_nobody_may_be_asked(make: Make) -> None:
    site, ada = make(parameters={"prompt": "none"}), User()
    _, answer = ada.sign_in(site.url + SIGNIN)
    assert site.errors[0].error == "login_required"
    refused(site, ada, answer, 502, OAuthError)


def came_back(site: Site, user: User, **asked: str | None) -> str:
    """The URL with which a user comes back who was at the provider with an URL that was changed so."""
    there = user.ask(site.url + SIGNIN).headers["Location"]
    url, _ = user.sign_in(changed(there, **asked), until=f"{site.url}{SIGNIN}?")
    return url


@pytest.mark.parametrize("state", ["x" * 32, "", None])
def test_another_state(make: Make, state: str | None) -> None:
    site, ada = make(), User()
    _, answer = ada.follow(changed(came_back(site, ada), state=state))
    refused(site, ada, answer, 400, SignInError)


def test_another_browser(make: Make) -> None:
    site, ada, mallory = make(), User(), User()
    _, answer = ada.follow(came_back(site, mallory))
    refused(site, ada, answer, 400, SignInError)
    assert signed_in(site, mallory) is None


def test_twice_the_same_answer(make: Make) -> None:
    site, ada = make(), User()
    back = came_back(site, ada)
    assert ada.follow(back)[0] == site.url + "/"
    _, answer = ada.follow(back)
    assert answer.status == 400
    assert type(site.errors[0]) is SignInError
    assert len(site.identities) == 1


def test_a_code_serves_once_even_with_the_cookie_kept(make: Make) -> None:
    site, ada, thief = make(), User(), User()
    back = came_back(site, ada)
    thief.cookies.update(ada.cookies)
    ada.follow(back)
    _, answer = thief.follow(back)
    assert signed_in(site, ada) == "ada"
    assert site.errors[0].error == "invalid_grant"
    refused(site, thief, answer, 502, OAuthError)


def test_another_nonce(make: Make) -> None:
    site, ada = make(), User()
    _, answer = ada.follow(came_back(site, ada, nonce="of another sign-in"))
    refused(site, ada, answer, 502, TokenError)


def test_no_nonce(make: Make) -> None:
    site, ada = make(), User()
    _, answer = ada.follow(came_back(site, ada, nonce=None))
    refused(site, ada, answer, 502, TokenError)


def test_a_token_of_hours_ago(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    site, ada = make(), User()
    back = came_back(site, ada)
    late = SimpleNamespace(time=lambda: time.time() + 7200)
    monkeypatch.setattr(reading, "time", late)
    _, answer = ada.follow(back)
    assert "expired" in str(site.errors[0])
    refused(site, ada, answer, 502, TokenError)


def test_a_code_that_somebody_else_was_given(make: Make) -> None:
    site, ada, mallory = make(), User(), User()
    stolen = argument(came_back(site, ada), "code")
    _, answer = mallory.follow(changed(came_back(site, mallory), code=stolen))
    assert site.errors[0].error == "invalid_grant"  # PKCE
    refused(site, mallory, answer, 502, OAuthError)


def test_another_challenge(make: Make) -> None:
    site, ada = make(), User()
    _, answer = ada.follow(came_back(site, ada, code_challenge="x" * 43))
    assert site.errors[0].error == "invalid_grant"
    refused(site, ada, answer, 502, OAuthError)


@pytest.mark.parametrize("issuer", ["https://evil.example", "", None])
def test_the_answer_of_another_provider(make: Make, issuer: str | None) -> None:
    """Which says who it is in its answers, and has told so (RFC 9207)."""
    site, ada = make(), User()
    _, answer = ada.follow(changed(came_back(site, ada), iss=issuer))
    refused(site, ada, answer, 400, SignInError)


def test_a_wrong_secret(make: Make) -> None:
    site, ada = make(secret="another secret of some length"), User()
    _, answer = ada.sign_in(site.url + SIGNIN)
    assert site.errors[0].error == "invalid_client"
    refused(site, ada, answer, 502, OAuthError)


def test_a_client_that_is_not_known(make: Make, provider: Any) -> None:
    """The provider tells the user itself: it may send nobody to who knows where."""
    site, ada = make(), User()
    provider.tell(clients=[])
    url, answer = ada.sign_in(site.url + SIGNIN)
    assert url.startswith(provider.issuer)
    assert answer.status == 400
    assert CLIENT not in site.errors


# A provider that changes, fails and waits


def test_other_keys_while_the_site_runs(make: Make, provider: Any) -> None:
    site = make()
    for generation in ("of today", "of tomorrow"):
        provider.tell(keys=generation)
        user, before = User(), provider.asked("/jwks")
        user.sign_in(site.url + SIGNIN)
        assert signed_in(site, user) == "ada", site.errors
        assert provider.asked("/jwks") == before + 1
        User().sign_in(site.url + SIGNIN)
        assert provider.asked("/jwks") == before + 1


@pytest.mark.parametrize("path", [WELL_KNOWN, "/token", "/jwks", "/me"])
def test_a_provider_that_is_down_for_a_while(
    make: Make, provider: Any, path: str, later: Callable[[float], None]
) -> None:
    site, ada = make(), User()
    provider.tell(fail=[path])
    _, answer = ada.sign_in(site.url + SIGNIN)
    refused(site, ada, answer, 503, ProviderUnavailableError)
    provider.tell(fail=[])
    later(keeping.Keeping().failure_pause)
    ada.sign_in(site.url + SIGNIN)
    assert signed_in(site, ada) == "ada"


@pytest.mark.parametrize("path", [WELL_KNOWN, "/token", "/jwks", "/me"])
def test_a_provider_that_is_slow(make: Make, provider: Any, path: str) -> None:
    site, ada = make(timeout=0.5), User()
    provider.tell(hold=[path])
    _, answer = ada.sign_in(site.url + SIGNIN)
    refused(site, ada, answer, 503, ProviderUnavailableError)


def test_a_provider_that_is_not_there(serve: Any, provider: Any) -> None:
    from tests.apps.conftest import free_port

    class Nowhere:
        issuer = f"http://127.0.0.1:{free_port()}"
        tell = provider.tell

    site, ada = Site(Nowhere, serve), User()
    _, answer = ada.follow(site.url + SIGNIN)
    refused(site, ada, answer, 503, ProviderUnavailableError)
