"""The forms of request targets (RFC 9112 section 3.2)."""

import pytest

from tornadolike.http1.targets import Form, form_of, may_be_written

FORMS = [
    ("GET", "/", Form.ORIGIN),
    ("GET", "/a?b", Form.ORIGIN),
    ("GET", "//a/b", Form.ORIGIN),
    ("OPTIONS", "/", Form.ORIGIN),
    ("GET", "http://a", Form.ABSOLUTE),
    ("GET", "HTTPS://a:1/b?c", Form.ABSOLUTE),
    ("OPTIONS", "http://a", Form.ABSOLUTE),
    ("GET", "http://[::1]:80/", Form.ABSOLUTE),
    ("OPTIONS", "*", Form.ASTERISK),
    ("CONNECT", "a:443", Form.AUTHORITY),
    ("CONNECT", "[::1]:443", Form.AUTHORITY),
    ("GET", "*", None),
    ("CONNECT", "*", None),
    ("CONNECT", "/", None),
    ("CONNECT", "http://a:1", None),
    ("CONNECT", "a", None),
    ("CONNECT", "a:", None),
    ("CONNECT", "user@a:1", None),
    ("CONNECT", "1", None),
    ("GET", "a:443", None),
    ("GET", "a", None),
    ("GET", "", None),
    ("CONNECT", "", None),
    ("OPTIONS", "", None),
    ("GET", "http:///b", None),
    ("GET", "http://user@a/", None),
    ("GET", "ftp://a/", None),
    ("GET", "javascript:alert(1)", None),
    ("get", "*", None),
    ("options", "*", None),
]


@pytest.mark.parametrize(("method", "target", "form"), FORMS)
def test_forms(method: str, target: str, form: Form | None) -> None:
    assert form_of(method, target) is form
    assert may_be_written(method, target) == (form is not None)


@pytest.mark.parametrize(
    "target",
    ["/a b", "/a\tb", "/a\r\nb", "/a\n", "/a\0", "/a#b", "/\xe4", "/\u20ac", "/a\x7f", "/\ud800"],
)
def test_what_has_to_be_encoded(target: str) -> None:
    assert not may_be_written("GET", target)
    assert not may_be_written("GET", "http://a" + target)
