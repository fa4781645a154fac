"""Tokens of one's own: what is written is what JWTBearer reads."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import Site
from tornadolike.auth import (
    BearerAuthentication,
    JWTBearer,
    KnownKeys,
    credentials_of,
    requires_scope,
)
from tornadolike.auth.guards.access_tokens import write_access_token
from tornadolike.auth.jose.keys import new_key, secret_key
from tornadolike.web import RequestHandler

from .things import bearer, challenges

HERE = "https://api.example"
PAIR = new_key("ES256")
SECRET = secret_key("a text that is long enough for a secret of HS256")


class Mine(RequestHandler):
    @requires_scope("read")
    def get(self) -> None:
        found = credentials_of(self)
        assert found is not None
        self.write(dict(found.claims))


def written(subject: str = "ann", key: Any = PAIR, **options: Any) -> str:
    return write_access_token(subject, key, **{"issuer": HERE, "audience": HERE, **options})


@pytest.fixture
def api(site: Callable[..., Site]) -> Callable[..., Site]:
    def start(key: Any = PAIR, **options: Any) -> Site:
        check = JWTBearer(HERE, audience=HERE, keys=KnownKeys(key), **options)
        return site(("/", Mine), middleware=[BearerAuthentication(check)])

    return start


@pytest.mark.parametrize(("key", "algorithm"), [(PAIR, "ES256"), (SECRET, "HS256")])
def test_it_is_read(api: Callable[..., Site], key: Any, algorithm: str) -> None:
    text = written(key=key, scopes=["read", "write"], client_id="tool", claims={"team": 7})
    said = api(key, algorithms=[algorithm]).ask("GET /", bearer(text)).json
    assert said["exp"] - said["iat"] == 1800
    assert len(said.pop("jti")) >= 16
    assert {name: said[name] for name in said if name not in ("iat", "exp")} == {
        "iss": HERE,
        "aud": HERE,
        "sub": "ann",
        "client_id": "tool",
        "scope": "read write",
        "team": 7,
    }


def test_it_is_good_for_what_it_says(api: Callable[..., Site]) -> None:
    served = api()
    assert served.ask("GET /", bearer(written(scopes=["read"]))).json["client_id"] == HERE
    assert served.ask("GET /", bearer(written())).status == 403
    for other in (
        written(audience="https://other.example", scopes=["read"]),
        written(issuer="https://other.example", scopes=["read"]),
        written(key=new_key("ES256"), scopes=["read"]),
    ):
        answer = served.ask("GET /", bearer(other))
        assert answer.status == 401
        assert 'error="invalid_token"' in challenges(answer)[0]


def test_each_is_another_one(api: Callable[..., Site]) -> None:
    served = api()
    tokens = [written(scopes=["read"]) for _ in range(20)]
    assert len({served.ask("GET /", bearer(one)).json["jti"] for one in tokens}) == 20


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"subject": 17}, TypeError, "subject is a text, not 17"),
        ({"subject": ""}, ValueError, "subject is empty"),
        ({"issuer": None}, TypeError, "issuer is a text"),
        ({"audience": [HERE]}, TypeError, "audience is a text"),
        ({"client_id": ""}, ValueError, "client_id is empty"),
        ({"scopes": "read"}, TypeError, "scopes is a list"),
        ({"scopes": ["a b"]}, ValueError, "a scope is ASCII text"),
        ({"claims": {"sub": "eve", "x": 1}}, ValueError, "claims has sub"),
        ({"claims": {"exp": 2**40}}, ValueError, "claims has exp"),
        ({"lifetime": 0}, ValueError, "lifetime"),
        ({"key": "a text"}, TypeError, "key"),
    ],
)
def test_what_is_of_no_use(options: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        written(**options)
