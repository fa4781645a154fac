"""What tells one response from another."""

import pytest

from tests.web.helpers import make_handler
from tornadolike.caching.keys import key_of, path_of, resource_of, sorted_query
from tornadolike.web import RequestHandler


@pytest.mark.parametrize(
    ("query", "in_order"),
    [
        ("", ""),
        ("b", "b"),
        ("b=1&a=2", "a=2&b=1"),
        ("a=2&a=1", "a=2&a=1"),
        ("b&a=2&a=1&", "&a=2&a=1&b"),
        # These are of one name, however it is written.
        ("%61=2&b&a=1", "%61=2&a=1&b"),
        ("a+b=2&a%20b=1", "a+b=2&a%20b=1"),
        ("%FF=2&%ff=1", "%FF=2&%ff=1"),
    ],
)
def test_arguments_come_in_any_order(query: str, in_order: str) -> None:
    assert sorted_query(query) == in_order


def test_what_is_asked_for() -> None:
    handler = make_handler(headers={"Host": "A.Example:81"}, request="GET /b?y&x")
    handler.request.mounted_at = "/a"
    assert path_of(handler.request) == "/a/b"
    assert resource_of(handler) == "http://a.example:81/a/b?x&y"


class Other(RequestHandler):
    """Another handler for the same address."""


def test_keys_are_of_a_handler_its_resource_and_what_it_varies_by() -> None:
    def key(cls: type[RequestHandler], resource: str, vary: list[str], **headers: str) -> str:
        handler = make_handler(cls, headers=headers)
        return key_of(handler, resource, handler.request, vary)

    keys = [
        key(RequestHandler, "/a", []),
        key(RequestHandler, "/b", []),
        key(Other, "/a", []),
        key(RequestHandler, "/a", ["Accept"]),
        key(RequestHandler, "/a", ["Accept"], Accept="b"),
        key(RequestHandler, "/aAcceptb", []),
        key(RequestHandler, "/a", ["Accept", "B"], Accept="c"),
        key(RequestHandler, "/a", ["Accept", "B"], B="c"),
        key(RequestHandler, "/a", ["Accept"], Accept="', 'B', '"),
    ]
    assert len(set(keys)) == len(keys)
    assert {len(one) for one in keys} == {len("cache:") + 40}
    assert key(RequestHandler, "/a", [], Accept="b") == keys[0]
    assert key(RequestHandler, "/\udcff", []).startswith("cache:")
