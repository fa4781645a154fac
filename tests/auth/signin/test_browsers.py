"""What the browser keeps of a sign-in."""

import re
from http.cookies import CookieError, SimpleCookie
from typing import Any

import pytest

from tests.web.helpers import make_handler
from tornadolike.auth.oauth2 import Pending
from tornadolike.auth.signin import browsers
from tornadolike.auth.signin.browsers import (
    LIFETIME,
    MOST_BYTES,
    MOST_PENDING,
    forget,
    recall,
    remember,
)
from tornadolike.auth.signin.returning import LONGEST

HTTP = "http://127.0.0.1/signin"
HTTPS = "https://site.example/signin"
SETTINGS = {"cookie_secret": "3f0e1c8ab4d97b26a51d"}


def handler(**cookies: str) -> Any:
    field = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return make_handler(headers={"Cookie": field}, settings=SETTINGS)


def kept(pending: Pending, cross_site: bool = False) -> dict[str, str]:
    """The cookies of a browser that has been given it."""
    made = handler()
    remember(made, pending, cross_site=cross_site)
    [field] = made._new_cookies.values()
    return {name: morsel.value for name, morsel in SimpleCookie(field).items()}


def fields(made: Any) -> list[str]:
    return list((made._new_cookies or {}).values())


def test_there_and_back() -> None:
    for redirect_uri in (HTTP, HTTPS):
        pending = Pending("p", redirect_uri, verifier="v", next="/a", max_age=5)
        assert recall(handler(**kept(pending)), pending.state, redirect_uri) == pending


def test_its_attributes() -> None:
    cases = [
        (HTTP, False, r"signin-\S{8}=\S+; HttpOnly; Max-Age=600; Path=/; SameSite=Lax"),
        (HTTPS, False, r"__Host-signin-\S{8}=\S+; HttpOnly; .*SameSite=Lax; Secure"),
        (HTTPS, True, r"__Host-signin-\S{8}=\S+; HttpOnly; .*SameSite=None; Secure"),
        (HTTP, True, r"signin-\S{8}=\S+; HttpOnly; .*SameSite=None; Secure"),
    ]
    for redirect_uri, cross_site, expected in cases:
        made = handler()
        remember(made, Pending("p", redirect_uri), cross_site=cross_site)
        [field] = fields(made)
        assert re.fullmatch(expected, field), field
        assert "Domain" not in field


def test_nothing_of_it_can_be_read() -> None:
    pending = Pending("provider", HTTP, verifier="the verifier", next="/where")
    [(name, value)] = kept(pending).items()
    for secret in (pending.nonce, pending.verifier, pending.state, "where", "provider"):
        assert secret not in name + value


def test_the_largest_fits() -> None:
    pending = Pending("p" * 20, HTTPS + "a" * 80, verifier="v" * 43, next="/" + "a" * (LONGEST - 1))
    [(name, value)] = kept(pending).items()
    assert len(name) + len(value) < 4000


def test_what_is_not_known() -> None:
    pending = Pending("p", HTTP)
    [(name, value)] = kept(pending).items()
    assert recall(handler(), pending.state, HTTP) is None
    assert recall(handler(**{name: value[:-2] + "AA"}), pending.state, HTTP) is None
    assert recall(handler(**{name: value}), pending.state, "http://127.0.0.1/other") is None
    piece = pending.state[:8]
    for state in ("", "a", pending.state + "a", piece + "b" * 24, piece + "é" * 24, piece, "\0"):
        assert recall(handler(**{name: value}), state, HTTP) is None


def test_without_https_no_cookie_counts_for_https() -> None:
    """A neighbour's site on http can set one without the prefix."""
    pending = Pending("p", HTTPS)
    [(name, value)] = kept(pending).items()
    assert recall(handler(**{name.removeprefix("__Host-"): value}), pending.state, HTTPS) is None


def test_it_has_an_end(monkeypatch: Any) -> None:
    pending = Pending("p", HTTP)
    cookies = kept(pending)
    assert recall(handler(**cookies), pending.state, HTTP)
    monkeypatch.setattr(browsers, "LIFETIME", -LIFETIME)
    assert recall(handler(**cookies), pending.state, HTTP) is None


def test_one_of_another_release() -> None:
    made = handler()
    value = made.create_encrypted_value(browsers._PURPOSE, '{"provider":"p","age":5}')
    assert recall(handler(**{"signin-aaaaaaaa": value}), "a" * 32, HTTP) is None


def test_what_a_site_encrypts_for_itself_is_none() -> None:
    """A cookie may have in it what its user has chosen."""
    pending = Pending("p", HTTP)
    [name] = kept(pending)
    made = handler()
    with pytest.raises(CookieError, match="name"):
        made.set_cookie(browsers._PURPOSE, "x")
    for purpose in (name, name.partition("-")[0]):
        value = made.create_encrypted_value(purpose, pending.encode())
        assert recall(handler(**{name: value}), pending.state, HTTP) is None


def test_what_has_served_is_deleted() -> None:
    # A browser lets a cookie with Secure be deleted only by one with Secure.
    for redirect_uri, cross_site in ((HTTP, False), (HTTPS, False), (HTTPS, True), (HTTP, True)):
        pending = Pending("p", redirect_uri)
        [(name, value)] = kept(pending, cross_site).items()
        made = handler(**{name: value})
        forget(made, pending, cross_site=cross_site)
        [field] = fields(made)
        assert re.match(rf'{name}="?"?; expires=', field, re.IGNORECASE), field
        assert ("Secure" in field) == (redirect_uri == HTTPS or cross_site)


def test_only_the_oldest_go() -> None:
    pendings = [Pending("p", HTTP, made=1000 + number) for number in (3, 1, 4, 2, 5)]
    cookies: dict[str, str] = {}
    for pending in pendings:
        cookies |= kept(pending)
    assert len(cookies) == MOST_PENDING
    made = handler(**cookies)
    remember(made, Pending("p", HTTP), cross_site=False)
    deleted, added = fields(made)
    assert deleted.startswith(f"signin-{pendings[1].state[:8]}=")
    assert added.partition("=")[0] not in cookies


def test_together_they_stay_small() -> None:
    """Or a few links would have a browser send more than a proxy takes."""
    cookies: dict[str, str] = {}
    for number in range(2 * MOST_PENDING):
        pending = Pending("p", HTTP, next="/" + "a" * (LONGEST - 1), made=1000 + number)
        made = handler(**cookies)
        remember(made, pending, cross_site=False)
        for name, morsel in SimpleCookie("; ".join(fields(made)).replace("\n", "")).items():
            if morsel.value:
                cookies[name] = morsel.value
            else:
                cookies.pop(name)
        assert sum(len(name) + len(value) for name, value in cookies.items()) <= MOST_BYTES
        assert recall(handler(**cookies), pending.state, HTTP) == pending


def test_those_of_other_names_stay() -> None:
    made = handler(**{f"session-{number}": "x" for number in range(50)})
    remember(made, Pending("p", HTTP), cross_site=False)
    assert len(fields(made)) == 1
