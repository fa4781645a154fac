"""Tokens (RFC 6750)."""

import pytest

from tests.httpclient.scripted import converse, ok
from tests.running import on_jumping_clock
from tornadolike.httpclient.authentication import BearerAuth


@on_jumping_clock
async def test_it_is_sent():
    auth = BearerAuth("mF_9.B5f-4.1JqM==")
    engine, _, _ = await converse("http://h/", ok(), auth=auth)
    assert engine.sent("Authorization") == ["Bearer mF_9.B5f-4.1JqM=="]
    auth.token = "another"
    engine, _, _ = await converse("http://h/", ok(), auth=auth)
    assert engine.sent("Authorization") == ["Bearer another"]


@pytest.mark.parametrize("token", ["", "secret token", "secret\r\nX: y", "sécret", "secret\n"])
def test_what_is_no_token(token):
    with pytest.raises(ValueError, match="bearer token") as caught:
        BearerAuth(token)
    assert "cret" not in str(caught.value)


def test_it_is_not_shown():
    assert repr(BearerAuth("secret")) == "BearerAuth(...)"
