"""Calls that cannot be meant: the error comes at once, names the argument and says what is wanted."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import make_handler
from tornadolike.web import HTTPError

SETTINGS = {"cookie_secret": "3c6e0b8a9c15224a8228b9a98ca1531d", "static_path": "/nowhere"}

TABLE: list[tuple[Callable[[Any], Any], type[Exception], str]] = [
    (lambda h: h.get_argument(b"a"), TypeError, "the name of an argument is a str, not b'a'"),
    (lambda h: h.get_body_argument(None, "x"), TypeError, "the name of an argument is a str, not"),
    (lambda h: h.set_header(b"X", "1"), TypeError, "the name of a header is a str, not b'X'"),
    (lambda h: h.add_header(None, "1"), TypeError, "the name of a header is a str, not None"),
    (lambda h: h.set_trailer(1, "1"), TypeError, "the name of a header is a str, not 1"),
    (lambda h: h.clear_header(b"X"), TypeError, "the name of a header is a str, not b'X'"),
    (lambda h: h.set_header("X", 1.5), TypeError, "value 1.5: it is a str, bytes, an int or a"),
    (lambda h: h.set_status(400, b"no"), TypeError, "the reason of a status is a str, not b'no'"),
    (lambda h: h.send_interim(None), ValueError, "a status from 102 to 199, not None"),
    (lambda h: h.send_early_hints("a\r\nb"), ValueError, "Unsafe header value"),
    (lambda h: h.set_cookie(1, "x"), TypeError, "the name of a cookie is a str or bytes, not 1"),
    (lambda h: h.set_cookie("a", 1), TypeError, "the value of the cookie 'a' is a str or bytes"),
    (lambda h: h.set_cookie("a", None), TypeError, "the value of the cookie 'a' is a str or bytes"),
    (lambda h: h.clear_cookie(None), TypeError, "the name of a cookie is a str or bytes, not None"),
    (lambda h: h.set_signed_cookie("a", 1), TypeError, "the value of what is signed is a str or"),
    (lambda h: h.set_signed_cookie("a", None), TypeError, "the value of what is signed is a str"),
    (lambda h: h.create_signed_value(None, "x"), TypeError, "the name of what is signed is a str"),
    (lambda h: h.static_url(None), TypeError, "the path of a static file is a str, not None"),
    (lambda h: HTTPError(400, detail=ValueError()), TypeError, "the detail of an error is a str"),
]


def test_what_cannot_be_meant() -> None:
    for call, error, text in TABLE:
        handler = make_handler(settings=SETTINGS)
        with pytest.raises(error) as caught:
            call(handler)
        assert text in str(caught.value)
        handler.finish("x")
        assert handler.request.connection.headers is None  # nothing of it has left a trace
