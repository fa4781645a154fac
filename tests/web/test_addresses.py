"""Links: to rules, to static files."""

import pytest

from tests.web.helpers import make_handler
from tornadolike.web import Application, RequestHandler, url


class Absolute(RequestHandler):
    include_host = True


def test_the_address_of_a_static_file() -> None:
    handler = make_handler(settings={"static_path": "/srv/static"})
    assert handler.static_url("css/a b.css") == "/static/css/a b.css"
    assert handler.static_url("a.css", include_version=False) == "/static/a.css"


def test_the_address_with_a_prefix_and_a_host() -> None:
    settings = {"static_path": "/srv", "static_url_prefix": "/s/"}
    handler = make_handler(settings=settings, headers={"Host": "example.com"})
    assert handler.static_url("a.css", include_host=True) == "http://example.com/s/a.css"
    always = make_handler(Absolute, settings=settings, headers={"Host": "example.com"})
    assert always.static_url("a.css") == "http://example.com/s/a.css"
    assert always.static_url("a.css", include_host=False) == "/s/a.css"


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
