"""The flows in Chromium: what its cookies, forms and history make of them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.auth.real.site import BACK, GOODBYE, SIGNIN, FormPost, Site
from tests.auth.real.users import User, changed
from tornadolike.auth import (
    AccessDeniedError,
    ProviderUnavailableError,
    SignInError,
    TokenError,
)

pytest.importorskip("selenium", reason="drives a browser by selenium")
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.slow, pytest.mark.timeout(240)]

PATIENCE = 60

Make = Callable[..., Site]


class Visit:
    """A window of Chromium."""

    def __init__(self, driver: Any, provider: Any) -> None:
        self.driver = driver
        self.provider = provider

    def find(self, selector: str) -> Any:
        """What it is, as soon as it is there."""
        return WebDriverWait(self.driver, PATIENCE, 0.05).until(
            lambda driver: next(iter(driver.find_elements(By.CSS_SELECTOR, selector)), None),
            selector,
        )

    def sign_in_there(self, name: str = "ada", agreed: bool = False) -> None:
        """Fill in the provider's forms, which it has shown. It does not ask again what was agreed to before."""
        self.find("input[name=login]").send_keys(name)
        self.find("input[name=password]").send_keys("anything")
        self.find("button[type=submit]").click()
        if not agreed:
            self.find("input[name=prompt][value=consent]")
            self.find("button[type=submit]").click()

    def who(self) -> str:
        """What the site tells of who one is."""
        text: str = self.find("#who").text
        return text

    def said(self) -> str:
        text: str = self.find("body").text
        return text

    def signin_cookies(self) -> list[str]:
        return [one["name"] for one in self.driver.get_cookies() if "signin" in one["name"]]


@pytest.fixture
def visit(window: Any, provider: Any) -> Visit:
    return Visit(window, provider)


def test_somebody_signs_in(make: Make, visit: Visit) -> None:
    site = make()
    visit.driver.get(site.url + SIGNIN + "?next=/?page=2")
    assert len(visit.signin_cookies()) == 1  # for all ports of the host, so that it is seen here
    visit.sign_in_there()
    assert '"subject": "ada"' in visit.who()
    assert visit.driver.current_url == site.url + "/?page=2"
    assert visit.signin_cookies() == []


def test_with_a_form_of_the_provider(make: Make, visit: Visit) -> None:
    """That comes from another site, so that only a cookie that says so comes along."""
    site = make(kind=FormPost)
    visit.driver.get(site.url + SIGNIN)
    visit.sign_in_there()
    assert '"subject": "ada"' in visit.who()
    assert visit.signin_cookies() == []


def test_somebody_turns_back(make: Make, visit: Visit) -> None:
    site = make()
    visit.driver.get(site.url + SIGNIN)
    visit.find("a[href$='/abort']").click()
    visit.find("a[href='/signin']")  # to begin again
    assert type(site.errors[0]) is AccessDeniedError
    assert "not agreed" in visit.said()
    visit.driver.get(site.url)
    assert visit.who() == "{}"


def test_another_state(make: Make, visit: Visit) -> None:
    site = make()
    visit.driver.get(site.url + SIGNIN)
    there = visit.driver.current_url
    visit.driver.get(site.url + SIGNIN + "?code=stolen&state=" + "x" * 32)
    assert "begin again" in visit.said()
    assert [type(error) for error in site.errors] == [SignInError]
    # The one that was begun goes on.
    visit.driver.get(there)
    visit.sign_in_there()
    assert '"subject": "ada"' in visit.who()


def test_twice_the_same_answer(make: Make, visit: Visit) -> None:
    site = make()
    visit.driver.get(site.url + SIGNIN)
    visit.sign_in_there()
    visit.who()
    visit.driver.get(site.answers[0])
    assert "begin again" in visit.said()
    visit.driver.get(site.url)
    assert '"subject": "ada"' in visit.who()


def test_two_tabs(make: Make, visit: Visit) -> None:
    site = make()
    visit.driver.get(site.url + SIGNIN + "?next=/?first")
    first = visit.driver.current_window_handle
    visit.driver.switch_to.new_window("tab")
    visit.driver.get(site.url + SIGNIN + "?next=/?second")
    visit.sign_in_there()
    visit.who()
    assert visit.driver.current_url == site.url + "/?second"
    visit.driver.switch_to.window(first)
    visit.sign_in_there(agreed=True)
    visit.who()
    assert visit.driver.current_url == site.url + "/?first"
    assert len(site.identities) == 2


def test_out_of_everywhere(make: Make, visit: Visit) -> None:
    site = make()
    site.register(visit.provider, backchannel_logout_uri=site.url + BACK)
    visit.driver.get(site.url + SIGNIN)
    visit.sign_in_there()
    visit.who()
    token = site.identities[0].token.id_token
    there = site.run(lambda: site.openid.end_session_url(token, site.url + GOODBYE, "a-state"))
    visit.driver.get(there)
    visit.find("button[name=logout]").click()
    assert visit.find("#bye").text == "Goodbye a-state"
    assert len(site.logouts) == 1
    visit.driver.get(site.url)
    assert visit.who() == "{}"


def test_another_nonce(make: Make, visit: Visit) -> None:
    site = make()
    # The cookie, and where to go with it, as somebody sees it who has the browser's traffic.
    user = User()
    there = user.ask(site.url + SIGNIN).headers["Location"]
    visit.driver.get(site.url)
    for (_, name), morsel in user.cookies.items():
        visit.driver.add_cookie({"name": name, "value": morsel.coded_value})
    visit.driver.get(changed(there, nonce="of another sign-in"))
    visit.sign_in_there()
    visit.find("a[href='/signin']")
    assert [type(error) for error in site.errors] == [TokenError]
    visit.driver.get(site.url)
    assert visit.who() == "{}"


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_nobody_is_led_away(make: Make, visit: Visit, there: str) -> None:
    site = make()
    visit.driver.get(changed(site.url + SIGNIN, next=there))
    visit.sign_in_there()
    assert '"subject": "ada"' in visit.who()
    assert visit.driver.current_url == site.url + "/"


def test_a_provider_that_is_down_and_comes_back_with_other_keys(make: Make, visit: Visit) -> None:
    site = make()
    visit.driver.get(site.url + SIGNIN)
    visit.sign_in_there()
    visit.who()
    visit.provider.tell(fail=["/token"])
    visit.driver.get(site.url + SIGNIN)  # there nobody is asked again
    assert "try again later" in visit.said()
    assert [type(error) for error in site.errors] == [ProviderUnavailableError]
    visit.driver.get(site.url)  # who is signed in stays so
    assert '"subject": "ada"' in visit.who()
    visit.provider.tell(fail=[], keys="of a browser")
    visit.driver.get(site.url + SIGNIN)
    assert '"subject": "ada"' in visit.who()
    assert len(site.identities) == 2
