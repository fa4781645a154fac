"""Links: to rules, to static files."""

import hashlib
from pathlib import Path

import pytest

from tests.web.helpers import make_handler
from tornadolike.web import Application, HTTPError, RequestHandler, is_absolute, url


class Absolute(RequestHandler):
    include_host = True


def test_the_address_of_a_static_file(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_bytes(b"a{}")
    version = hashlib.sha512(b"a{}").hexdigest()
    handler = make_handler(settings={"static_path": str(tmp_path)})
    assert handler.static_url("a.css") == f"/static/a.css?v={version}"
    assert handler.static_url("a.css", include_version=False) == "/static/a.css"
    # What no address may have is written as addresses have it, and nothing else is touched.
    for path, address in (
        ('a b"<>\\^`{|}.css', "a%20b%22%3C%3E%5C%5E%60%7B%7C%7D.css"),
        ("caf\xe9\n", "caf%C3%A9%0A"),
        ("icons.svg?x=1#one", "icons.svg?x=1#one"),
        ("a%20b&c=d+e", "a%20b&c=d+e"),
    ):
        assert handler.static_url(path, include_version=False) == f"/static/{address}"


def test_the_address_with_a_prefix_and_a_host() -> None:
    settings = {"static_path": "/srv", "static_url_prefix": "/s/"}
    handler = make_handler(settings=settings, headers={"Host": "example.com"})
    plain = {"include_version": False}
    assert handler.static_url("a.css", include_host=True, **plain) == "http://example.com/s/a.css"
    always = make_handler(Absolute, settings=settings, headers={"Host": "example.com"})
    assert always.static_url("a.css", **plain) == "http://example.com/s/a.css"
    assert always.static_url("a.css", include_host=False, **plain) == "/s/a.css"


def test_an_address_that_leads_elsewhere() -> None:
    handler = make_handler(settings={"static_path": "/srv/static"})
    for path in ("../secret", "/etc/passwd"):
        with pytest.raises(HTTPError) as caught:
            handler.static_url(path)
        assert caught.value.status_code == 403


def test_a_setting_that_is_needed() -> None:
    handler = make_handler(settings={"here": 1, "empty": ""})
    handler.require_setting("here")
    with pytest.raises(RuntimeError, match=r"this feature needs a setting: .*empty="):
        handler.require_setting("empty")
    with pytest.raises(RuntimeError, match=r"static_url\(\) needs a setting: .*static_path="):
        handler.static_url("a.css")


def test_the_address_of_a_rule() -> None:
    handler = make_handler()
    handler.application = Application([url("/story/([0-9]+)", RequestHandler, name="story")])
    assert handler.reverse_url("story", 7) == "/story/7"
    with pytest.raises(KeyError, match="nowhere not found"):
        handler.reverse_url("nowhere")


def test_is_absolute() -> None:
    for path in ("/", "/x", "//example.com/x", "http://x", "https:x"):
        assert is_absolute(path)
    for path in ("", "x", "x/y", "../x", "HTTP://x", "ftp://x"):
        assert not is_absolute(path)
