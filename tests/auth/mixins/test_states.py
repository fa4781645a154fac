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


def test_a_cookie_of_a_stranger(site: Start, browser: Browser) -> None:
    """However long it is, it does not become longer."""
    url = begun(site)
    browser.cookies["_state"] = "." * 100 + ".".join(["x"] * 100)
    state = begin(browser, url)
    assert browser.cookies["_state"].split(".") == ["x"] * (MOST_STATES - 1) + [state]
    browser.cookies["_state"] = "é"
    assert end(browser, url, "x") == 400


def test_the_cookie(site: Start, browser: Browser) -> None:
    begin(browser, begun(site))
    morsel = browser.morsels["_state"]
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
    morsel = browser.morsels["__Host-_state"]
    assert (morsel["secure"], morsel["samesite"], morsel["domain"]) == (True, same_site, "")
    browser.cookies["_state"] = "another"
    assert end(browser, url, "another") == 400
    assert end(browser, url, state) == 200
    assert "__Host-_state" not in browser.cookies
