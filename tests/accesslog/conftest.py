"""``site(*rules, **settings)`` as in the tests of the site."""

from tests.web.conftest import site as site
