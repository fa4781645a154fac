"""docs/client-redirects-auth-retries.rst has the limits with their defaults."""

import inspect
import re
from pathlib import Path

from tornadolike.httpclient import HTTPRequest, conversation, jars
from tornadolike.httpclient.authentication import challenges, digest
from tornadolike.httpclient.retries import Retries, RetryBudget

PAGE = Path(__file__).parent.parent.parent / "docs" / "client-redirects-auth-retries.rst"


def defaults(function):
    return {
        name: str(parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if isinstance(parameter.default, int | float)
    }


def test_the_table():
    table = PAGE.read_text().partition("_limits-of-meaning:")[2]
    told = dict(re.findall(r"^``(\w+)`` +([\d.]+) ", table, re.MULTILINE))
    constants = {
        name: str(getattr(module, name))
        for module, names in {
            conversation: ["MAX_QUESTIONS"],
            challenges: ["MOST"],
            digest: ["MAX_ORIGINS"],
            jars: ["MAX_SIZE", "MAX_PER_DOMAIN", "MAX_COOKIES"],
        }.items()
        for name in names
    }
    assert told == {
        "max_redirects": str(HTTPRequest._DEFAULTS["max_redirects"]),
        **constants,
        **defaults(Retries),
        **defaults(RetryBudget),
    }
