"""The chat in Chromium, for tests: a browser, and windows with the chat in them."""

import base64
import contextlib
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.chromium import chromium
from tornadolike.tls.development import DevelopmentCertificate

from .breaking_line import BreakingLine
from .conftest import Demo

pytest.importorskip("selenium", reason="drives a browser by selenium")
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 20.0
FLAGS = (
    # The window that is not looked at has timers too.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--window-size=1280,800",
)


def trusting(certificates: DevelopmentCertificate) -> contextlib.AbstractContextManager[Any]:
    """A browser that trusts these certificates. Skips where none is installed."""
    # To trust an authority it would need tools that few machines have: it is told of the certificate.
    trust = f"--ignore-certificate-errors-spki-list={fingerprint(certificates)}"
    return chromium(*FLAGS, trust)


def fingerprint(certificates: DevelopmentCertificate) -> str:
    """Of the key of the server's certificate, as Chromium wants it."""
    certificate = x509.load_pem_x509_certificate(Path(certificates.certfile).read_bytes())
    key = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


class Page:
    """One window with the chat in it."""

    def __init__(
        self, driver: Any, url: str, name: str, before: str = "", language: str = ""
    ) -> None:
        """
        :arg name: who enters; empty to stay at the question for it.
        :arg before: a script that runs before those of the page.
        :arg language: what the browser says that its owner reads; empty for its default, English.
        """
        self.driver = driver
        driver.switch_to.new_window("window")
        self.window = driver.looked_at = driver.current_window_handle
        if before:
            driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": before})
        if language:
            agent = driver.execute_script("return navigator.userAgent")
            driver.execute_cdp_cmd(
                "Emulation.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": language}
            )
        # All windows share one memory for name and language: forget the neighbour's.
        origin = url.partition("#")[0]
        driver.execute_cdp_cmd(
            "Storage.clearDataForOrigin",
            {"origin": origin, "storageTypes": "local_storage,cookies"},
        )
        driver.get(url)
        if name:
            self.fill("name-input", name)
            self.find("name-save").click()
            self.wait_live()

    def look(self) -> "Page":
        """Make this window the one that the driver looks at, which it may be already."""
        if self.driver.looked_at != self.window:
            self.driver.switch_to.window(self.window)
            self.driver.looked_at = self.window
        return self

    def find(self, id: str) -> Any:
        return self.look().driver.find_element(By.ID, id)

    def all(self, selector: str) -> list[Any]:
        return self.look().driver.find_elements(By.CSS_SELECTOR, selector)

    def script(self, source: str) -> Any:
        return self.look().driver.execute_script(source)

    def wait(self, condition: Callable[[], Any], what: str) -> Any:
        self.look()
        return WebDriverWait(self.driver, PATIENCE, 0.05).until(lambda _: condition(), what)

    def fill(self, id: str, text: str) -> None:
        field = self.find(id)
        self.wait(field.is_displayed, f"{id} to be shown")
        field.clear()
        field.send_keys(text)

    @property
    def state(self) -> tuple[str, str]:
        badge = self.find("badge")
        return badge.get_attribute("data-state"), badge.get_attribute("data-transport")

    def wait_live(self, transport: str = "") -> None:
        self.wait(
            lambda: self.state[0] == "live" and transport in self.state[1],
            f"live {transport}; it was {self.state}",
        )

    def wait_offline(self) -> None:
        self.wait(lambda: self.find("banner").is_displayed(), "the offline banner")

    def choose(self, mode: str) -> None:
        """Switch the transport by hand."""
        radio = self.all(f"input[name=mode][value={mode}]")[0]
        if not radio.is_displayed():
            self.find("badge").click()
        self.wait(radio.is_displayed, "the connection menu")
        radio.click()
        self.wait_live(mode if mode != "auto" else "")

    def say(self, text: str) -> None:
        field = self.find("composer-text")
        field.send_keys(text, Keys.ENTER)

    def contents(self, selector: str) -> list[str]:
        """The text of all such elements at one moment: the page may replace them at any time."""
        return self.script(
            f"return Array.from(document.querySelectorAll({selector!r}), e => e.textContent)"
        )

    def texts(self) -> list[str]:
        """What the messages in the list say, exactly."""
        return self.contents("#log .text")

    def notices(self) -> str:
        joined = " ".join(self.contents("#log .notice"))
        return joined.replace("\u2068", "").replace("\u2069", "")

    def people(self) -> list[str]:
        return self.contents("#people bdi")

    def wait_text(self, text: str) -> None:
        self.wait(lambda: text in self.texts(), f"the message {text!r}")

    def is_at_bottom(self) -> bool:
        return self.script(
            "const s = document.getElementById('scroller');"
            "return s.scrollHeight - s.clientHeight - s.scrollTop < 2"
        )


Open = Callable[..., Page]


@contextlib.contextmanager
def opening(driver: Any) -> Iterator[Open]:
    """`open(server, room, name)` opens a window; all are closed at the end, and had no errors."""
    home = driver.current_window_handle
    opened: list[Page] = []

    def open_page(
        server: Demo | BreakingLine, room: str, name: str, transport: str = "", **more: Any
    ) -> Page:
        page = Page(driver, f"{server.url}/#{room}", name, **more)
        opened.append(page)
        if transport == "polling":
            page.choose("polling")
        return page

    yield open_page
    for page in opened:
        page.look()
        driver.close()
    driver.switch_to.window(home)
    # What the page itself did wrong: exceptions, breaches of its content security policy.
    mistakes = [e["message"] for e in driver.get_log("browser") if e["source"] != "network"]
    assert not mistakes
