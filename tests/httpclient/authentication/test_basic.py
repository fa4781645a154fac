"""The Basic scheme (RFC 7617)."""

import pytest

from tests.httpclient.scripted import ScriptedAnswer, converse
from tests.running import on_jumping_clock
from tornadolike.httpclient.authentication import BasicAuth
from tornadolike.httpclient.authentication.basic import basic


def test_the_examples_of_the_rfc():
    assert basic("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert basic("test", "123£") == "Basic dGVzdDoxMjPCow=="


def test_colons():
    assert basic("a", "b:c") == "Basic YTpiOmM="
    with pytest.raises(ValueError, match="colon"):
        BasicAuth("a:b", "c")


def test_the_password_is_not_shown():
    assert repr(BasicAuth("Aladdin", "open sesame")) == "BasicAuth('Aladdin', ...)"


@on_jumping_clock
async def test_it_goes_at_once_and_is_not_said_again():
    auth = BasicAuth("Aladdin")
    engine, _, answer = await converse(
        "http://h/", ScriptedAnswer(401), auth=auth, headers={"Authorization": "mine"}
    )
    assert answer.status == 401
    assert engine.sent("Authorization") == ["Basic QWxhZGRpbjo="]
