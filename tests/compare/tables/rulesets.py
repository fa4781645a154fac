"""Sets of rules, and requests for which one of them is to be found."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from tests.compare.cases import Case, ask, each

HOST = "rules.invalid"


def choose(rules: Sequence[Any], hosts: Sequence[Any] = (), default: str | None = None) -> Case:
    """Has the application made with these rules, from the next request on."""
    return ask(
        "POST /", host=HOST, body=json.dumps({"rules": rules, "hosts": hosts, "default": default})
    )


def link(name: str, *args: str) -> Case:
    """Asks for the address of a rule."""
    query = urlencode([("name", name), *(("arg", arg) for arg in args)])
    return ask(f"GET /links?{query}", host=HOST)


CASES = [
    choose(
        [["/a", "a"], ["/b/.*", [["/b/(.*)", "b"]]], ["host:h", [["/c", ""]]]],
        [["i", [["/a", "i"]]]],
        "i",
    ),
    *each("/a /b/x /c /d"),
    ask("GET /a", host="i"),
    ask("GET /c", host="h"),
    link("b", "x y"),
    link("i"),
]
