"""auth/mixins/states.py: what has been begun in a browser ends there, one time."""

from collections.abc import Callable

import pytest

from tests.auth.mixins.browsing import Browser
from tests.web.helpers import Site
from tornadolike.auth.mixins.states import MOST_STATES, STATE_SECONDS, States
from tornadolike.web import RequestHandler

STATES = States("_state")
POSTED = States("_state", posted=True)


class Begin(RequestHandler):
    def initialize(self, states: States) -> None:
        self.states = states

    def get(self) -> None:
        self.finish(self.states.begin(self))


class End(Begin):
    def get(self) -> None:
        self.states.end(self, self.get_argument("state", None))
        self.finish("welcome")


Start = Callable[..., Site]


def begun(site: Start, states: States = STATES) -> str:
    served = site(("/begin", Begin, {"states": states}), ("/end", End, {"states": states}))
    return str(served.server.url)


def end(browser: Browser, url: str, state: str) -> int:
    return browser.ask(f"{url}/end?state={state}").answer.status


def begin(browser: Browser, url: str) -> str:
    return browser.ask(f"{url}/begin").answer.text


def test_one_is_good_for_one_time(site: Start, browser: Browser) -> None:
    url = begun(site)
    state = begin(browser, url)
    assert len(state) == 32
    assert end(browser, url, state) == 200
    assert browser.cookies == {}
    assert end(browser, url, state) == 400


def test_another_browser(site: Start, browser: Browser) -> None:
    url = begun(site)
    state = begin(browser, url)
    assert end(Browser(), url, state) == 400
    other = Browser()
    begin(other, url)
    assert end(other, url, state) == 400
    assert end(browser, url, state) == 200


@pytest.mark.parametrize("state", ["", "x", "%C3%A9", ".", "%00"])
def test_states_that_are_none(site: Start, browser: Browser, state: str) -> None:
    url = begun(site)
    right = begin(browser, url)
    assert end(browser, url, state) == 400
    assert end(browser, url, right) == 200
    assert browser.ask(f"{url}/end").answer.status == 400


def test_the_refusal(site: Start, browser: Browser, expect_log: Callable[..., object]) -> None:
    url = begun(site)
    page = browser.ask(f"{url}/end?state=x")
    assert "begun in this browser, or too long ago. Please begin again." in page.answer.text


def test_several_tabs(site: Start, browser: Browser) -> None:
    """In any order; of many, the last."""
    url = begun(site)
    states = [begin(browser, url) for _ in range(MOST_STATES + 2)]
    assert [end(browser, url, state) for state in states[:2]] == [400, 400]
    assert {end(browser, url, state) for state in reversed(states[2:])} == {200}
    assert browser.cookies == {}


def test_tabs_that_begin_at_the_same_moment(site: Start, browser: Browser) -> None:
    """Neither brings along what the other has got."""
    url = begun(site)
    other = Browser()
    states = [begin(browser, url), begin(other, url)]
    browser.cookies |= other.cookies
    assert [end(browser, url, state) for state in states] == [200, 200]


@pytest.mark.parametrize(
    ("name", "value", "state"),
    [
        ("_state_", "", ""),
        ("_state_", "x", ""),
        ("_state_x", "y", "x"),
        ("_state_12345678", "12345678x", "12345678"),
        ("_state_12345678", "12345678", "12345678x"),
        ("_state", "x", "x"),
    ],
)
def test_cookies_that_do_not_fit(
    site: Start, browser: Browser, name: str, value: str, state: str
) -> None:
    url = begun(site)
    browser.cookies[name] = value
    assert end(browser, url, state) == 400
    assert browser.cookies == {name: value}


def test_a_flood_of_cookies(site: Start, browser: Browser) -> None:
    """The oldest go, a few at a time: the answer to many is not many."""
    url = begun(site)
    browser.cookies = {f"_state_{number}": "x" for number in range(500)}
    page = browser.ask(f"{url}/begin")
    assert len(page.answer.headers.get_all("Set-Cookie") or []) == MOST_STATES + 1
    state = page.answer.text
    left = [f"_state_{number}" for number in range(MOST_STATES, 500)]
    assert [*browser.cookies] == [*left, f"_state_{state[:8]}"]
    assert end(browser, url, state) == 200


def test_the_cookie(site: Start, browser: Browser) -> None:
    state = begin(browser, begun(site))
    morsel = browser.morsels[f"_state_{state[:8]}"]
    assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Lax", "/")
    assert morsel["max-age"] == str(STATE_SECONDS)
    assert not morsel["secure"]


@pytest.mark.parametrize("wire", ["tls"])
@pytest.mark.parametrize(("states", "same_site"), [(STATES, "Lax"), (POSTED, "None")])
def test_the_cookie_over_tls(site: Start, certs: object, states: States, same_site: str) -> None:
    """No other host can set it; and it comes with the form of a provider's page where there may be one."""
    browser = Browser(certs.client_context())  # type: ignore[attr-defined]
    url = begun(site, states)
    state = begin(browser, url)
    morsel = browser.morsels[f"__Host-_state_{state[:8]}"]
    assert (morsel["secure"], morsel["samesite"], morsel["domain"]) == (True, same_site, "")
    browser.cookies["_state_another"] = "another"
    assert end(browser, url, "another") == 400
    assert end(browser, url, state) == 200
    assert [*browser.cookies] == ["_state_another"]
