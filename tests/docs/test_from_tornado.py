"""docs/from-tornado.rst: what it says is not there is what is not there."""

import importlib.util
import pkgutil
import re
from pathlib import Path

import tornado
import tornado.web

import tornadolike
import tornadolike.web

PAGE = (Path(__file__).parents[2] / "docs" / "from-tornado.rst").read_text()
NOT_YET = re.split(r"\n-{3,}\n", PAGE.partition(".. _not-yet:")[2], maxsplit=1)[1]
NAMED = set(re.findall(r"``(\w+)``", NOT_YET))
# Tornado's own: its tests, its tables and what it has in C.
INTERNAL = {"_locale_data", "speedups", "test"}
# Functions of signed cookies and of users, which the page has in words.
IN_WORDS = {
    "create_signed_value",
    "decode_signed_value",
    "get_signature_key_version",
    "is_absolute",
}


def test_the_modules_that_are_not_there() -> None:
    modules = {module.name for module in pkgutil.iter_modules(tornado.__path__)} - INTERNAL
    missing = {name for name in modules if not importlib.util.find_spec(f"tornadolike.{name}")}
    assert NAMED & modules == missing


def test_the_names_of_web_that_are_not_there() -> None:
    names = {
        name
        for name, value in vars(tornado.web).items()
        if getattr(value, "__module__", None) == "tornado.web" and not name.startswith("_")
    }
    missing = {name for name in names if not hasattr(tornadolike.web, name)}
    assert NAMED & names == missing - IN_WORDS
