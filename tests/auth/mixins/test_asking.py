"""auth/mixins/asking.py: the answers of providers, and addresses; more of it is in the tests of the mixins."""

import io

import pytest

from tornadolike.auth import ProviderAnswerError
from tornadolike.auth.mixins.asking import read_json_object, read_oauth1_token, with_query
from tornadolike.httpclient import HTTPRequest, HTTPResponse


def answer(body: bytes) -> HTTPResponse:
    return HTTPResponse(HTTPRequest("https://provider.example/"), 200, buffer=io.BytesIO(body))


def test_a_token() -> None:
    said = answer(b"oauth_token=a%26&oauth_token_secret=%C3%A9&user_id=1&x=&key=k&key=l")
    assert read_oauth1_token(said) == {"key": "a&", "secret": "é", "user_id": "1"}


@pytest.mark.parametrize("read", [read_oauth1_token, read_json_object])
def test_nothing_of_an_answer_is_told(read: object) -> None:
    with pytest.raises(ProviderAnswerError) as raised:
        read(answer(b"oauth_token_secret=TOPSECRET\xff"))  # type: ignore[operator]
    assert "TOPSECRET" not in repr(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("https://a/", "https://a/?b=1&b=2&c=x+%26"),
        ("https://a/?", "https://a/?b=1&b=2&c=x+%26"),
        ("https://a/?d=%20", "https://a/?d=+&b=1&b=2&c=x+%26"),
    ],
)
def test_addresses(url: str, there: str) -> None:
    assert with_query(url, {"b": [1, 2], "c": b"x &"}) == there
