"""``site(*rules, **settings)``, as the tests of the site have it."""

from tests.web.conftest import site

__all__ = ["site"]
