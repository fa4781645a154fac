"""The front door in Chromium, on the way of a newcomer. Screenshots are left in `.cache/screenshots`."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from demos.login import local_provider
from tests.chromium import chromium

from .conftest import ROOT, Demo

pytest.importorskip("selenium", reason="drives a browser by selenium")
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(
        not local_provider.is_installed(), reason="the extra `demos` brings oidc-provider-mock"
    ),
]

SCREENSHOTS = ROOT / ".cache" / "screenshots"
PATIENCE = 60
WIDTHS = {"desktop": (1000, 800), "phone": (360, 640)}
PASSWORD = "a fine day for a walk"


class Visit:
    """One window, which goes to nobody but this machine."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def find(self, selector: str) -> Any:
        return WebDriverWait(self.driver, PATIENCE, 0.05).until(
            lambda driver: next(iter(driver.find_elements(By.CSS_SELECTOR, selector)), None),
            selector,
        )

    def press(self, selector: str, then: str) -> Any:
        """Press it, and wait for something of the next page."""
        self.find(selector).click()
        return self.find(then)

    def fill(self, **fields: str) -> None:
        for field, text in fields.items():
            self.find(f"#{field}").send_keys(text)

    def sign_out(self) -> str:
        """What one is told then."""
        told: str = self.press("form[action='/signout'] button", then=".flash").text
        return told

    def look(self, name: str) -> None:
        """The page fits whatever width it gets, in the light and in the dark."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for theme in ("light", "dark"):
            media = [{"name": "prefers-color-scheme", "value": theme}]
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
            for device, (width, height) in WIDTHS.items():
                size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
                self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
                path = SCREENSHOTS / f"login-{name}-{device}-{theme}.png"
                path.write_bytes(self.driver.get_screenshot_as_png())
                script = "return document.documentElement.scrollWidth - innerWidth"
                assert self.driver.execute_script(script) <= 0, (name, device)

    def complaints(self) -> list[str]:
        """What the browser holds against the pages: a policy that is broken, a file that is not there."""
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["level"] == "SEVERE"
        ]


@pytest.fixture
def visit() -> Iterator[Visit]:
    nobody_else = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
    with chromium(nobody_else, "--lang=en") as driver:
        yield Visit(driver)


def test_a_newcomer_sees_the_whole_dance(demo: Callable[..., Demo], visit: Visit) -> None:
    server = demo("login")
    visit.driver.get(server.url)
    visit.look("nobody")
    visit.press(".card .button", then="#password")
    visit.look("signin")
    visit.press("a[href^='/signin/local']", then="button[value=ada]")
    visit.look("provider")
    assert "Ada Lovelace" in visit.press("button[value=ada]", then="bdi").text
    visit.look("ada")
    assert visit.sign_out() == "You are signed out."
    visit.look("goodbye")
    visit.press(".card p a:not(.button)", then="form[action$=confirm] button")
    visit.look("provider-goodbye")
    visit.press("form[action$=confirm] button", then=".brand")
    assert visit.driver.current_url == server.url + "/"
    visit.press(".card .button", then="#password")
    visit.press("a[href^='/signin/local']", then="button[value=deny]")
    assert "not been signed in" in visit.press("button[value=deny]", then=".flash").text
    assert visit.complaints() == []


def test_an_account_and_a_passkey(demo: Callable[..., Demo], visit: Visit) -> None:
    server = demo("login")
    options = VirtualAuthenticatorOptions(
        transport=VirtualAuthenticatorOptions.Transport.INTERNAL,
        has_resident_key=True,
        has_user_verification=True,
        is_user_verified=True,
    )
    visit.driver.add_virtual_authenticator(options)
    visit.driver.get(f"http://localhost:{server.port}/signin")
    visit.find("[data-passkey-sign-in]")
    visit.look("signin-passkey")
    visit.press(".actions a", then="[autocomplete=new-password]")
    visit.fill(name="Ann", password=PASSWORD)
    visit.look("signup")
    assert visit.press(".card .button", then="bdi").text == "Ann"
    visit.press("[data-passkey-register]", then="[data-passkey-message]:not(:empty)")
    assert visit.find("[data-passkey-message]").text == "You have 1 already."
    visit.look("ann")
    visit.sign_out()
    # The field for the name offers it, and this authenticator's user always says yes.
    assert visit.press(".card .button", then="bdi").text == "Ann"
    visit.press("a[href='/signin/local']", then="button[value=ada]")
    visit.press("button[value=ada]", then="button[value=me]")
    visit.look("another")
    visit.press("button[value=me]", then="dl")
    assert visit.find("bdi").text == "Ann"
    visit.look("ann-and-ada")
    assert visit.complaints() == []
