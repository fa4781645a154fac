"""What browsers are to be strict about."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.middleware.helpers import HANDSHAKE, RULES, Plain
from tests.web.helpers import Site
from tornadolike.httputil import TrustedProxies
from tornadolike.middleware import SecurityHeaders, csp_nonce
from tornadolike.template import DictLoader
from tornadolike.web import RequestHandler, url

POLICY = "Content-Security-Policy"
HSTS = "Strict-Transport-Security"
NONCE = re.compile(r"'nonce-([A-Za-z0-9_-]{22})'")


class Page(RequestHandler):
    def get(self) -> None:
        self.render("page.html")


class StreamedPage(RequestHandler):
    def initialize(self, before: bool) -> None:
        self.before = before

    async def get(self) -> None:
        if self.before:
            csp_nonce(self)
        await self.flush()
        await self.render_stream("page.html")


class Own(RequestHandler):
    def get(self) -> None:
        self.set_header(POLICY, "default-src 'none'")
        self.set_header("X-Content-Type-Options", "mine")
        self.set_header(HSTS, "max-age=1")


PAGE = '<script nonce="{{ csp_nonce() }}">a()</script><style nonce="{{ csp_nonce() }}"></style>'


def pages(site: Callable[..., Site], *rules: Any, **arguments: Any) -> Site:
    return site(
        *RULES,
        ("/page", Page),
        ("/own", Own),
        *rules,
        middleware=[SecurityHeaders(**arguments)],
        ui_methods={"csp_nonce": csp_nonce},
        template_loader=DictLoader({"page.html": PAGE}),
        server={"trust": TrustedProxies("127.0.0.1", headers="X-Forwarded-Proto")},
    )


def test_all_responses_have_them(site: Callable[..., Site]) -> None:
    asked = pages(site)
    for path in ("/", "/streamed", "/failing", "/nowhere"):
        answer = asked.ask(f"GET {path}")
        assert answer.header("X-Content-Type-Options") == "nosniff", path
        assert answer.header("Referrer-Policy") == "strict-origin-when-cross-origin"
        assert answer.header("Cross-Origin-Opener-Policy") == "same-origin"
        assert answer.header("Cross-Origin-Resource-Policy") == "same-origin"
        assert (answer.header("Permissions-Policy") or "").startswith("camera=(), ")
        assert answer.header("Cross-Origin-Embedder-Policy") is None
        assert "frame-ancestors 'self'" in (answer.header(POLICY) or "")
        assert "nonce" not in (answer.header(POLICY) or "")
        assert answer.header(HSTS) is None
    with asked.connect() as connection:
        connection.send("GET /echo", *HANDSHAKE)
        assert connection.receive().status == 101


def test_nonces_of_pages(site: Callable[..., Site]) -> None:
    asked = pages(site)
    nonces = set()
    for _ in range(3):
        answer = asked.ask("GET /page")
        [nonce] = set(NONCE.findall(answer.header(POLICY) or ""))
        assert answer.text.count(f'nonce="{nonce}"') == 2
        nonces.add(nonce)
    assert len(nonces) == 3


def test_nonces_of_streamed_pages(site: Callable[..., Site], expect_log: Any) -> None:
    rules = [
        url("/early", StreamedPage, {"before": True}),
        url("/late", StreamedPage, {"before": False}),
    ]
    asked = pages(site, *rules)
    answer = asked.ask("GET /early")
    [nonce] = set(NONCE.findall(answer.header(POLICY) or ""))
    assert answer.text.count(f'nonce="{nonce}"') == 2
    with (
        expect_log("tornadolike.application", "Uncaught exception GET /late") as logged,
        expect_log("tornadolike.general", "after headers written"),
        asked.connect() as connection,
    ):
        connection.send("GET /late")
        assert b"<script" not in connection.sock.recv(65536)
        asked.settle()
    assert "csp_nonce() comes too late" in str(logged.matched[0].exc_info)


def test_a_handlers_own_stay(site: Callable[..., Site]) -> None:
    answer = pages(site).ask("GET /own", "X-Forwarded-Proto: https")
    assert answer.headers.get_all(POLICY) == ["default-src 'none'"]
    assert answer.headers.get_all("X-Content-Type-Options") == ["mine"]
    assert answer.headers.get_all(HSTS) == ["max-age=1"]
    assert answer.header("Referrer-Policy") is not None


def test_a_rules_own_are_all_that_it_has(site: Callable[..., Site]) -> None:
    own = SecurityHeaders(content_security_policy=None, referrer_policy="no-referrer")
    asked = pages(site, url("/rule", Plain, middleware=[own]))
    answer = asked.ask("GET /rule")
    assert (answer.header(POLICY), answer.header("Referrer-Policy")) == (None, "no-referrer")


def test_a_confirmed_page_keeps_its_policy(site: Callable[..., Site]) -> None:
    answer = pages(site).ask("GET /unchanged")
    assert (answer.status, answer.header(POLICY)) == (304, None)
    assert answer.header("X-Content-Type-Options") == "nosniff"
    fixed = pages(site, content_security_policy="default-src 'self'")
    assert fixed.ask("GET /unchanged").header(POLICY) == "default-src 'self'"


def test_strict_transport_is_for_https(site: Callable[..., Site]) -> None:
    asked = pages(site)
    assert asked.ask("GET /", "X-Forwarded-Proto: http").header(HSTS) is None
    assert asked.ask("GET /", "X-Forwarded-Proto: https").header(HSTS) == "max-age=31536000"
    unknown = site(*RULES, middleware=[SecurityHeaders()])
    assert unknown.ask("GET /", "X-Forwarded-Proto: https").header(HSTS) is None
    more = pages(site, hsts_subdomains=True, hsts_preload=True)
    answer = more.ask("GET /", "X-Forwarded-Proto: https")
    assert answer.header(HSTS) == "max-age=31536000; includeSubDomains; preload"
    none = pages(site, hsts_seconds=0)
    assert none.ask("GET /", "X-Forwarded-Proto: https").header(HSTS) is None


def test_what_an_author_changes(site: Callable[..., Site]) -> None:
    asked = pages(
        site,
        content_security_policy={"img-src": "*"},
        report_only=True,
        permissions_policy=None,
        opener_policy=None,
        resource_policy="cross-origin",
        embedder_policy="require-corp",
        more={"X-Frame-Options": "SAMEORIGIN"},
    )
    answer = asked.ask("GET /page")
    assert answer.header(POLICY) is None
    policy = answer.header(f"{POLICY}-Report-Only") or ""
    assert "img-src *;" in policy
    assert NONCE.search(policy)
    assert answer.header("Permissions-Policy") is None
    assert answer.header("Cross-Origin-Opener-Policy") is None
    assert answer.header("Cross-Origin-Resource-Policy") == "cross-origin"
    assert answer.header("Cross-Origin-Embedder-Policy") == "require-corp"
    assert answer.header("X-Frame-Options") == "SAMEORIGIN"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"hsts_seconds": -1}, "hsts_seconds is a whole number"),
        ({"hsts_seconds": 1.5}, "hsts_seconds is a whole number"),
        ({"hsts_preload": True}, "hsts_preload wants hsts_subdomains"),
        (
            {"hsts_preload": True, "hsts_subdomains": True, "hsts_seconds": 60},
            "hsts_preload wants",
        ),
        ({"referrer_policy": "a\r\nb"}, "Unsafe header value"),
        ({"more": {"X Y": "a"}}, "Unsafe header name"),
    ],
)
def test_what_cannot_be_said(arguments: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        SecurityHeaders(**arguments)
