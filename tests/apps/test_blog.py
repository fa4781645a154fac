"""The blog as its readers and authors use it: pages, forms, cookies, pictures."""

import contextlib
import http.client
import re
import socket
from pathlib import Path
from urllib.parse import urlencode

import pytest

from demos.blog.modules import excerpt
from tornadolike.cli import main as tool

from .blog_visitors import PASSWORD, PNG, Answer, Browser, signed_up
from .conftest import PATIENCE, ROOT, Demo, running

pytestmark = pytest.mark.once

BLOG = ROOT / "demos" / "blog"


@pytest.fixture(scope="module")
def port(blog: Demo) -> int:
    """Where it is."""
    return blog.port


@pytest.fixture(scope="module")
def ann(port: int) -> Browser:
    """An author who has signed up."""
    return signed_up(port, "Ann")


def test_who_has_no_account_gets_one_on_the_way_to_the_page(port: int) -> None:
    bob = Browser(port)
    asked = bob.get("/write")
    assert (asked.status, asked.there) == (302, "/signin?next=%2Fwrite")
    assert 'href="/signup?next=%2Fwrite"' in bob.get(asked.there).page
    bob.get("/signup?next=%2Fwrite")
    for name, password in (
        ("Bob", "short"),
        ("Bob the builder", "bob the builder"),
        ("Bob", "passwordpassword"),
        ("Bob", "x y" * 400),
        ("", PASSWORD),
        ("<b>", PASSWORD),
        ("a" * 31, PASSWORD),
    ):
        answer = bob.post("/signup", name=name, password=password, next="/write")
        assert answer.status == 400
        assert 'role="alert"' in answer.page
        assert "<b>" not in answer.page
        assert password not in answer.page
    answer = bob.post("/signup", name="Bob", password=PASSWORD, next="/write")
    assert (answer.status, answer.there) == (303, "/write")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert bob.get("/write").status == 200
    again = bob.post("/signup", name=" bOB ", password=PASSWORD)
    assert (again.status, "Somebody has that name" in again.page) == (400, True)


def test_signing_in_and_out(port: int, ann: Browser) -> None:
    other = Browser(port)
    other.get("/signin")
    for name, password in (("Ann", "wrong horse"), ("Nobody", PASSWORD)):
        answer = other.post("/signin", name=name, password=password)
        assert (answer.status, "Nobody has that name" in answer.page) == (400, True)
    answer = other.post("/signin", name="ann", password=PASSWORD, next="/?page=1")
    assert (answer.status, answer.there) == (303, "/?page=1")
    assert "Sign out" in other.get("/").page
    assert other.post("/signout").status == 303
    assert "Sign in" in other.get("/").page
    assert "Sign out" in ann.get("/").page


def test_a_session_belongs_to_one_visit(port: int) -> None:
    gus, thief = signed_up(port, "Gus"), Browser(port)
    before = gus.cookies["blog"]
    thief.cookies = dict(gus.cookies)
    assert "Sign out" in thief.get("/").page
    gus.get("/signin")
    gus.post("/signin", name="Gus", password=PASSWORD)
    # Who had the session from before the password was given has nothing any more.
    assert gus.cookies["blog"] != before
    assert "Sign in" in thief.get("/").page
    thief.cookies = dict(gus.cookies)
    gus.post("/signout")
    assert "Sign in" in thief.get("/").page
    reader = Browser(port)
    reader.get("/")
    assert "blog" not in reader.cookies  # there is nothing to know of them


def test_what_was_done_is_told_once(port: int) -> None:
    hal = Browser(port)
    hal.get("/signup")
    there = hal.post("/signup", name="Hal", password=PASSWORD).there
    told = re.compile('<p class="flash" role="status">(.*?)</p>')
    assert hal.get("/static/nothing.css").status == hal.get("/nothing").status == 404
    assert told.findall(hal.get(there).page) == ["Welcome, \u2068Hal\u2069."]
    entry = hal.write().there
    assert told.findall(hal.get(entry).page) == ["It is published."]
    assert told.findall(hal.get(entry).page) == []
    hal.write(f"{entry}/edit")
    assert told.findall(hal.get(entry).page) == ["It is saved."]
    hal.post(f"{entry}/remove")
    assert told.findall(hal.get("/").page) == ["It is gone."]
    assert told.findall(hal.get(hal.post("/signout").there).page) == ["You are signed out."]


def test_pages_about_errors_are_of_the_blog(port: int) -> None:
    reader = Browser(port)
    for path, status in {
        "/nothing": 404,
        f"/entries/{2**63 - 1}": 404,
        f"/entries/{2**63}": 404,
        f"/entries/{10**30}/edit": 404,
        "/signout": 405,
        "/entries/1/remove": 405,
    }.items():
        answer = reader.get(path)
        assert answer.status == status, path
        assert '<a class="brand" href="/">' in answer.page, path


def test_an_entry_is_written_read_changed_and_removed(port: int, ann: Browser) -> None:
    reader = Browser(port)
    answer = ann.write(title="<Title>", text="One\r\nline\r\n\r\nTwo https://example.com/?a=1&b=2")
    assert answer.status == 303
    page = reader.get(answer.there).page
    assert "<bdi>&lt;Title&gt;</bdi>" in page
    assert '<p dir="auto">One<br>\nline</p>\n<p dir="auto">Two <a href=' in page
    assert "https://example.com/?a=1&amp;b=2" in page
    assert "Edit" not in page
    assert f'href="{answer.there}"' in reader.get("/").page
    edit = f"{answer.there}/edit"
    assert f'href="{edit}"' in ann.get(answer.there).page
    assert "&lt;Title&gt;" in ann.get(edit).page
    assert ann.write(edit, title="Another").there == answer.there
    assert "<bdi>Another</bdi>" in reader.get(answer.there).page
    assert ann.post(f"{answer.there}/remove").status == 303
    assert reader.get(answer.there).status == 404


def test_what_is_wrong_with_an_entry_is_told_and_nothing_typed_is_lost(ann: Browser) -> None:
    answer = ann.write(title="t" * 121, text="<keep this>")
    assert (answer.status, "120 characters" in answer.page) == (400, True)
    assert "&lt;keep this&gt;" in answer.page
    assert ann.write(title=" ").status == 400
    for picture, why in ((b"<svg onload='alert(1)'>", "This is none"), (PNG * 2600, "too large")):
        answer = ann.write(picture=picture, name="x.png", text="kept")
        assert (answer.status, why in answer.page) == (400, True)
        assert "kept</textarea>" in answer.page


def test_a_picture_is_shown_and_goes_with_its_entry(ann: Browser) -> None:
    answer = ann.write(picture=PNG, name="../../evil.html", description='A "hill"')
    page = ann.get(answer.there).page
    assert 'alt="A &quot;hill&quot;"' in page
    picture = re.search(r"/pictures/[0-9a-f]{32}\.png", page)[0]
    shown = ann.get(picture)
    assert (shown.status, shown.body) == (200, PNG)
    assert shown.headers["Content-Type"] == "image/png"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in shown.headers["Cache-Control"]
    assert picture in ann.get(ann.write(f"{answer.there}/edit").there).page
    ann.write(f"{answer.there}/edit", no_picture="1")
    assert picture not in ann.get(answer.there).page
    assert ann.get(picture).status == 404
    for path in ("../secret", "..%2Fsecret", "..%2Fblog.sqlite", ""):
        assert ann.get(f"/pictures/{path}").status == 404


def test_entries_are_their_authors_alone(port: int, ann: Browser) -> None:
    entry = ann.write().there
    eve, reader = signed_up(port, "Eve"), Browser(port)
    assert "Edit" not in eve.get(entry).page
    assert eve.get(f"{entry}/edit").status == 403
    reader.get("/")
    for somebody in (eve, reader):
        assert somebody.write(f"{entry}/edit", title="Mine").status == 403
        assert somebody.post(f"{entry}/remove").status == 403
    assert "<bdi>A title</bdi>" in reader.get(entry).page


def test_another_site_can_send_nothing(ann: Browser) -> None:
    without = Browser(ann.port)
    without.cookies = dict(ann.cookies)
    assert without.write().status == 403
    assert without.post("/signout").status == 403
    body, kind = f"_xsrf={ann.token}".encode(), "application/x-www-form-urlencoded"
    answer = ann.ask("POST", "/signout", body, kind, Origin="https://evil.example")
    assert answer.status == 403
    for forged in ("1", "0" * 43, '{"user": 1}'):
        without.cookies = {"blog": forged, "_xsrf": ann.cookies["_xsrf"]}
        assert "Sign in" in without.get("/").page


def test_pages_of_the_list(ann: Browser) -> None:
    for number in range(8):
        ann.write(title=f"Number {number}")
    first, second = ann.get("/").page, ann.get("/?page=2").page
    assert first.count("<article") == 7
    assert first.index("Number 7") < first.index("Number 1")
    assert "Number 0" in second
    assert 'href="/?page=2"' in first
    for page in ("0", "-1", "x", "99999999", "9" * 30, "²"):
        assert ann.get("/?" + urlencode({"page": page})).status == 404


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("One\n\ntwo", "One two"),
        ("x" * 360, "x" * 360),
        ("word " * 100, "word " * 72 + "…"),
        ("漢" * 400, "漢" * 360 + " …"),
    ],
)
def test_the_list_shows_how_an_entry_begins(text: str, shown: str) -> None:
    assert excerpt(None, text) == shown


def test_the_head_of_a_page(port: int) -> None:
    reader = Browser(port)
    for path in ("/", "/signin", "/feed.atom", "/static/blog.css", "/nowhere"):
        whole, head = reader.get(path), reader.ask("HEAD", path)
        assert (head.status, head.body) == (whole.status, b"")
        assert head.headers["Content-Type"] == whole.headers["Content-Type"]


def test_it_leads_to_no_other_site(port: int) -> None:
    browser = Browser(port)
    browser.get("/")
    for there in (
        *("https://evil.example/", "//evil.example", "/\\evil.example", "\t//evil.example"),
        *(
            "/\t/evil.example",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: a=b",
            "/\x7f",
            "/\u2028",
            "",
        ),
    ):
        answer = browser.post("/language", language="en", next=there)
        assert (answer.status, answer.there) == (303, "/"), there


def test_files_have_addresses_with_versions(port: int) -> None:
    browser = Browser(port)
    page = browser.get("/")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    style = re.search(r'href="(/static/blog\.css\?v=[0-9a-f]+)"', page.page)[1]
    assert browser.get(style).headers["Content-Type"] == "text/css"


def test_its_templates_fit_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", str(BLOG / "templates"), "--autoescape", "contextual", "--strict"]
    assert tool(["templates", *arguments]) == 0, capsys.readouterr().out


def test_it_stays_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOG_FOLDER", str(tmp_path / "blog"))
    with running("blog") as server:
        ann = signed_up(server.port, "Ann")
        entry = ann.write(picture=PNG, name="hill.png").there
        assert (tmp_path / "blog").stat().st_mode & 0o077 == 0
        server.stop()
        server.start()
        assert "Edit" in ann.get(entry).page
    assert len(list((tmp_path / "blog" / "pictures").iterdir())) == 1


def test_nothing_is_left_of_a_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    server = Demo("blog")
    try:
        assert len(list(tmp_path.glob("blog-*/blog.sqlite"))) == 1
    finally:
        server.stop()
    assert list(tmp_path.iterdir()) == []


def wait_until_closed(port: int) -> None:
    """Return when nobody takes connections there any more.

    A connection that is being made while the listener is closed is reset, not refused.
    """
    with contextlib.suppress(ConnectionRefusedError, ConnectionResetError):
        while True:
            socket.create_connection(("127.0.0.1", port), PATIENCE).close()


def test_what_was_begun_is_finished_when_it_stops() -> None:
    server = Demo("blog")
    try:
        ann = Browser(server.port)
        ann.get("/signup")
        body = urlencode({"_xsrf": ann.token, "name": "Ann", "password": PASSWORD}).encode()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        connection.putrequest("POST", "/signup")
        connection.putheader("Cookie", f"_xsrf={ann.cookies['_xsrf']}")
        connection.putheader("Content-Type", "application/x-www-form-urlencoded")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:10])
        ann.get("/")  # behind which the other request has come so far
        server.process.terminate()
        wait_until_closed(server.port)
        connection.send(body[10:])
        answer = Answer(connection.getresponse())
        connection.close()
        assert (answer.status, answer.there) == (303, "/")
        assert server.process.wait(PATIENCE) == 0
    finally:
        server.stop()
    assert server.complaints == ""
