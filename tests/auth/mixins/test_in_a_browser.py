"""The mixins in Chromium: the provider is another site, as it is in life, and cookies come back from there."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.auth.mixins.oauth1_provider import OAuth1Provider
from tests.auth.mixins.oauth2_provider import OAuth2Provider
from tests.auth.mixins.openid_provider import OpenIdProvider
from tests.auth.mixins.test_google import KEY, SECRET
from tests.auth.mixins.test_google import Login as GoogleLogin
from tests.auth.mixins.test_oauth1 import Login as OAuth1Login
from tests.auth.mixins.test_openid2 import Login as OpenIdLogin
from tests.chromium import chromium
from tests.web.helpers import Site

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.slow]


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    # The site has a name that only this browser knows; the provider is 127.0.0.1.
    with chromium("--host-resolver-rules=MAP site.example 127.0.0.1") as driver:
        yield driver


def shown(driver: Any, url: str) -> str:
    driver.get(url)
    return str(driver.find_element("tag name", "body").text)


def address(served: Site) -> str:
    return f"http://site.example:{served.server.port}/login"


def test_oauth_1(site: Callable[..., Site], oauth1: OAuth1Provider, driver: Any) -> None:
    url = address(site(("/login", OAuth1Login, {"url": oauth1.url})))
    oauth1.validator.callbacks = (url,)
    assert '"Ann"' in shown(driver, url)
    back = driver.current_url
    assert back.startswith(f"{url}?b=1&oauth_")
    assert "Missing OAuth request token cookie" in shown(driver, back)


def test_oauth_2(site: Callable[..., Site], oauth2: OAuth2Provider, driver: Any) -> None:
    settings = {"google_oauth": {"key": KEY, "secret": SECRET}}
    rule = ("/login", GoogleLogin, {"url": oauth2.url, "_OAUTH_STATE": True})
    url = address(site(rule, **settings))
    oauth2.client.redirect_uris = (url,)
    assert '"Ann"' in shown(driver, url)
    back = driver.current_url
    assert back.startswith(f"{url}?code=")
    assert "not begun in this browser" in shown(driver, back)


def test_openid(site: Callable[..., Site], openid: OpenIdProvider, driver: Any) -> None:
    url = address(site(("/login", OpenIdLogin, {"endpoint": openid.endpoint})))
    assert '"Ann Lee"' in shown(driver, url)
    back = driver.current_url
    assert "not begun in this browser" in shown(driver, back)
