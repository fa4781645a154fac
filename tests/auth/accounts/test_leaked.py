"""A list of stolen passwords."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import Site
from tornadolike.auth.accounts.leaked import LeakedPasswords
from tornadolike.auth.accounts.password_rules import PasswordRules
from tornadolike.web import HTTPError, RequestHandler

# SHA-1 of "password" is 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8
FIVE, REST = "5BAA6", "1E4C9B93F3F0682250B6CF8331B7EE68FD8"


def known(url: str, *passwords: str) -> list[bool]:
    async def ask() -> list[bool]:
        leaked = LeakedPasswords(url)
        return [await leaked(password) for password in passwords]

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        (f"{REST}:9", True),
        (f"0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n{REST}:9659365\r\n00D4F:2", True),
        (f"{REST.lower()}:1\n", True),
        (f"{REST}:0", False),
        (f"{REST[:-1]}:9", False),
        (f"{REST}0:9", False),
        ("", False),
        ("<html>" * 100, False),
    ],
)
def test_what_the_list_has(site: Callable[..., Site], listed: str, found: bool) -> None:
    asked: list[Any] = []

    class Range(RequestHandler):
        def get(self, begin: str) -> None:
            asked.append((begin, self.request.headers["Add-Padding"], self.request.uri))
            self.write(listed if begin == FIVE else "")

    served = site(("/range/(.*)", Range))
    url = f"http://127.0.0.1:{served.server.port}/range/"
    assert known(url, "password", "seven green teapots") == [found, False]
    assert asked[0] == (FIVE, "true", f"/range/{FIVE}")  # and nothing else of the password


@pytest.mark.parametrize("status", [301, 403, 429, 500, 503])
def test_a_list_that_fails(site: Callable[..., Site], status: int, expect_log: Any) -> None:
    class Failing(RequestHandler):
        def get(self) -> None:
            self.set_header("Location", "/elsewhere")
            raise HTTPError(status)

    served = site(("/.*", Failing))
    with expect_log("tornadolike.general", "does not answer", count=1) as told:
        assert known(f"http://127.0.0.1:{served.server.port}/", "password", "x") == [False, False]
    assert REST not in told.matched[0].getMessage()


def test_a_list_that_is_not_there(expect_log: Any) -> None:
    with expect_log("tornadolike.general", "does not answer"):
        assert known("http://127.0.0.1:9/", "password") == [False]


def test_nothing_begins_so(site: Callable[..., Site]) -> None:
    assert known(f"http://127.0.0.1:{site().server.port}/", "password") == [False]


def test_as_a_rule(site: Callable[..., Site]) -> None:
    class All(RequestHandler):
        def get(self) -> None:
            self.write(f"{REST}:1")

    rules = PasswordRules(
        leaked=LeakedPasswords(f"http://127.0.0.1:{site(('/.*', All)).server.port}/")
    )
    assert asyncio.run(rules.check("seven green teapots")) is None
