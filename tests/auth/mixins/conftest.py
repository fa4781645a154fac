"""``site(*rules, **settings)``: a site that is served; ``browser``; providers that speak OAuth."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.auth.mixins.browsing import Browser
from tests.auth.mixins.oauth1_provider import OAuth1Provider
from tests.auth.mixins.oauth2_provider import OAuth2Provider
from tests.auth.mixins.openid_provider import OpenIdProvider
from tests.web.conftest import site  # noqa: F401 (a fixture)


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def oauth1(serve: Callable[..., Any]) -> OAuth1Provider:
    """A provider of OAuth 1.0a made with oauthlib."""
    return OAuth1Provider(serve)


@pytest.fixture
def oauth2(serve: Callable[..., Any]) -> OAuth2Provider:
    """A provider of OAuth 2.0 made with Authlib, on Flask."""
    return OAuth2Provider(serve)


@pytest.fixture
def openid(serve: Callable[..., Any]) -> OpenIdProvider:
    return OpenIdProvider(serve)
