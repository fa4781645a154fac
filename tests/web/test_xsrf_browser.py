"""XSRF in a real browser: what it sends for pages of ours and of another site, and what becomes of that."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.chromium import chromium
from tests.web.helpers import Site
from tornadolike.escape import xhtml_escape
from tornadolike.web import RequestHandler

from selenium.webdriver.support.ui import WebDriverWait  # isort: skip (if selenium is there)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.once]

FORM = '<form method="post" action="{}"><input name="_xsrf" value="{}"><button>Send</button></form>'


class Form(RequestHandler):
    """One that goes to whom it is told to, with the token it is told; or to itself."""

    def get(self) -> None:
        where = self.get_argument("where", "/")
        token = self.get_argument("token", "") or self.xsrf_token.decode()
        self.write(FORM.format(xhtml_escape(where), xhtml_escape(token)))

    def post(self) -> None:
        self.write("done")


def send(driver: Any, page: str) -> str:
    """Open a page with a form, send that, and tell what is said then."""
    driver.get(page)
    driver.find_element("tag name", "button").click()
    WebDriverWait(driver, 60, 0.05).until(
        lambda driver: not driver.find_elements("tag name", "button")
    )
    return str(driver.find_element("tag name", "body").text)


def test_pages_of_another_site_that_know_the_token(site: Callable[..., Site]) -> None:
    everywhere = {"samesite": "None", "secure": True}  # a cookie that goes along with everything
    stranger = site(("/", Form))
    elsewhere = f"http://localhost:{stranger.server.port}"
    with chromium() as driver:
        for settings, has_cookie, told in (
            ({}, False, "Pages of other sites may not send this request."),
            ({"xsrf_cookie_kwargs": everywhere}, True, "Pages of other sites may not"),
            ({"xsrf_cookie_kwargs": everywhere, "trusted_origins": [elsewhere]}, True, "done"),
            ({"trusted_origins": [elsewhere]}, False, "The cookie _xsrf is missing."),
        ):
            ours = site(("/", Form), xsrf_cookies=True, **settings)
            home = f"http://127.0.0.1:{ours.server.port}/"
            driver.delete_all_cookies()
            assert send(driver, home) == "done"
            ours.settle()
            assert ours.finished[-1].request.headers["Sec-Fetch-Site"] == "same-origin"
            token = driver.get_cookie("_xsrf")["value"]
            query = urlencode({"where": home, "token": token})
            assert told in send(driver, f"{elsewhere}/?{query}"), settings
            ours.settle()
            asked = ours.finished[-1].request
            assert asked.method == "POST"
            assert asked.headers["Sec-Fetch-Site"] == "cross-site"
            assert ("_xsrf" in asked.cookies) == has_cookie, settings
            driver.get(home)  # whose cookies these are
