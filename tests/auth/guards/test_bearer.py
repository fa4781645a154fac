"""Tokens."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import Site
from tornadolike.auth import ProviderAnswerError, ProviderUnavailableError, TokenError
from tornadolike.auth.guards.bearer import BearerAuthentication
from tornadolike.auth.guards.credentials import Credentials
from tornadolike.web import RequestHandler

from .things import HANDSHAKE, PREFLIGHT, Echo, Who, bearer, challenges

TOKEN = "mF_9.B5f-4.1JqM"  # RFC 6750 section 2.1


async def check(token: str) -> Any:
    if token == "expired":
        raise TokenError('the token has expired: "x"')
    if token == "down":
        raise ProviderUnavailableError("the issuer is down")
    return {TOKEN: "ann", "reads": Credentials("bob", {"read"}), "nobody": Credentials(None)}.get(
        token
    )


def test_only_those_who_have_a_token(site: Callable[..., Site]) -> None:
    served = site(("/", Who), middleware=[BearerAuthentication(check, realm="things")])
    assert served.ask("GET /", bearer(TOKEN)).text == "<ann>"
    assert served.ask("GET /", f"authorization: BEARER  {TOKEN}").text == "<ann>"
    nobody = served.ask("GET /")
    assert (nobody.status, challenges(nobody)) == (401, ['Bearer realm="things"'])
    for token in ("unknown", "nobody"):
        answer = served.ask("GET /", bearer(token))
        assert answer.status == 401
        assert challenges(answer) == [
            'Bearer realm="things", error="invalid_token", error_description="The token is not accepted."'
        ]
        assert token not in answer.text
    expired = served.ask("GET /", bearer("expired"))
    assert challenges(expired) == [
        'Bearer realm="things", error="invalid_token", '
        'error_description="Not accepted: the token has expired: ?x?"'
    ]


def test_what_a_token_brings_into_an_answer_is_text(site: Callable[..., Site]) -> None:
    def echo(token: str) -> None:
        raise TokenError("no key is known of the name '<script>alert(1)</script>\r\nX: y'")

    answer = site(("/", Who), middleware=[BearerAuthentication(echo)]).ask("GET /", bearer("x"))
    assert answer.status == 401
    assert "<script>" not in answer.text
    assert answer.header("X") is None


@pytest.mark.parametrize("token", ["", " ", "a b", "a,b", '"a"', "é", "=", "a=b", "x" * 8193])
def test_what_is_malformed(token: str, site: Callable[..., Site]) -> None:
    answer = site(("/", Who), middleware=[BearerAuthentication(check)]).ask("GET /", bearer(token))
    assert answer.status == 400
    (challenge,) = challenges(answer)
    assert challenge.startswith('Bearer error="invalid_request"')


def test_an_issuer_that_is_down(site: Callable[..., Site], expect_log: Any) -> None:
    served = site(("/", Who), middleware=[BearerAuthentication(check)])
    with expect_log("tornadolike.general", "503 GET / .*the issuer is down"):
        answer = served.ask("GET /", bearer("down"))
    assert (answer.status, answer.header("Retry-After")) == (503, "30")
    assert "issuer" not in answer.text


def test_an_issuer_that_answers_nonsense(site: Callable[..., Site], expect_log: Any) -> None:
    def fails(token: str) -> None:
        raise ProviderAnswerError("the issuer has no keys")

    served = site(("/", Who), middleware=[BearerAuthentication(fails)])
    with expect_log("tornadolike.general", "503 GET / .*has no keys"):
        answer = served.ask("GET /", bearer(TOKEN))
    assert answer.status == 503
    assert "has no keys" not in answer.text


def test_scopes_that_all_must_have(site: Callable[..., Site]) -> None:
    served = site(("/", Who), middleware=[BearerAuthentication(check, scopes=["read", "list"])])
    nobody = served.ask("GET /")
    assert (nobody.status, challenges(nobody)) == (401, ['Bearer scope="read list"'])
    for token in (TOKEN, "reads"):
        answer = served.ask("GET /", bearer(token))
        assert answer.status == 403
        assert challenges(answer) == [
            'Bearer error="insufficient_scope", error_description="This takes the scope read list.", '
            'scope="read list"'
        ]
    assert (
        site(("/", Who), middleware=[BearerAuthentication(check, scopes=["read"])])
        .ask("GET /", bearer("reads"))
        .text
        == "<bob>"
    )


def test_a_token_in_the_url_only_if_that_is_said(site: Callable[..., Site]) -> None:
    served = site(("/", Who), middleware=[BearerAuthentication(check)])
    assert served.ask(f"GET /?access_token={TOKEN}").status == 401
    served = site(("/", Who), middleware=[BearerAuthentication(check, query="access_token")])
    answer = served.ask(f"GET /?access_token={TOKEN}")
    assert (answer.text, answer.header("Cache-Control")) == ("<ann>", "private")
    assert served.ask("GET /", bearer(TOKEN)).header("Cache-Control") is None
    assert served.ask(f"GET /?access_token={TOKEN}", bearer(TOKEN)).status == 400
    assert served.ask(f"GET /?access_token={TOKEN}&access_token={TOKEN}").status == 400
    assert served.ask("GET /?access_token=").status == 400
    assert served.ask("GET /?access_token=x").status == 401
    form = "Content-Type: application/x-www-form-urlencoded"
    assert served.ask("POST /", form, body=f"access_token={TOKEN}".encode()).status == 401


def test_with_a_header_no_other_token_is_needed(site: Callable[..., Site]) -> None:
    guard = BearerAuthentication(check, query="access_token")
    served = site(("/", Who), middleware=[guard], xsrf_cookies=True, cross_origin_protection=True)
    assert served.ask("POST /", bearer(TOKEN), body=b"").status == 200
    foreign = ("Origin: https://app.example", "Sec-Fetch-Site: cross-site")
    assert served.ask("POST /", bearer(TOKEN), *foreign, body=b"").status == 200
    assert served.ask("POST /", bearer("x"), body=b"").status == 401
    # Whoever writes a link can have a token of his own in it.
    assert served.ask(f"POST /?access_token={TOKEN}", body=b"").status == 403


def test_what_browsers_ask_beforehand_is_let_through(site: Callable[..., Site]) -> None:
    served = site(("/", Who), middleware=[BearerAuthentication(check)])
    assert served.ask("OPTIONS /", *PREFLIGHT).text == "<None>"
    assert served.ask("OPTIONS /").status == 401
    assert served.ask("OPTIONS /", PREFLIGHT[0]).status == 401
    assert served.ask("POST /", *PREFLIGHT, body=b"").status == 401


def test_websockets_of_browsers_have_it_in_the_url(site: Callable[..., Site]) -> None:
    served = site(("/", Echo), middleware=[BearerAuthentication(check, query="token")])
    with served.connect() as connection:
        answer = connection.ask("GET /?token=x", *HANDSHAKE)
        assert (answer.status, challenges(answer)[0][:6]) == (401, "Bearer")
    with served.connect() as connection:
        connection.send(f"GET /?token={TOKEN}", *HANDSHAKE)
        assert connection.sock.recv(12) == b"HTTP/1.1 101"


def test_a_check_that_fails_is_our_fault(site: Callable[..., Site], expect_log: Any) -> None:
    def fail(token: str) -> None:
        raise KeyError(1)

    class Seen(RequestHandler):
        def get(self) -> None:
            raise AssertionError("it was let in")

    served = site(("/", Seen), middleware=[BearerAuthentication(fail)])
    with expect_log("tornadolike.application", "Uncaught exception"):
        answer = served.ask("GET /", bearer("secrettoken"))
    assert answer.status == 500


@pytest.mark.parametrize(
    "arguments",
    [
        {"check": "token"},
        {"check": check, "scopes": "read"},
        {"check": check, "scopes": ["read list"]},
        {"check": check, "realm": ""},
        {"check": check, "max_length": 0},
        {"check": check, "max_length": "8"},
    ],
)
def test_arguments_that_are_of_no_use(arguments: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        BearerAuthentication(**arguments)
