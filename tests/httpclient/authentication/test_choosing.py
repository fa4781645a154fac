"""Which way to say who is asking is meant."""

import pytest

from tornadolike.httpclient.addresses import parse_url
from tornadolike.httpclient.authentication import BasicAuth, BearerAuth, DigestAuth
from tornadolike.httpclient.authentication.choosing import auth_for

PLAIN = parse_url("http://h/")
NAMED = parse_url("http://url:secret@h/")
BEARER = BearerAuth("x")


@pytest.mark.parametrize(
    ("arguments", "kind", "name"),
    [
        ((None, PLAIN, None, None, None), type(None), None),
        ((None, PLAIN, None, "password", "digest"), type(None), None),
        ((None, PLAIN, "a", "b", None), BasicAuth, "a"),
        ((None, PLAIN, "a", None, "basic"), BasicAuth, "a"),
        ((None, PLAIN, "", "", None), BasicAuth, ""),
        ((None, PLAIN, "a", "b", "digest"), DigestAuth, "a"),
        ((None, NAMED, None, None, None), BasicAuth, "url"),
        ((None, NAMED, "a", "b", None), BasicAuth, "url"),
        ((None, NAMED, "a", "b", "digest"), DigestAuth, "url"),
        ((BEARER, NAMED, "a", "b", None), BearerAuth, None),
        ((("x", "y"), NAMED, "a", "b", "digest"), BasicAuth, "x"),
    ],
)
def test_table(arguments, kind, name):
    auth = auth_for(*arguments)
    assert type(auth) is kind
    assert getattr(auth, "username", None) == name


def test_mistakes():
    with pytest.raises(ValueError, match="auth_mode may be"):
        auth_for(None, PLAIN, "a", "b", "ntlm")
    for wrong in ("secret", ["secret", "y"], ("secret",), BearerAuth):
        with pytest.raises(TypeError, match="auth is an Auth") as caught:
            auth_for(wrong, PLAIN, None, None, None)
        assert "secret" not in str(caught.value)
