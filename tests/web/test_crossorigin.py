"""Requests of other sites' pages: refused where the setting asks for it, by what the browser says."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import Site, make_handler
from tornadolike.web import RequestHandler

TRUSTED = ["https://trusted.example"]


class Ledger(RequestHandler):
    """Everything here counts."""

    SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "PURGE")

    def get(self) -> None:
        self.write("done")

    head = options = post = put = delete = patch = purge = get

    def prepare(self) -> None:
        self.application.settings["prepared"].append(self.request.method)


class Open(Ledger):
    def check_trusted_origin(self, origin: str) -> bool:
        return origin.startswith("http")


def fields(origin: str | None, site: str | None) -> list[str]:
    told = [] if origin is None else [f"Origin: {origin}"]
    return told if site is None else [*told, f"Sec-Fetch-Site: {site}"]


@pytest.fixture
def ledger(site: Callable[..., Site]) -> Site:
    return site(
        ("/", Ledger),
        ("/open", Open),
        cross_origin_protection=True,
        trusted_origins=TRUSTED,
        prepared=[],
    )


CASES: list[tuple[str, str | None, str | None, bool]] = [
    # path, Origin, Sec-Fetch-Site, accepted
    ("/", None, None, True),
    ("/", None, "same-origin", True),
    ("/", None, "none", True),
    ("/", None, "cross-site", False),
    ("/", None, "same-site", False),
    ("/", None, "", False),
    ("/", None, "nonsense", False),
    ("/", "http://127.0.0.1", None, True),
    ("/", "https://127.0.0.1", None, True),
    ("/", "http://127.0.0.1/path", None, True),
    ("/", "http://127.0.0.1:81", None, False),
    ("/", "http://127.0.0.1@evil.example", None, False),
    ("/", "http://evil.example", None, False),
    ("/", "http://evil.example#127.0.0.1", None, False),
    ("/", "127.0.0.1", None, False),
    ("/", "null", None, False),
    ("/", "", None, False),
    ("/", "http://[", None, False),
    ("/", "\xff\xfe", None, False),
    ("/", "%s%d%n", None, False),
    ("/", "http://127.0.0.1", "cross-site", False),
    ("/", "http://proxied.example", "same-origin", True),
    ("/", "https://trusted.example", None, True),
    ("/", "https://trusted.example", "cross-site", True),
    ("/", "https://trusted.example", "same-site", True),
    ("/", "https://trusted.example/", None, False),
    ("/", "http://trusted.example", None, False),
    ("/", "https://trusted.exampl", None, False),
    ("/", "https://a.trusted.example", None, False),
    ("/open", "http://evil.example", None, True),
    ("/open", "http://evil.example", "cross-site", True),
    ("/open", "null", None, False),
    ("/open", None, "cross-site", False),
]


def test_who_is_accepted(ledger: Site) -> None:
    prepared = ledger.application.settings["prepared"]
    for path, origin, site, accepted in CASES:
        prepared.clear()
        answer = ledger.ask(f"POST {path}", *fields(origin, site), body=b"")
        assert answer.status == (200 if accepted else 403), (path, origin, site)
        assert bool(prepared) == accepted
        if not accepted:
            assert "Pages of other sites may not send this request." in answer.text


def test_which_methods(ledger: Site) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        assert ledger.ask(f"{method} /", *fields(None, "cross-site")).status == 200
    for method in ("POST", "PUT", "DELETE", "PATCH", "PURGE"):
        assert ledger.ask(f"{method} /", *fields(None, "cross-site"), body=b"").status == 403
        assert ledger.ask(f"{method} /", *fields(None, "same-origin"), body=b"").status == 200
    assert ledger.ask("FETCH /", *fields(None, "cross-site")).status == 405


def test_a_wrong_address_is_told_as_such(ledger: Site) -> None:
    assert ledger.ask("POST /wrong", *fields("null", None), body=b"").status == 404
    assert ledger.ask("POST /wrong", *fields(None, "cross-site"), body=b"").status == 403


def test_it_is_off_unless_asked_for(site: Callable[..., Site]) -> None:
    served = site(("/", Ledger), prepared=[])
    assert (
        served.ask("POST /", *fields("http://evil.example", "cross-site"), body=b"").status == 200
    )


def test_what_is_logged(ledger: Site, caplog: pytest.LogCaptureFixture) -> None:
    ledger.ask("POST /", *fields("http://evil.example", None), body=b"")
    ledger.ask("POST /", *fields("%s", "cross-site"), body=b"")
    told = [record.getMessage() for record in caplog.records if "origin" in record.message.lower()]
    assert told == [
        "403 POST / (127.0.0.1): Origin 'http://evil.example' not allowed",
        "403 POST / (127.0.0.1): Sec-Fetch-Site cross-site & origin '%s' not allowed",
    ]


def test_a_setting_of_the_wrong_type() -> None:
    handler: Any = make_handler()
    handler.settings["trusted_origins"] = "https://trusted.example.com"
    with pytest.raises(TypeError, match=r"a list of origins: \['https://trusted"):
        handler.check_trusted_origin("https://trusted.example")


def test_an_empty_host_is_nobodys_origin() -> None:
    for origin in ("null", "", "/path"):
        handler: Any = make_handler(headers={"Host": "", "Origin": origin})
        assert handler._check_cross_origin(handler.check_trusted_origin) is not None


def test_the_default_trusts_nobody() -> None:
    assert not make_handler().check_trusted_origin("https://a.example")
    settings = {"trusted_origins": {"https://a.example"}}
    assert make_handler(settings=settings).check_trusted_origin("https://a.example")
