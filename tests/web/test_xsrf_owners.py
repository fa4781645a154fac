"""XSRF: tokens in the hands of others: of pages of other sites, and of other users."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import Answer, Site, make_handler
from tests.web.xsrf_pages import TOKEN, Page, set_cookies, visit
from tornadolike.sessions import Sessions
from tornadolike.web import xsrf

SECRETS = {1: "3c6e0b8a9c15224a8228b9a98ca1531d", 2: "b1946ac92492d2347c6235b4d2611184"}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        # What a browser says of where a request comes from that has its token, without any, as from old browsers.
        ([], 200),
        (["Sec-Fetch-Site: same-origin"], 200),
        (["Sec-Fetch-Site: none"], 200),
        (["Sec-Fetch-Site: same-site", "Origin: https://other.example.com"], 200),
        (["Sec-Fetch-Site: something new"], 200),
        (["Origin: https://behind-a-proxy.example"], 200),
        (["Sec-Fetch-Site: cross-site"], 403),
        (["Sec-Fetch-Site: cross-site", "Origin: null"], 403),
        (["Sec-Fetch-Site: cross-site", "Origin: https://evil.example"], 403),
        # Our own host, without TLS: somebody on the line may have made that page, and the cookie.
        (["Sec-Fetch-Site: cross-site", "Origin: http://127.0.0.1"], 403),
        (["Sec-Fetch-Site: cross-site", "Origin: https://partner.example"], 200),
        (["Sec-Fetch-Site: cross-site", "Origin: https://partner.example.evil.example"], 403),
    ],
)
def test_other_sites_may_not_have_it(
    site: Callable[..., Site], fields: list[str], status: int
) -> None:
    served = site(("/", Page), xsrf_cookies=True, trusted_origins=["https://partner.example"])
    ours = [f"Cookie: _xsrf={TOKEN}", f"X-XSRFToken: {TOKEN}"]
    answer = served.ask("POST /", *ours, *fields, body=b"")
    assert answer.status == status
    assert ("Pages of other sites" in answer.text) == (status == 403)
    # Nothing of that takes the place of the token, and reading is free.
    assert served.ask("POST /", *fields, body=b"").status == 403
    assert served.ask("GET /", *fields).status == 200


def test_who_needs_no_token_may_come_from_everywhere(site: Callable[..., Site]) -> None:
    class Open(Page):
        def check_xsrf_cookie(self) -> None:
            pass

    class Friendly(Page):
        def check_trusted_origin(self, origin: str) -> bool:
            return True

    served = site(("/open", Open), ("/friendly", Friendly), xsrf_cookies=True)
    foreign = "Sec-Fetch-Site: cross-site", "Origin: https://evil.example"
    assert served.ask("POST /open", *foreign, body=b"").status == 200
    assert served.ask("POST /friendly", *foreign, body=b"").status == 403
    ours = [f"Cookie: _xsrf={TOKEN}", f"X-XSRFToken: {TOKEN}"]
    assert served.ask("POST /friendly", *foreign, *ours, body=b"").status == 200


class Bound(Page):
    def get_xsrf_owner(self) -> str | None:
        return self.request.headers.get("X-Session")


def as_owner(owner: str | None) -> list[str]:
    return [] if owner is None else [f"X-Session: {owner}"]


def test_a_token_is_good_for_its_owner_alone(site: Callable[..., Site]) -> None:
    served = site(("/", Bound), xsrf_cookies=True, cookie_secret=SECRETS, key_version=1)
    owners = ["alice", "alic", "bob", "", None]
    for owner in owners:
        answer = served.ask("GET /", *as_owner(owner))
        cookie = "Cookie: " + set_cookies(answer)[0].partition(";")[0]
        assert not set_cookies(served.ask("GET /", cookie, *as_owner(owner)))
        for other in owners:
            told = [cookie, f"X-XSRFToken: {answer.text}", *as_owner(other)]
            same = other == owner
            # Who has not signed in has no token of his own, and can be given one.
            fits = same or not other
            answered = served.ask("POST /", *told, body=b"")
            assert answered.status == (200 if fits else 403), (owner, other)
            assert fits or "is missing, or of somebody else" in answered.text
            if not fits:  # the page that is asked for next has a good one
                assert set_cookies(served.ask("GET /", *told))


def test_tokens_that_somebody_has_made_for_another(site: Callable[..., Site]) -> None:
    """As a page of another host of the domain can, which sets both."""
    served = site(("/", Bound), xsrf_cookies=True, cookie_secret=SECRETS, key_version=1)
    alice = served.ask("GET /", "X-Session: alice").text
    raw = make_handler()._decode_xsrf_token(alice)[1]
    assert len(raw) == 32
    forged = [b"", b"x", raw[:16], raw[:-1], raw + b"x", raw[16:], b"\0" * 32, raw[1:] + raw[:1]]
    for token in forged:
        text = xsrf._write(token, 1, 2).decode()
        ours = f"Cookie: _xsrf={text}", f"X-XSRFToken: {text}", "X-Session: alice"
        assert served.ask("POST /", *ours, body=b"").status == 403
    for version in (1, 2):
        text = xsrf._write(raw, 1, version).decode()
        ours = f"Cookie: _xsrf={text}", f"X-XSRFToken: {text}", "X-Session: alice"
        assert served.ask("POST /", *ours, body=b"").status == 200


def test_secrets_of_bound_tokens_are_exchanged(site: Callable[..., Site]) -> None:
    old = site(("/", Bound), xsrf_cookies=True, cookie_secret=SECRETS, key_version=1)
    new = site(("/", Bound), xsrf_cookies=True, cookie_secret=SECRETS, key_version=2)
    other = site(("/", Bound), xsrf_cookies=True, cookie_secret=SECRETS[2])
    token = old.ask("GET /", "X-Session: alice").text
    ours = f"Cookie: _xsrf={token}", f"X-XSRFToken: {token}", "X-Session: alice"
    assert new.ask("POST /", *ours, body=b"").status == 200
    assert other.ask("POST /", *ours, body=b"").status == 403


def test_bound_to_nothing_of_use(site: Callable[..., Site], expect_log: Callable[..., Any]) -> None:
    class Numbered(Page):
        def get_xsrf_owner(self) -> Any:
            return 7

    for page, settings, told in (
        (Bound, {}, "get_xsrf_owner() binds tokens to visitors, and needs a secret"),
        (Bound, {"cookie_secret": "short", "debug": True}, "can be guessed"),
        (Numbered, {}, "gives a str, bytes or None, not 7"),
    ):
        served = site(("/", page), xsrf_cookies=True, **settings)
        with expect_log("tornadolike.application", "Uncaught", count=1) as log:
            assert served.ask("GET /", "X-Session: alice").status == 500
        assert told in str(log.matched[0].exc_info)


@pytest.mark.parametrize("page", [Page, Bound])
def test_a_token_is_renewed(site: Callable[..., Site], page: type[Page]) -> None:
    class In(page):  # type: ignore[misc, valid-type]
        def get(self) -> None:
            before = self.xsrf_token
            self.request.headers["X-Session"] = "alice"
            after = self.renew_xsrf_token()
            assert self.xsrf_token == after != before
            self.write(after)

    served = site(("/", page), ("/in", In), xsrf_cookies=True, cookie_secret=SECRETS[1])
    cookie, token = visit(served)
    answer = served.ask("GET /in", f"Cookie: {cookie}")
    renewed = set_cookies(answer)[0].partition(";")[0]
    assert renewed != cookie
    owner = as_owner("alice" if page is Bound else None)
    for sent, given, status in (
        (renewed, answer.text, 200),
        (renewed, token, 403),
        (cookie, answer.text, 403),
    ):
        told = [f"Cookie: {sent}", f"X-XSRFToken: {given}", *owner]
        assert served.ask("POST /", *told, body=b"").status == status


def test_with_sessions(site: Callable[..., Site]) -> None:
    """As docs/xsrf.rst has it: who signs in leaves the tokens of before behind, without another word."""

    class Own(Page):
        def get_xsrf_owner(self) -> Any:
            return self.session.get("login_id")

    class In(Own):
        def post(self) -> None:
            self.session.rotate()
            self.session["login_id"] = secrets.token_hex()

    class Out(Own):
        def post(self) -> None:
            self.session.invalidate()

    served = site(
        *(("/", Own), ("/in", In), ("/out", Out)),
        xsrf_cookies=True,
        middleware=[Sessions()],
        cookie_secret=SECRETS[1],
    )
    cookies: dict[str, str] = {}

    def ask(request: str, *fields: str) -> Answer:
        sent = "; ".join(f"{name}={value}" for name, value in cookies.items())
        body = None if request.startswith("GET") else b""
        answer = served.ask(request, f"Cookie: {sent}", *fields, body=body)
        for told in set_cookies(answer):
            name, _, value = told.partition(";")[0].partition("=")
            cookies[name] = value
        return answer

    before = f"X-XSRFToken: {ask('GET /').text}"
    assert ask("POST /", before).status == 200
    assert ask("POST /in", before).status == 200
    assert ask("POST /", before).status == 403
    hers = f"X-XSRFToken: {ask('GET /').text}"
    assert ask("POST /", hers).status == 200
    assert ask("POST /", before).status == 403
    session = cookies["session"]
    assert ask("POST /in", hers).status == 200  # as somebody else, say
    assert ask("POST /", hers).status == 403
    his = f"X-XSRFToken: {ask('GET /').text}"
    assert ask("POST /out", his).status == 200
    cookies["session"] = session
    assert ask("POST /", his).status == 403
