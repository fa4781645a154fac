"""CORS: what browsers are told about the pages of other sites."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.middleware.helpers import HANDSHAKE, RULES, Plain
from tests.web.helpers import Answer, Site
from tornadolike.middleware import CORS
from tornadolike.web import RequestHandler, route, url

APP = "https://app.test"
EVIL = "https://evil.test"
VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


def said(answer: Answer) -> dict[str, str]:
    """The headers that are about it."""
    prefix = "access-control-"
    return {
        name.lower().removeprefix(prefix): value
        for name, value in answer.headers.items()
        if name.lower().startswith(prefix) or name.lower() == "vary"
    }


def preflight(
    site: Site, method: str = "PUT", *fields: str, origin: str = APP, path: str = "/"
) -> Answer:
    asked = (f"Origin: {origin}", f"Access-Control-Request-Method: {method}", *fields)
    return site.ask(f"OPTIONS {path}", *asked)


class Own(RequestHandler):
    """As programs do that were written without any middleware."""

    def set_default_headers(self) -> None:
        self.set_header("Access-Control-Allow-Origin", "https://own.test")

    def get(self) -> None:
        self.write("own")


def test_all_responses_tell_who_may_read_them(site: Callable[..., Site]) -> None:
    cors = CORS([APP, re.compile(r"https://[a-z]+\.app\.test")], expose=["X-Total", "X-Page"])
    asked = site(*RULES, middleware=[cors])
    for path in ("/", "/streamed", "/failing", "/unchanged", "/nowhere"):
        assert said(asked.ask(f"GET {path}")) == {"vary": "Origin"}, path
        assert said(asked.ask(f"GET {path}", f"Origin: {EVIL}")) == {"vary": "Origin"}, path
        for origin in (APP, "https://a.app.test"):
            assert said(asked.ask(f"GET {path}", f"Origin: {origin}")) == {
                "vary": "Origin",
                "allow-origin": origin,
                "expose-headers": "X-Total, X-Page",
            }, path
    # Two origins are none, and the answer is there for who can read it.
    answer = asked.ask("GET /", f"Origin: {APP}", f"Origin: {EVIL}")
    assert (answer.text, said(answer)) == ("plain", {"vary": "Origin"})


def test_all_origins(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[CORS("*")])
    # Whoever asks: caches may have it for all.
    assert said(asked.ask("GET /")) == {"allow-origin": "*"}
    assert said(asked.ask("GET /failing", f"Origin: {EVIL}")) == {"allow-origin": "*"}
    assert said(preflight(asked, origin="null"))["allow-origin"] == "*"


def test_credentials(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[CORS([APP], credentials=True)])
    assert said(asked.ask("GET /", f"Origin: {APP}"))["allow-credentials"] == "true"
    assert said(preflight(asked))["allow-credentials"] == "true"
    assert "allow-credentials" not in said(asked.ask("GET /", f"Origin: {EVIL}"))


def test_preflights(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[CORS([APP], headers=["Content-Type", "X-Token"])])
    answer = preflight(asked, "PUT", "Access-Control-Request-Headers: content-type,, x-TOKEN ")
    assert (answer.status, answer.body) == (204, b"")
    assert said(answer) == {
        "vary": VARY,
        "allow-origin": APP,
        "allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
        "allow-headers": "Content-Type, X-Token",
        "max-age": "600",
    }
    assert preflight(asked, path="/nowhere").status == 204


def test_preflights_that_are_refused(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[CORS([APP], methods=["PUT"])])
    for answer, word in (
        (preflight(asked, origin=EVIL), "Pages of the origin https://evil.test may not"),
        (preflight(asked, origin="null"), "the origin null"),
        (preflight(asked, "DELETE"), "the method DELETE"),
        (preflight(asked, "put"), "the method put"),
        (preflight(asked, "PUT", "Access-Control-Request-Headers: x-token"), "the header x-token"),
        (preflight(asked, "PUT", "Access-Control-Request-Headers: a b"), "the header a b"),
    ):
        assert answer.status == 403, word
        assert word in answer.text
        assert said(answer) == {"vary": VARY}
    # What needs nobody's leave, and may be asked for beforehand for another reason.
    for method in ("GET", "HEAD", "POST", "PUT"):
        assert preflight(asked, method).status == 204, method
    assert "the method &lt;b&gt; here" in preflight(asked, "<b>").text


def test_all_methods_and_headers(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[CORS("*", methods="*", headers="*", expose="*", max_age=None)])
    answer = preflight(asked, "PURGE", "Access-Control-Request-Headers: authorization, x-a")
    assert said(answer) == {
        "vary": VARY,
        "allow-origin": "*",
        "allow-methods": "PURGE",
        "allow-headers": "authorization, x-a",  # of which * would leave out the first
    }
    for wrong in ("a b", "x\xe4", "a;b"):
        assert preflight(asked, wrong).status == 403
        refused = preflight(asked, "PUT", f"Access-Control-Request-Headers: {wrong}")
        assert refused.status == 403
    assert said(asked.ask("GET /"))["expose-headers"] == "*"


def test_private_networks(site: Callable[..., Site]) -> None:
    private = "Access-Control-Request-Private-Network: true"
    asked = site(*RULES, middleware=[CORS([APP], private_network=True)])
    assert said(preflight(asked, "PUT", private))["allow-private-network"] == "true"
    assert "allow-private-network" not in said(preflight(asked))
    # Without leave the browser is told nothing, and decides itself.
    answer = preflight(site(*RULES, middleware=[CORS([APP])]), "PUT", private)
    assert (answer.status, "allow-private-network" in said(answer)) == (204, False)


def test_what_is_no_preflight_is_the_handlers(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[CORS([APP])])
    assert asked.ask("OPTIONS /", f"Origin: {APP}").text == "plain"
    assert asked.ask("OPTIONS /", "Access-Control-Request-Method: PUT").text == "plain"
    answer = asked.ask("GET /", f"Origin: {APP}", "Access-Control-Request-Method: PUT")
    assert answer.text == "plain"


def test_a_preflight_comes_to_no_handler(site: Callable[..., Site]) -> None:
    class Closed(Plain):
        def prepare(self) -> None:
            raise AssertionError

    asked = site(("/", Closed), middleware=[CORS([APP])], xsrf_cookies=True)
    assert preflight(asked).status == 204


def test_a_preflight_for_a_rule_that_is_for_some_methods(site: Callable[..., Site]) -> None:
    cors = CORS([APP])
    asked = site(
        route("/things/{number:int}", Plain, methods=["GET"], middleware=[cors]),
        route("/things/{number:int}", Plain, methods=["PUT"], middleware=[cors]),
        automatic_options=True,
    )
    assert preflight(asked, "PUT", path="/things/7").status == 204
    assert preflight(asked, "PUT", path="/things/7", origin=EVIL).status == 403
    assert said(asked.ask("PUT /things/7", f"Origin: {APP}", body=b""))["allow-origin"] == APP
    refused = asked.ask("DELETE /things/7", f"Origin: {APP}")
    assert (refused.status, said(refused)["allow-origin"]) == (405, APP)
    assert asked.ask("OPTIONS /things/7").header("Allow") == "GET, PUT, OPTIONS"


def test_a_handler_says_it_itself(site: Callable[..., Site]) -> None:
    asked = site(("/", Own), middleware=[CORS([APP], expose=["X-A"])])
    assert said(asked.ask("GET /", f"Origin: {APP}")) == {"allow-origin": "https://own.test"}
    # Preflights do not come there.
    assert said(preflight(asked))["allow-origin"] == APP


def test_a_rule_has_other_friends_than_its_application(site: Callable[..., Site]) -> None:
    rule = url("/own", Plain, middleware=[CORS([APP])])
    asked = site(*RULES, rule, middleware=[CORS("*")])
    assert said(asked.ask("GET /own", f"Origin: {EVIL}")) == {"vary": "Origin"}
    assert said(asked.ask("GET /own", f"Origin: {APP}"))["allow-origin"] == APP
    assert said(asked.ask("GET /", f"Origin: {APP}")) == {"allow-origin": "*"}


def test_websockets_are_passed_by(site: Callable[..., Site]) -> None:
    asked = site(*RULES, middleware=[CORS("*")], trusted_origins=[APP])
    with asked.connect() as connection:
        connection.send("GET /echo", *HANDSHAKE, f"Origin: {APP}")
        answer = connection.receive()
    assert (answer.status, said(answer)) == (101, {})


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"origins": "*", "credentials": True}, r"an origin '\*' would open"),
        ({"origins": ["null"], "credentials": True}, "an origin 'null' would open"),
        ({"origins": [re.compile(".*")], "credentials": True}, r"an origin '\.\*' would open"),
        ({"credentials": True, "headers": "*"}, r"browsers take no '\*' in headers"),
        ({"credentials": True, "methods": "*"}, r"browsers take no '\*' in methods"),
        ({"credentials": True, "expose": ["*"]}, r"browsers take no '\*' in expose"),
        ({"max_age": -1}, "max_age is a whole number"),
        ({"max_age": 1.5}, "max_age is a whole number"),
        ({"methods": ["put"]}, "methods are in upper case: 'PUT', not 'put'"),
        ({"methods": ["GET POST"]}, "methods has names as they stand in HTTP"),
        ({"headers": ["X-A\r\nX-B: 1"]}, "headers has names"),
        ({"expose": [""]}, "expose has names"),
    ],
)
def test_what_would_not_be_safe(arguments: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        CORS(**{"origins": [APP], **arguments})


def test_a_list_is_no_text() -> None:
    with pytest.raises(TypeError, match=r"methods is a list: \['PUT'\]"):
        CORS([APP], methods="PUT")
