"""Requests of users who are known, or pretend to be."""

import time

import tornado.web

from tests.compare.cases import another, ask, differing, each
from tests.compare.differences import AWAITED_USER, FULL_NEXT, SLASHES, STRICT_NUMBERS, VERSION_ONE

SECRETS = {1: "the first secret of all", 2: "the second secret of all"}


def signed(value: str = "mary", name: str = "user", key: int = 2, age: float = 0) -> str:
    made = tornado.web.create_signed_value(
        SECRETS, name, value, clock=lambda: time.time() - age, key_version=key
    )
    return made.decode()


GOOD = signed()
DAY = 24 * 3600
BAD = [
    GOOD[:-1],
    GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"),
    GOOD.replace("2|1:2", "2|1:1"),
    GOOD.replace("2|1:2", "2|1:3"),
    "3" + GOOD[1:],
    GOOD + "x",
    signed(name="other"),
    signed(age=40 * DAY),
    signed(age=-40 * DAY),
    tornado.web.create_signed_value("another secret entirely", "user", "mary").decode(),
    tornado.web.create_signed_value(SECRETS[2], "user", "mary", version=2).decode(),
    "2|",
    "2|1:2|",
    "2|1:2|10:1300000000|4:user|8:bWFyeQ==|" + "0" * 64,
]
LIKE_VERSION_ONE = [
    tornado.web.create_signed_value(SECRETS[2], "user", "mary", version=1).decode(),
    "mary",
    "|||||",
    "\xff",
    "x" * 3000,
]

CASES = [
    # Those who are known.
    ask("GET /page", f"Cookie: user={GOOD}"),
    ask("POST /page", f"Cookie: user={GOOD}", body=""),
    ask("GET /page", f'Cookie: user="{GOOD}"'),
    ask("GET /page", f"Cookie: user={signed(key=1)}"),
    ask("GET /prepared", "X-User: mary"),
    # Those who are not.
    ask("GET /page"),
    ask("GET /page?a=%C3%BC&b=/c%3Fd"),
    ask("HEAD /page"),
    ask("POST /page", body=""),
    ask("PUT /page", body=""),
    ask("GET /page", host="example.com"),
    *each("/x /x?y=1 https://example.com/x x?y http:", "GET /elsewhere?login={}"),
    *differing("location", FULL_NEXT, ask("GET /elsewhere?login=//example.com/x")),
    ask("GET /prepared"),
    ask("GET /broken"),
    *another(500, AWAITED_USER, ask("GET /awaited")),
    *differing("location", FULL_NEXT, ask("GET //example.com/page")),
    *(ask("GET /reads", f"Cookie: user={value}") for value in [GOOD, signed(key=1), *BAD]),
    *differing(
        "body", STRICT_NUMBERS, ask("GET /reads", f"Cookie: user={GOOD.replace('1:2', '2:02')}")
    ),
    *another(
        200,
        VERSION_ONE,
        *(ask("GET /reads", f"Cookie: user={value}") for value in LIKE_VERSION_ONE),
    ),
    ask("GET /reads"),
    ask(f"GET /reads?value={GOOD}"),
    ask("GET /reads?value=%FF"),
    # Signing.
    *each("plain older_name options version_one version_three", "GET /signs/{}"),
    # Slashes.
    *each("/added /added/ /added?x=1 /added?a=%C3%BC /removed /removed/ /removed/?x=1 / /?"),
    ask("HEAD /added"),
    *differing("location", SLASHES, ask("GET /\xc3\xbcadded")),
    ask("POST /added", body=""),
    ask("HEAD /removed/"),
    ask("POST /removed/", body=""),
    ask("GET //example.com/added"),
]
