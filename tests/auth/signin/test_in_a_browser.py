"""The sign-in in Chromium: what it does with our cookies, between two sites (127.0.0.1 and localhost)."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.chromium import chromium  # isort: skip (it skips these tests where there is no selenium)
from selenium.webdriver.support.ui import WebDriverWait

from tests.auth.lying_provider import LyingProvider
from tests.auth.signin.test_handler import SECRET, Plain, SignIn

pytestmark = [pytest.mark.once, pytest.mark.browser]


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with chromium() as driver:
        yield driver


def cookies(driver: Any) -> list[dict[str, Any]]:
    """Of all sites."""
    found: list[dict[str, Any]] = driver.execute_cdp_cmd("Network.getAllCookies", {})["cookies"]
    return found


@pytest.mark.parametrize("response_mode", [None, "form_post"])
def test_a_sign_in(
    site: Any, lying_provider: LyingProvider, driver: Any, response_mode: str | None
) -> None:
    provider = Plain(lying_provider)
    provider.response_mode = response_mode
    served = site(
        ("/signin", SignIn, {"provider": provider}),
        cookie_secret=SECRET,
        xsrf_cookies=True,
        cross_origin_protection=True,
    )
    url = f"http://localhost:{served.server.port}"
    driver.get(f"{url}/signin")
    if response_mode == "form_post":
        assert driver.current_url.startswith(lying_provider.issuer)
        [cookie] = cookies(driver)
        assert (cookie["sameSite"], cookie["secure"], cookie["httpOnly"]) == ("None", True, True)
        driver.execute_script("document.forms[0].submit()")
    WebDriverWait(driver, 60, 0.05).until(lambda driver: "user-17" in driver.page_source)
    assert driver.current_url.startswith(f"{url}/signin")
    assert cookies(driver) == []  # it has served, and is gone
