"""One of several schemes."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.helpers import Answer, Site, make_handler
from tornadolike.auth.guards.api_key_auth import ApiKeyAuthentication
from tornadolike.auth.guards.api_keys import ApiKeys
from tornadolike.auth.guards.authenticate import Authenticate
from tornadolike.auth.guards.basic import BasicAuthentication
from tornadolike.auth.guards.bearer import BearerAuthentication
from tornadolike.auth.guards.credentials import credentials_of
from tornadolike.auth.guards.jwt_bearer import JWTBearer
from tornadolike.auth.jose.keys import KnownKeys, new_key
from tornadolike.caching import Cached
from tornadolike.middleware import CORS
from tornadolike.web import (
    HTTPError,
    RequestHandler,
    StaticFileHandler,
    authenticated,
    stream_request_body,
    url,
)

from .things import PREFLIGHT, Who, basic, bearer, challenges

KEYS = KnownKeys(new_key())
BASIC = BasicAuthentication(lambda name, password: name if password == "right" else None)
BEARER = BearerAuthentication(lambda token: "token" if token == "good" else None)
KEY = ApiKeyAuthentication(lambda key: "key" if key == "good" else None)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([basic("ann:right")], "<ann>"),
        ([bearer("good")], "<token>"),
        (["X-API-Key: good"], "<key>"),
        ([], 401),
        ([basic("ann:wrong")], 401),
        ([bearer("bad")], 401),
        (["X-API-Key: bad"], 401),
        (["Authorization: Digest x"], 401),
        # The first of the schemes of which there is something decides.
        ([bearer("good"), "X-API-Key: bad"], "<token>"),
        ([bearer("bad"), "X-API-Key: good"], 401),
        ([bearer("good"), basic("ann:right")], 400),
        (["Authorization: "], 400),
    ],
)
def test_any_of_several(site: Callable[..., Site], fields: list[str], expected: Any) -> None:
    answer = site(("/", Who), middleware=[Authenticate(BASIC, BEARER, KEY)]).ask("GET /", *fields)
    assert (answer.text if answer.status == 200 else answer.status) == expected
    if answer.status == 401:
        assert [one.partition(" ")[0] for one in challenges(answer)] == [
            "Basic",
            "Bearer",
            "ApiKey",
        ]


def test_what_was_wrong_stands_in_the_challenge_of_its_scheme(site: Callable[..., Site]) -> None:
    served = site(("/", Who), middleware=[Authenticate(BASIC, BEARER, KEY)])
    answer = served.ask("GET /", bearer("bad"))
    assert [("error" in one) for one in challenges(answer)] == [False, True, False]
    answer = served.ask("GET /", bearer("a b"))
    assert answer.status == 400
    assert [one.partition(" ")[0] for one in challenges(answer)] == ["Bearer"]


def test_those_who_say_nothing_may_be_let_in(site: Callable[..., Site]) -> None:
    class Own(Who):
        def get_current_user(self) -> str:
            return "by cookie"

        @authenticated
        def put(self) -> None:
            self.write("put")

    guard = Authenticate(BEARER, KEY, optional=True)
    served = site(("/", Own), middleware=[guard])
    assert served.ask("GET /").text == "<by cookie>"
    assert served.ask("GET /", basic("ann:right")).text == "<by cookie>"
    assert served.ask("GET /", bearer("good")).text == "<token>"
    assert served.ask("PUT /", bearer("good"), body=b"").text == "put"
    assert served.ask("GET /", bearer("bad")).status == 401


def test_around_a_rule_and_behind_cors(site: Callable[..., Site]) -> None:
    served = site(
        url(
            "/api",
            Who,
            middleware=[CORS(["https://app.example"], headers=["Authorization"]), BEARER],
        ),
        ("/", Who),
    )
    assert served.ask("GET /").text == "<None>"

    def said(answer: Answer) -> tuple[int, str | None]:
        return answer.status, answer.header("Access-Control-Allow-Origin")

    friend = PREFLIGHT[0]
    asks = "Access-Control-Request-Headers: Authorization"
    assert said(served.ask("OPTIONS /api", *PREFLIGHT, asks)) == (204, "https://app.example")
    # A script can read that it is not known.
    assert said(served.ask("GET /api", friend)) == (401, "https://app.example")
    assert said(served.ask("GET /api", friend, bearer("good"))) == (200, "https://app.example")


def test_around_each_other(site: Callable[..., Site]) -> None:
    served = site(url("/", Who, middleware=[KEY]), middleware=[Authenticate(BEARER, optional=True)])
    assert served.ask("GET /", bearer("good")).status == 401
    assert served.ask("GET /", bearer("good"), "X-API-Key: good").text == "<key>"


def test_by_what_somebody_is_known(site: Callable[..., Site]) -> None:
    class By(RequestHandler):
        def get(self) -> None:
            found = credentials_of(self)
            self.write("nobody" if found is None else f"{found.user} {sorted(found.scopes)}")

    served = site(("/", By), middleware=[Authenticate(BEARER, optional=True)])
    assert served.ask("GET /").text == "nobody"
    assert served.ask("GET /", bearer("good")).text == "token []"


def test_a_refusal_before_a_body_that_is_coming(site: Callable[..., Site]) -> None:
    served = site(("/", Who), middleware=[BEARER])
    with served.connect() as connection:
        answer = connection.ask("POST /", bearer("bad"), body=b"x" * 100_000)
        assert answer.status == 401
        assert connection.ask("POST /", bearer("good"), body=b"x").text == "<token>"


@pytest.mark.parametrize("outside", [True, False])
@pytest.mark.parametrize(
    "fields",
    [[basic("ann:right")], [bearer("good")], ["X-API-Key: good"]],
    ids=["basic", "bearer", "key"],
)
def test_no_cache_of_ours_gives_it_to_others(
    site: Callable[..., Site], fields: list[str], outside: bool
) -> None:
    guard = Authenticate(BASIC, BEARER, KEY, optional=True)
    around = [Cached(60), guard] if outside else [guard, Cached(60)]
    served = site(("/", Who), middleware=around)
    mine = served.ask("GET /", *fields).text
    assert mine != "<None>"
    assert served.ask("GET /").text == "<None>"
    assert served.ask("GET /", *fields).text == mine


def test_files_are_guarded(site: Callable[..., Site], tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    files = url("/(.*)", StaticFileHandler, {"path": str(tmp_path)}, middleware=[KEY])
    served = site(files)
    assert served.ask("GET /secret.txt").status == 401
    assert served.ask("GET /nothing.txt").status == 401
    assert served.ask("HEAD /secret.txt").status == 401
    answer = served.ask("GET /secret.txt", "X-API-Key: good")
    assert answer.text == "secret"
    assert "X-API-Key" in (answer.header("Vary") or "")
    again = served.ask(
        "GET /secret.txt", "X-API-Key: good", f"If-None-Match: {answer.header('Etag')}"
    )
    assert again.status == 304
    assert served.ask("GET /secret.txt", f"If-None-Match: {answer.header('Etag')}").status == 401


def test_a_body_that_is_taken_as_it_comes(site: Callable[..., Site]) -> None:
    @stream_request_body
    class Taking(Who):
        taken = 0

        def data_received(self, chunk: bytes) -> None:
            Taking.taken += len(chunk)

    served = site(("/", Taking), middleware=[BEARER])
    assert served.ask("POST /", body=b"x" * 1000).status == 401
    assert Taking.taken == 0
    assert served.ask("POST /", bearer("good"), body=b"x" * 1000).text == "<token>"
    assert Taking.taken == 1000


HEADERS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"))


@pytest.mark.once
@settings(max_examples=200)
@given(
    authorization=st.one_of(
        HEADERS,
        st.builds(lambda text: f"Basic {text}", HEADERS),
        st.builds(lambda data: f"Basic {b64encode(data).decode()}", st.binary()),
        st.builds(lambda text: f"Bearer {text}", HEADERS),
    ),
    key=st.none() | HEADERS,
    query=st.none() | st.text(),
)
def test_whatever_is_sent_nobody_is_let_in_and_nothing_fails(
    authorization: str, key: str | None, query: str | None
) -> None:
    schemes = (
        BASIC,
        BearerAuthentication(JWTBearer("https://a.example", audience="b", keys=KEYS), query="t"),
        ApiKeyAuthentication(ApiKeys({}.get), query="k"),
    )
    headers = {
        "Authorization": authorization.strip(),
        **({} if key is None else {"X-API-Key": key}),
    }
    target = "/" if query is None else f"/?{urlencode({'t': query, 'k': query})}"
    handler = make_handler(request=f"GET {target}", headers=headers)

    async def ask() -> int:
        async def let_in(handler: Any) -> None:
            raise AssertionError("somebody was let in")

        with pytest.raises(HTTPError) as refused:
            await Authenticate(*schemes)(handler, let_in)
        return refused.value.status_code

    assert asyncio.run(ask()) in (400, 401)


@pytest.mark.parametrize("schemes", [[], [BasicAuthentication], [lambda handler: None], ["Basic"]])
def test_what_is_no_scheme(schemes: list[Any]) -> None:
    with pytest.raises(TypeError):
        Authenticate(*schemes)


class SignedIn(Who):
    """People have a cookie that tells who they are."""

    def get_current_user(self) -> Any:
        return self.get_cookie("user")


def test_people_by_a_session_and_programs_by_a_key(site: Callable[..., Site]) -> None:
    served = site(("/", SignedIn), middleware=[Authenticate(KEY, optional=True)], xsrf_cookies=True)
    person, program = "Cookie: user=ann", "X-API-Key: good"
    assert served.ask("GET /").text == "<None>"
    assert served.ask("GET /", person).text == "<ann>"
    assert served.ask("GET /", program).text == "<key>"
    assert served.ask("POST /", person, body=b"").status == 403
    assert served.ask("POST /", program, body=b"").text == "<key>"
    assert served.ask("POST /", person, program, body=b"").text == "<key>"
    assert served.ask("POST /", person, "X-API-Key: bad", body=b"").status == 401
