"""docs/tornado.md: what it says is not there is what is not there."""

import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import tornado
import tornado.web

import tornadolike
import tornadolike.web

PAGE = (Path(__file__).parents[2] / "docs" / "tornado.md").read_text()
NOT_YET = PAGE.partition("\n(not-yet)=\n")[2]
NAMED = set(re.findall(r"`(\w+)`", NOT_YET))
# Tornado's own: its tests, its tables and what it has in C.
INTERNAL = {"_locale_data", "speedups", "test"}


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
    assert NAMED & names == missing


# Differences that answers to single requests cannot show, and the tests that do.
SHOWN_ELSEWHERE = {
    "`get_ssl_certificate()` on a plain connection": "http1connection",
    "A file of more than `LARGE_SIZE` is hashed in a thread": "web/static/test_versions.py",
    "A file that is exchanged for a link": "web/static",
    "Versions, and Etags, follow the file": "web/static/test_content.py",
    "A transform that fails is logged once": "web/test_failing_hooks.py",
    "What cannot be meant raises `TypeError` at once": "web/test_wrong_calls.py",
    "A `cookie_secret` that can be guessed": "web/cookies/test_secrets.py",
    "With `xsrf_cookies` a request that a browser says": "web/test_xsrf_owners.py",
    "Rules that are wrong are refused when they are added": "routing",
    "Functions that are targets get the request that the matchers saw": "routing",
    "`reverse_url` looks behind an application": "web/test_mounts.py",
    "`DefaultHostMatches` without a `default_host`": "routing",
    "`CONNECT` is 501": "wsgi/test_environ.py",
    "`wsgi.errors` is the log": "wsgi/test_environ.py",
    "Loggers are called": "test_log.py",
    "A program that has attributes of these names keeps its own": "web/test_names_of_programs.py",
    "`trusted_downstream` takes networks": "netutil",
    "`request.connection.context` tells": "http1connection",
    "Limits are stricter": "docs/test_limits.py",
    "`await super().get()` in an overridden `get`": "websocket",
    "`write_message` returns something to await": "websocket",
    "Anything that arrives counts as a sign of life": "websocket",
    "Pings are answered while a coroutine": "websocket/connection/test_pulling.py",
    "A server that stops closes its WebSockets": "websocket/test_draining.py",
    "An `on_message_callback` may be a coroutine function": "websocket/client/test_connection.py",
    "`on_close` is not called if the connection never was a WebSocket": "websocket",
    "`websocket_connect` refuses what cannot be meant": "websocket/client/test_opening.py",
    "The `connect_timeout` of `websocket_connect` is for all of it": "websocket/client/test_opening.py",
    "A 101 that is wrong raises `HandshakeError`": "websocket/client/test_opening.py",
    "`read_message` at the end is `None`": "websocket/client/test_connection.py",
    "A client's connection that nobody has any more": "websocket/client/test_connection.py",
    "Compression has windows of 4 KiB": "websocket/compression/test_deflate.py",
    "Offers of compression that cannot be accepted": "websocket/compression/test_extensions.py",
    "White space around the values of headers": "wsgi",
}
# What the requests of tests/compare are about.
COMPARED = {
    "Handlers",
    "Users",
    "Forgery",
    "Cookies",
    "Routing",
    "Files",
    "WSGI",
    "Requests",
    "Compression",
    "WebSockets",
}


def items() -> Iterator[tuple[str, str]]:
    """The items of the page's lists, each with its section and on one line."""
    for section in re.split(r"\n##+ ", PAGE):
        title, _, text = section.partition("\n")
        for item in re.split(r"\n- ", text)[1:]:
            yield title, " ".join(item.partition("\n\n")[0].split())


def claimed() -> set[str]:
    """The words by which the cases of tests/compare explain what differs."""
    tables = Path(__file__).parents[1] / "compare" / "tables"
    words: set[str] = set()
    for path in tables.glob("*.py"):
        for case in importlib.import_module(f"tests.compare.tables.{path.stem}").CASES:
            words.update(case.differs.values())
            if case.instead is not None:
                words.add(case.instead[1])
    return words


def test_each_difference_of_an_answer_is_told_once() -> None:
    texts = [text for _, text in items()]
    wrong = [words for words in claimed() if sum(words in text for text in texts) != 1]
    assert not wrong


def test_each_difference_that_is_told_is_shown() -> None:
    known = claimed() | SHOWN_ELSEWHERE.keys()
    idle = [
        text
        for title, text in items()
        if title in COMPARED and not any(words in text for words in known)
    ]
    assert not idle


def test_what_is_shown_elsewhere_is_told() -> None:
    for words, where in SHOWN_ELSEWHERE.items():
        assert any(words in text for _, text in items()), words
        assert (Path(__file__).parents[1] / where).exists(), where
