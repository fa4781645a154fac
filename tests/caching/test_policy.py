"""What headers say of keeping responses."""

import time

import pytest

from tornadolike.caching.policy import directives, fresh_seconds, varies_by
from tornadolike.httputil import HTTPHeaders, format_timestamp


@pytest.mark.parametrize(
    ("headers", "seconds", "may_be_stale"),
    [
        ({}, 60, True),
        ({"Cache-Control": "public"}, 60, True),
        ({"Cache-Control": "max-age=30"}, 30, True),
        ({"Cache-Control": 'MAX-AGE = "30"'}, 30, True),
        ({"Cache-Control": "max-age=90"}, 60, True),
        ({"Cache-Control": "max-age=30, max-age=40"}, 30, True),
        ({"Cache-Control": "max-age=30, s-maxage=10"}, 10, False),
        ({"Cache-Control": "must-revalidate"}, 60, False),
        ({"Cache-Control": "proxy-revalidate"}, 60, False),
        ({"Cache-Control": "max-age=-1"}, 0, True),
        ({"Cache-Control": "max-age"}, 0, True),
        ({"Cache-Control": "max-age=٣"}, 0, True),
        ({"Cache-Control": "max-age=" + "9" * 5000}, 60, True),
        ({"Cache-Control": "no-cache"}, 0, False),
        ({"Cache-Control": "max-age=9,no-store"}, 0, False),
        ({"Cache-Control": 'private="Set-Cookie"'}, 0, False),
        ({"Set-Cookie": "a=b"}, 0, False),
        ({"Expires": "0"}, 0, True),
        ({"Expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0, True),
        ({"Expires": format_timestamp(time.time() + 86400)}, 60, True),
        ({"Expires": "0", "Cache-Control": "max-age=9"}, 9, True),
    ],
)
def test_how_long_a_response_is_good(headers, seconds, may_be_stale):
    found, stale = fresh_seconds(HTTPHeaders(headers), 60.0)
    assert (max(0, found), stale) == (seconds, may_be_stale)


def test_directives_and_names():
    assert directives('a, B=1,b=2, c="x",,') == {"a": "", "b": "1", "c": "x", "": ""}
    assert varies_by(HTTPHeaders({"Vary": "accept, X-FOO ,, *"})) == ["Accept", "X-Foo", "*"]
    assert varies_by(HTTPHeaders()) == []
