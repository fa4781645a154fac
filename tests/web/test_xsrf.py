"""XSRF: tokens, their cookie, and requests that lack them."""

import json
import logging
import re
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest
import tornado.web

from tests.web.helpers import Site, make_handler
from tests.web.xsrf_pages import FORM, TOKEN, Page, in_form, set_cookies, visit
from tornadolike.template import DictLoader
from tornadolike.web import (
    RequestHandler,
    reads_request_body,
    spool_uploads,
    stream_request_body,
    xsrf,
)

V2 = re.compile(rb"2\|[0-9a-f]{8}\|[0-9a-f]{32}\|[0-9]{10}")


@pytest.fixture
def served(site: Callable[..., Site]) -> Site:
    return site(("/", Page), xsrf_cookies=True)


def test_what_is_accepted(served: Site) -> None:
    cookie, token = visit(served)
    other = visit(served, cookie)[1]
    assert V2.fullmatch(token.encode())
    assert other != token  # another mask
    query = urllib.parse.quote(token)
    for given in (token, other):
        with served.connect() as client:
            ours = f"Cookie: {cookie}"
            assert client.ask("POST /", ours, FORM, body=in_form(given)).status == 200
            assert client.ask(f"POST /?_xsrf={query}", ours, body=b"").status == 200
            for name in ("X-XSRFToken", "x-xsrftoken", "X-CSRFToken"):
                for method in ("POST", "PUT", "DELETE", "PATCH"):
                    answer = client.ask(f"{method} /", ours, f"{name}: {given}", body=b"")
                    assert answer.status == 200
            as_json = [ours, f"X-XSRFToken: {given}", "Content-Type: application/json"]
            assert client.ask("POST /", *as_json, body=json.dumps({"a": 1}).encode()).status == 200


def test_what_is_refused(served: Site) -> None:
    cookie, token = visit(served)
    strangers, strangers_token = visit(served)
    mask, masked = token.split("|")[1:3]
    flipped = f"2|{mask}|{masked[:-1]}{int(masked[-1], 16) ^ 1:x}|1"
    missing, malformed, wrong = "neither a field", "is no token", "does not fit"
    cases = [
        # cookie, form, header, what is told
        (cookie, None, None, missing),
        (cookie, "", None, missing),
        (cookie, None, "", missing),
        (None, None, None, missing),
        (cookie, strangers_token, None, wrong),
        (strangers, token, None, wrong),
        (cookie, flipped, None, wrong),
        (cookie, TOKEN, None, wrong),
        (cookie, "nonsense", None, wrong),
        (cookie, "é", None, wrong),
        (cookie, "2|", None, malformed),
        (cookie, "2|||", None, malformed),
        (cookie, f"2|{mask}||1", None, malformed),
        (cookie, f"2|{mask[:6]}|{masked}|1", None, malformed),
        (cookie, f"2|{mask}|{masked}", None, malformed),
        (cookie, f"2|{mask}|{masked}|", None, malformed),
        (cookie, f"2|{mask}|{masked}|x", None, malformed),
        (cookie, f"2|{mask}|{masked}|+1", None, malformed),
        (cookie, f"2|{mask}|{masked}|" + "1" * 5000, None, malformed),
        (cookie, f"2|{mask}|{masked[:-1]}|1", None, malformed),
        (cookie, f"2|zz{mask[2:]}|{masked}|1", None, malformed),
        (cookie, f"3|{mask}|{masked}|1", None, malformed),
        (cookie, None, "2|x", malformed),
        (None, token, None, "cookie _xsrf is missing"),
        ("_xsrf=", token, None, "cookie _xsrf is missing"),
        ("_xsrf=2|x", token, None, "cookie _xsrf is missing"),
        (f"_xsrf=2|{mask}||1", f"2|{mask}||1", None, malformed),
        ("_xsrf=9|x", "9|x", None, malformed),
    ]
    with served.connect() as client:
        for sent, form, header, told in cases:
            fields = [] if sent is None else [f"Cookie: {sent}"]
            if header is not None:
                fields.append(f"X-XSRFToken: {header}")
            body = b"" if form is None else in_form(form)
            answer = client.ask("POST /", FORM, *fields, body=body)
            assert answer.status == 403, (sent, form, header)
            assert told in answer.text, (sent, form, header, answer.text)
            assert not set_cookies(answer)
        bad = client.ask("POST /", FORM, f"Cookie: {cookie}", body=b"_xsrf=%ff")
        assert bad.status == 400


def test_what_changes_nothing_needs_no_token(served: Site) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        assert served.ask(f"{method} /").status in (200, 204)
    assert served.ask("POST /nowhere", body=b"").status == 404
    assert served.ask("FETCH /").status == 405


def test_it_is_off_unless_asked_for(site: Callable[..., Site]) -> None:
    assert site(("/", Page)).ask("POST /", body=b"").status == 200


def test_a_handler_may_know_its_users_by_something_else(site: Callable[..., Site]) -> None:
    class API(Page):
        def check_xsrf_cookie(self) -> None:
            pass

    assert site(("/", API), xsrf_cookies=True).ask("POST /", body=b"").status == 200


def test_prepare_comes_after_the_check(site: Callable[..., Site]) -> None:
    prepared = []

    class Prepared(Page):
        def prepare(self) -> None:
            prepared.append(self)

    assert site(("/", Prepared), xsrf_cookies=True).ask("POST /", body=b"").status == 403
    assert not prepared


# Tokens and their cookie


def test_the_cookie(served: Site) -> None:
    answer = served.ask("GET /")
    (cookie,) = set_cookies(answer)
    value, *attributes = cookie.split("; ")
    assert value == f"_xsrf={answer.text}"
    assert attributes == ["Path=/", "SameSite=Lax"]
    # Who has one gets no other, unless theirs is of no use.
    assert not set_cookies(served.ask("GET /", f"Cookie: {value}"))
    for bad in ("2|x", "", "7|x", "2|00||1"):
        assert set_cookies(served.ask("GET /", f"Cookie: _xsrf={bad}"))


def test_the_token_stays_the_same_for_a_request() -> None:
    for headers in ({}, {"Cookie": f"_xsrf={TOKEN}"}, {"Cookie": "_xsrf=2|bad"}):
        handler = make_handler(headers=headers)
        token = handler.xsrf_token
        assert handler.xsrf_token is token
        assert token.decode() in handler.xsrf_form_html()
        raw = handler._get_raw_xsrf_token()[1]
        assert handler._decode_xsrf_token(token.decode())[1] == raw
        assert len(raw) == 16
        assert bool(handler._new_cookies) == (headers.get("Cookie") != f"_xsrf={TOKEN}")


def test_settings_of_the_cookie(site: Callable[..., Site]) -> None:
    attributes = {"httponly": True, "secure": True, "samesite": "Strict"}
    named = site(
        ("/", Page),
        xsrf_cookies=True,
        xsrf_cookie_name="__Host-xsrf",
        xsrf_cookie_kwargs=attributes,
    )
    cookie, token = visit(named)
    assert cookie.startswith("__Host-xsrf=2|")
    (told,) = set_cookies(named.ask("GET /"))
    assert told.endswith("; HttpOnly; Path=/; SameSite=Strict; Secure")
    assert named.ask("POST /", f"Cookie: {cookie}", FORM, body=in_form(token)).status == 200
    refused = named.ask("POST /", f"Cookie: {cookie}x", FORM, body=in_form(token))
    assert "cookie __Host-xsrf is missing" in refused.text


def test_over_tls_it_stays_there() -> None:
    def cookie(protocol: str, **settings: Any) -> str:
        handler = make_handler(settings=settings)
        handler.request.protocol = protocol
        handler.xsrf_token  # noqa: B018 - reading it makes it
        ((_, told),) = handler._new_cookies.items()
        return str(told.partition("; ")[2])

    assert cookie("http") == "Path=/; SameSite=Lax"
    assert cookie("https") == "Path=/; SameSite=Lax; Secure"
    assert cookie("https", xsrf_cookie_kwargs={"secure": False}) == "Path=/; SameSite=Lax"
    for protocol in ("http", "https"):
        named = cookie(protocol, xsrf_cookie_name="__Host-xsrf")
        assert named == "Path=/; SameSite=Lax; Secure"


def test_a_user_keeps_it_for_longer() -> None:
    kwargs: dict[str, Any] = {}

    class Known(RequestHandler):
        def get_current_user(self) -> str:
            return "alice"

    def lasting(**settings: Any) -> bool:
        handler = make_handler(Known, settings=settings)
        handler.xsrf_token  # noqa: B018 - reading it makes it
        return "expires=" in handler._new_cookies["_xsrf"]

    assert lasting()
    assert lasting(xsrf_cookie_kwargs=kwargs)
    assert kwargs == {}  # another's visitors are not this one
    assert not lasting(xsrf_cookie_kwargs={"expires_days": None})


def test_the_first_version(site: Callable[..., Site]) -> None:
    old = site(("/", Page), xsrf_cookies=True, xsrf_cookie_version=1)
    cookie, token = visit(old)
    assert re.fullmatch("[0-9a-f]{32}", token)
    assert cookie == f"_xsrf={token}"
    assert visit(old, cookie) == (cookie, token)
    new = site(("/", Page), xsrf_cookies=True)
    same = visit(new, cookie)[1]
    assert same.startswith("2|")
    for given in (token, same, token.upper()):
        assert new.ask("POST /", f"Cookie: {cookie}", FORM, body=in_form(given)).status == 200
    words = visit(new, "_xsrf=no hex at all")[1]
    ours = "Cookie: _xsrf=no hex at all"
    for given in (words, "no hex at all"):
        assert new.ask("POST /", ours, FORM, body=in_form(given)).status == 200


def test_an_unknown_version() -> None:
    handler = make_handler(settings={"xsrf_cookie_version": 3})
    with pytest.raises(ValueError, match="unknown xsrf_cookie_version 3: it is 1 or 2"):
        handler.xsrf_token  # noqa: B018 - reading it makes it


def test_tornado_reads_our_tokens_and_we_read_its() -> None:
    theirs: Any = tornado.web.RequestHandler._decode_xsrf_token
    handler = make_handler()
    for token in (b"\x00" * 16, bytes(range(16)), b"abc", b"\xff" * 17):
        text = xsrf._write(token, 1_500_000_000, 2).decode()
        assert theirs(None, text) == (2, token, 1_500_000_000)
        assert handler._decode_xsrf_token(text) == (2, token, 1_500_000_000)
    for text in (
        "2|00112233|00112233|1",
        TOKEN,
        "words",
        "é",
        "2|x",
        "2||",
        "3|",
        "",
        "0|1",
        "1000|x",
        "1|x",
        "0|x|y",
    ):
        ours = handler._decode_xsrf_token(text)
        assert ours[:2] == theirs(None, text)[:2]


def test_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr(
        xsrf.hmac, "compare_digest", lambda one, other: compared.append((one, other)) or True
    )
    headers = {"Cookie": f"_xsrf={TOKEN}", "X-Xsrftoken": "0011"}
    make_handler(headers=headers).check_xsrf_cookie()
    assert compared == [(b"\x00\x11", bytes.fromhex(TOKEN))]


def test_a_huge_token_takes_no_time() -> None:
    handler = make_handler()
    text = f"2|00112233|{'ab' * 500_000}|1"
    start = time.process_time()
    assert len(handler._decode_xsrf_token(text)[1]) == 500_000
    assert time.process_time() - start < 0.5


def test_a_page_that_is_sent_before_its_token_is_told_of(
    site: Callable[..., Site], caplog: pytest.LogCaptureFixture
) -> None:
    class Late(Page):
        async def get(self) -> None:  # type: ignore[override]
            await self.flush()
            self.write(self.xsrf_token)

    served = site(("/", Late), xsrf_cookies=True)
    assert served.ask("GET /", f"Cookie: _xsrf={TOKEN}").status == 200
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        assert not set_cookies(served.ask("GET /"))
    (record,) = caplog.records
    assert "Read self.xsrf_token before flush()" in record.getMessage()


def test_in_templates(site: Callable[..., Site]) -> None:
    class Form(Page):
        def get(self) -> None:
            self.render("form.html")

    page = "{% module xsrf_form_html() %}\n{% raw xsrf_form_html() %}\n"
    served = site(("/", Form), xsrf_cookies=True, template_loader=DictLoader({"form.html": page}))
    answer = served.ask("GET /")
    cookie = set_cookies(answer)[0].partition(";")[0].removeprefix("_xsrf=")
    assert answer.text == f'<input type="hidden" name="_xsrf" value="{cookie}"/>\n' * 2


# Bodies that come later


def upload(token: str | None) -> tuple[str, bytes]:
    field = ""
    if token is not None:
        field = f'--x\r\nContent-Disposition: form-data; name="_xsrf"\r\n\r\n{token}\r\n'
    file = '--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nabc\r\n--x--\r\n'
    return "Content-Type: multipart/form-data; boundary=x", (
        file[:-7] + field + "--x--\r\n"
    ).encode()


def test_forms_with_files_that_go_to_the_disk(site: Callable[..., Site]) -> None:
    ran: list[str] = []

    @spool_uploads
    class Spooled(Page):
        def prepare(self) -> None:
            ran.append("prepare")

        def post(self) -> None:
            ran.append("post")
            self.write(self.request.files["f"][0].body if self.request.files else b"none")

    @spool_uploads
    class Open(Spooled):
        def check_xsrf_cookie(self) -> None:
            pass

    served = site(("/", Spooled), ("/page", Page), ("/open", Open), xsrf_cookies=True)
    ours = f"Cookie: _xsrf={TOKEN}"
    kind, body = upload(TOKEN)
    evil = "Origin: https://evil.example"
    cases = [
        # path, fields, body, status, what ran
        ("/", [ours, kind], body, 200, ["prepare", "post"]),
        ("/", [ours, kind, f"X-XSRFToken: {TOKEN}"], upload(None)[1], 200, ["prepare", "post"]),
        (f"/?_xsrf={TOKEN}", [ours, kind], upload(None)[1], 200, ["prepare", "post"]),
        ("/", [ours, FORM], in_form(TOKEN), 200, ["prepare", "post"]),
        ("/", [ours, kind], upload(None)[1], 403, ["prepare"]),
        ("/", [ours, kind], upload("bad")[1], 403, ["prepare"]),
        ("/", [ours, kind], b"", 403, ["prepare"]),
        ("/", [kind], body, 403, ["prepare"]),
        # No page of another site brings us as far as that.
        ("/", [ours, kind, evil], body, 403, []),
        ("/", [ours, kind, "Sec-Fetch-Site: cross-site"], body, 403, []),
        ("/", [ours, kind, "X-XSRFToken: bad"], body, 403, []),
        ("/open", [kind, evil], body, 200, ["prepare", "post"]),
    ]
    for path, fields, sent, status, expected in cases:
        ran.clear()
        answer = served.ask(f"POST {path}", *fields, body=sent)
        assert (answer.status, ran) == (status, expected), (path, fields)


def test_bodies_that_the_handler_reads_itself(site: Callable[..., Site]) -> None:
    ran = []

    @reads_request_body
    class Reads(Page):
        async def post(self) -> None:  # type: ignore[override]
            ran.append(await self.request_body.read())

    @stream_request_body
    class Pushed(Page):
        def data_received(self, chunk: bytes) -> None:
            ran.append(chunk)

    served = site(("/reads", Reads), ("/pushed", Pushed), xsrf_cookies=True)
    ours = f"Cookie: _xsrf={TOKEN}"
    for path in ("/reads", "/pushed"):
        assert served.ask(f"POST {path}", ours, FORM, body=in_form(TOKEN)).status == 403
        assert not ran
        assert served.ask(f"POST {path}", ours, f"X-XSRFToken: {TOKEN}", body=b"abc").status == 200
        assert ran == [b"abc"]
        ran.clear()
        assert served.ask(f"POST {path}?_xsrf={TOKEN}", ours, body=b"abc").status == 200
        ran.clear()


def test_both_protections(site: Callable[..., Site]) -> None:
    served = site(("/", Page), xsrf_cookies=True, cross_origin_protection=True)
    fields = [f"Cookie: _xsrf={TOKEN}", f"X-XSRFToken: {TOKEN}"]
    assert served.ask("POST /", *fields, body=b"").status == 200
    assert served.ask("POST /", *fields, "Sec-Fetch-Site: same-origin", body=b"").status == 200
    assert served.ask("POST /", *fields, "Sec-Fetch-Site: cross-site", body=b"").status == 403
    assert served.ask("POST /", "Sec-Fetch-Site: same-origin", body=b"").status == 403
