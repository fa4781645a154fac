"""Access tokens that tell all by themselves."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jws

from tests.web.helpers import Site
from tornadolike.auth.guards.bearer import BearerAuthentication
from tornadolike.auth.guards.credentials import credentials_of
from tornadolike.auth.guards.jwt_bearer import JWTBearer
from tornadolike.auth.guards.scopes import requires_scope
from tornadolike.auth.jose.keys import KnownKeys, new_key
from tornadolike.web import RequestHandler

from .things import bearer, challenges

ISSUER = "https://login.example.com"
AUDIENCE = "https://api.example.com"
KEY = new_key("ES256", kid="one")
OTHER = new_key("ES256", kid="one")


def token(kind: str = "at+jwt", key: Any = KEY, **claims: Any) -> str:
    now = int(time.time())
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ann",
        "client_id": "program",
        "jti": "1",
        "iat": now,
        "exp": now + 600,
        "scope": "read list",
        **claims,
    }
    # Not by write_token, which knows what belongs into one.
    header = {"alg": "ES256", "typ": kind, "kid": "one"}
    text = json.dumps({name: value for name, value in said.items() if value is not ...})
    return jws.serialize_compact(header, text, key)


class Things(RequestHandler):
    def get(self) -> None:
        found = credentials_of(self)
        assert found is not None
        self.write({"user": self.current_user, "scopes": sorted(found.scopes)})

    @requires_scope("write")
    def post(self) -> None:
        self.write("written")


@pytest.fixture
def api(site: Callable[..., Site]) -> Callable[..., Site]:
    def start(**options: Any) -> Site:
        check = JWTBearer(ISSUER, audience=AUDIENCE, keys=KnownKeys(KEY), **options)
        return site(("/", Things), middleware=[BearerAuthentication(check)])

    return start


def test_whose_token_it_is(api: Callable[..., Site]) -> None:
    served = api()
    answer = served.ask("GET /", bearer(token()))
    assert answer.json["scopes"] == ["list", "read"]
    assert answer.json["user"]["sub"] == "ann"
    assert served.ask("POST /", bearer(token()), body=b"").status == 403
    assert served.ask("POST /", bearer(token(scope="write")), body=b"").text == "written"
    assert served.ask("POST /", bearer(token(scope=["write"])), body=b"").text == "written"
    assert served.ask("POST /", bearer(token(scope=..., scp="x write")), body=b"").text == "written"
    assert served.ask("GET /", bearer(token(scope=...))).json["scopes"] == []
    assert served.ask("GET /", bearer(token("application/at+JWT"))).status == 200


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"key": OTHER}, "signature is wrong"),
        ({"kind": "JWT"}, "not of the kind at+jwt"),
        ({"kind": "logout+jwt"}, "not of the kind at+jwt"),
        ({"iss": "https://other.example.com"}, "not by"),
        ({"aud": "https://other.example.com"}, "for somebody else"),
        ({"aud": ...}, "for whom"),
        ({"exp": 1000}, "has expired"),
        ({"exp": ...}, "when it expires"),
        ({"nbf": 2**33}, "not valid yet"),
        ({"sub": ...}, "has no sub"),
        ({"sub": ""}, "has no sub"),
        ({"sub": 1}, "has no sub"),
        ({"client_id": ...}, "has no client_id"),
        ({"jti": ...}, "has no jti"),
        ({"iat": ...}, "when it was made"),
        ({"scope": {"read": True}}, "scope is no text"),
        ({"scope": ["read", 1]}, "scope is no text"),
    ],
)
def test_what_is_not_believed(api: Callable[..., Site], made: dict[str, Any], said: str) -> None:
    text = token(**made)
    answer = api().ask("GET /", bearer(text))
    (challenge,) = challenges(answer)
    assert answer.status == 401
    assert 'error="invalid_token"' in challenge
    assert said in challenge
    assert text not in answer.text + challenge


@pytest.mark.parametrize("text", ["abc", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "...", "a.b.c.d.e"])
def test_what_is_no_token_at_all(api: Callable[..., Site], text: str) -> None:
    assert api().ask("GET /", bearer(text)).status == 401


def test_providers_that_do_not_know_rfc_9068(api: Callable[..., Site]) -> None:
    served = api(kind="JWT")
    made = token("JWT", client_id=..., jti=..., iat=...)
    assert served.ask("GET /", bearer(made)).status == 200
    assert served.ask("GET /", bearer(token())).status == 401


def test_no_logout_token(api: Callable[..., Site]) -> None:
    served = api(kind="JWT")
    events: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    answer = served.ask("GET /", bearer(token("JWT", events=events)))
    assert answer.status == 401
    assert "it tells of an event" in challenges(answer)[0]
    assert served.ask("GET /", bearer(token("JWT"))).status == 200


def test_users_of_ones_own(api: Callable[..., Site]) -> None:
    async def user(claims: Any) -> Any:
        return {"name": claims["sub"].title()} if claims["sub"] != "gone" else None

    served = api(user=user)
    assert served.ask("GET /", bearer(token())).json["user"] == {"name": "Ann"}
    assert served.ask("GET /", bearer(token(sub="gone"))).status == 401


def test_keys_that_the_issuer_publishes(site: Callable[..., Site]) -> None:
    class Metadata(RequestHandler):
        def get(self) -> None:
            base = f"http://{self.request.host}"
            urls = {
                name: f"{base}/{name}"
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
            }
            self.write({"issuer": base, **urls})

    class Published(RequestHandler):
        def get(self) -> None:
            self.write(json.dumps(KnownKeys(KEY).published()))

    issuer = site(("/.well-known/openid-configuration", Metadata), ("/jwks_uri", Published))
    port = issuer.server.port
    name = f"http://127.0.0.1:{port}"
    guard = BearerAuthentication(JWTBearer(name, audience=AUDIENCE))
    served = site(("/", Things), middleware=[guard])
    assert served.ask("GET /", bearer(token(iss=name))).json["user"]["sub"] == "ann"
    for _ in range(3):  # its key may have been exchanged: that is asked once
        assert served.ask("GET /", bearer(token(iss=name, key=OTHER))).status == 401
    asked = [type(one).__name__ for one in issuer.finished]
    assert asked == ["Metadata", "Published", "Published"]


def test_an_issuer_that_does_not_answer(site: Callable[..., Site], expect_log: Any) -> None:
    guard = BearerAuthentication(JWTBearer("http://127.0.0.1:9", audience=AUDIENCE))
    served = site(("/", Things), middleware=[guard])
    with expect_log("tornadolike.general", "503 GET / "):
        assert served.ask("GET /", bearer(token(iss="http://127.0.0.1:9"))).status == 503


@pytest.mark.parametrize(
    "arguments",
    [
        {"audience": ""},
        {"audience": None},
        {"audience": AUDIENCE, "keys": KEY},
        {"audience": AUDIENCE, "keys": KnownKeys(KEY), "algorithms": ["none"]},
        {"audience": AUDIENCE, "keys": KnownKeys(KEY), "algorithms": []},
    ],
)
def test_arguments_that_are_of_no_use(arguments: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        JWTBearer(ISSUER, **arguments)
