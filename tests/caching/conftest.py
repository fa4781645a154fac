"""``site(*rules, **settings)`` as for the tests of the site."""

from tests.web.conftest import site  # noqa: F401 (a fixture)
