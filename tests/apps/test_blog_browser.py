"""The blog in Chromium, on the way of somebody who comes to write. Screenshots are left in `.cache/screenshots`."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import chromium

from .blog_visitors import PASSWORD
from .conftest import ROOT, Demo

pytest.importorskip("selenium", reason="drives a browser by selenium")
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCREENSHOTS = ROOT / ".cache" / "screenshots"
PATIENCE = 20
WIDTHS = {"desktop": (1280, 800), "phone": (360, 640)}

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


MARKDOWN = """هذه *فقرة* عربية.

And this is an **English** one.

- one
- two

> `code`
"""


class Visit:
    """One window."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def find(self, selector: str) -> Any:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def fill(self, **fields: str) -> None:
        for field, text in fields.items():
            self.find(f"#{field}").send_keys(text)

    def press(self, selector: str, then: str) -> None:
        """Press it, and wait for something of the next page."""
        self.find(selector).click()
        self.wait(lambda: self.driver.find_elements(By.CSS_SELECTOR, then), then)

    def wait(self, what: Callable[[], Any], why: str) -> None:
        WebDriverWait(self.driver, PATIENCE, 0.05).until(lambda _: what(), why)

    def where_it_begins(self, number: int) -> str:
        """The side at which the first letter of the entry's paragraph of that number stands."""
        script = """
            const p = document.querySelector(`.text > p:nth-of-type(${arguments[0]})`);
            const range = document.createRange();
            range.setStart(p.firstChild, 0);
            range.setEnd(p.firstChild, 1);
            const letter = range.getBoundingClientRect(), box = p.getBoundingClientRect();
            return letter.left - box.left < box.right - letter.right ? "left" : "right";
        """
        side: str = self.driver.execute_script(script, number)
        return side

    def look(self, name: str) -> None:
        """The page fits whatever width it gets."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for device, (width, height) in WIDTHS.items():
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            (SCREENSHOTS / f"blog-{name}-{device}.png").write_bytes(
                self.driver.get_screenshot_as_png()
            )
            script = "return document.documentElement.scrollWidth - innerWidth"
            assert self.driver.execute_script(script) <= 0, (name, device)


def test_somebody_comes_to_write(demo: Callable[..., Demo], tmp_path: Path) -> None:
    picture = tmp_path / "dot.png"
    picture.write_bytes(DOT)
    server = demo("blog")
    with chromium("--lang=en") as driver:
        ann = Visit(driver)
        driver.get(server.url)
        ann.look("empty")
        ann.press(".empty .button", then="a[href='/signup?next=%2Fwrite']")
        ann.press("a[href='/signup?next=%2Fwrite']", then="[autocomplete=new-password]")
        ann.fill(name="Ann", password=PASSWORD)
        ann.look("signup")
        ann.press("main .button", then="#text")
        ann.fill(title="A dot", text="W" * 200, picture=str(picture), description="A red dot")
        ann.wait(lambda: ann.find("#preview").get_property("naturalWidth") == 1, "the preview")
        ann.look("write")
        ann.press("main .button", then=".own")
        assert ann.find("figure img").get_property("naturalWidth") == 1
        assert ann.find(".flash").text == "It is published."
        ann.look("entry")
        ann.press(".brand", then=".teaser")
        ann.look("home")
        ann.press("[name=language][value=de]", then="[lang=de] .teaser")
        assert ann.find(".teaser img").get_attribute("alt") == "A red dot"
        ann.press("[name=language][value=ja]", then="[lang=ja] .teaser")
        ann.look("home-ja")
        ann.press("[name=language][value=ar]", then="[lang=ar][dir=rtl] .teaser")
        ann.look("home-ar")
        ann.press("nav .button", then="#text")
        ann.fill(title="تلال خضراء", text=MARKDOWN)
        ann.look("write-ar")
        ann.press("main .button", then=".own")
        ann.look("entry-ar")
        brand, menu = ann.find(".brand").rect, ann.find(".top nav").rect
        assert brand["x"] > menu["x"]
        # Each part of a text goes its own way.
        begins = [ann.where_it_begins(number) for number in (1, 2)]
        assert begins == ["right", "left"]
        ann.press(".top nav form button", then="a[href='/signin']")
        assert ann.find(".flash").text == "تم تسجيل خروجك."
        # What the page's own security policy refuses would be here.
        assert driver.get_log("browser") == []
