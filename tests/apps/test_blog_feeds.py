"""The blog's feeds, as programs read them that follow it."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as XML

import pytest

from .blog_visitors import Browser, signed_up
from .conftest import Demo, running

pytestmark = pytest.mark.once

ATOM = "{http://www.w3.org/2005/Atom}"
HARD = '<Hill> & "dale" ]]> \ufffe\U0001f600 عنوان'
TEXT = "One *word* & <script>\n\n]]> [there](https://a.example/?a=1&b=2)"
HTML = (
    '<p dir="auto">One <em>word</em> &amp; &lt;script&gt;</p>\n<p dir="auto">]]&gt; '
    '<a href="https://a.example/?a=1&amp;b=2" rel="nofollow ugc noopener">there</a></p>'
)


def test_no_entries(blog: Demo) -> None:
    reader = Browser(blog.port)
    atom = XML.fromstring(reader.get("/feed.atom").body)
    assert atom.findall(f"{ATOM}entry") == []
    assert atom.findtext(f"{ATOM}updated") == "1970-01-01T00:00:00+00:00"
    assert XML.fromstring(reader.get("/feed.rss").body).findall("channel/item") == []


@pytest.fixture(scope="module")
def ann(blog: Demo) -> Browser:
    """An author whose entry is the newest."""
    ann = signed_up(blog.port, "Ann")
    for number in range(21):
        ann.write(title=f"Number {number}")
    ann.write(title=HARD, text=TEXT)
    return ann


def test_atom(blog: Demo, ann: Browser) -> None:
    answer = Browser(blog.port).get("/feed.atom")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = XML.fromstring(answer.body)
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 20
    # RFC 4287, 4.1.1 and 4.1.2: what each of them must have, once, and none of it empty
    for element in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert [bool(found.text) for found in element.findall(ATOM + name)] == [True], name
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated")).tzinfo
        assert element.findtext(f"{ATOM}id").startswith("urn:uuid:")
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == 20
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {"self": f"{blog.url}/feed.atom", "alternate": f"{blog.url}/"}
    newest = entries[0]
    assert newest.findtext(f"{ATOM}title") == HARD.replace("\ufffe", "\ufffd")
    assert newest.findtext(f"{ATOM}author/{ATOM}name") == "Ann"
    content = newest.find(f"{ATOM}content")
    assert (content.get("type"), content.text) == ("html", HTML)
    there = newest.find(f"{ATOM}link").get("href")
    assert there.startswith(blog.url)
    assert Browser(blog.port).get(urlsplit(there).path).status == 200


def test_rss(blog: Demo, ann: Browser) -> None:
    answer = Browser(blog.port).get("/feed.rss")
    assert answer.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    rss = XML.fromstring(answer.body)
    assert (rss.tag, rss.get("version")) == ("rss", "2.0")
    channel = rss.find("channel")
    for name in ("title", "link", "description"):
        assert channel.findtext(name), name
    assert channel.find(f"{ATOM}link").get("href") == f"{blog.url}/feed.rss"
    items = channel.findall("item")
    assert len(items) == 20
    assert items[0].findtext("title") == HARD.replace("\ufffe", "\ufffd")
    assert items[0].findtext("description") == HTML
    assert items[0].find("guid").get("isPermaLink") == "false"
    assert items[0].findtext("link").startswith(f"{blog.url}/entries/")
    dates = [parsedate_to_datetime(item.findtext("pubDate")) for item in items]
    assert all(date.tzinfo for date in dates)
    assert dates == sorted(dates, reverse=True)


def test_who_has_it_already_gets_it_no_more(blog: Demo, ann: Browser) -> None:
    reader = Browser(blog.port)
    answer = reader.get("/feed.atom")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    again = reader.ask("GET", "/feed.atom", **{"If-None-Match": answer.headers["Etag"]})
    assert (again.status, again.body) == (304, b"")
    head = reader.ask("HEAD", "/feed.atom")
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(answer.body)))
    assert [link in reader.get("/").page for link in ("/feed.atom", "/feed.rss")] == [True, True]


def test_its_entries_are_the_same_after_a_restart_and_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLOG_FOLDER", str(tmp_path))
    with running("blog") as server:
        ann = signed_up(server.port, "Ann")
        there = ann.write().there

        def entry() -> XML.Element:
            feed = XML.fromstring(Browser(server.port).get("/feed.atom").body)
            return feed.find(f"{ATOM}entry")

        before = entry()
        server.stop()
        server.start()
        ann.write(f"{there}/edit", title="Another")
        after = entry()
        assert after.findtext(f"{ATOM}title") == "Another"
        for name in ("id", "published"):
            assert after.findtext(ATOM + name) == before.findtext(ATOM + name)
        assert after.findtext(f"{ATOM}updated") >= before.findtext(f"{ATOM}updated")


def test_it_is_made_once_after_each_change(blog: Demo, ann: Browser) -> None:
    def ask(path: str = "/feed.rss", **headers: str) -> tuple[str, bytes]:
        answer = Browser(blog.port).ask("GET", path, **headers)
        assert answer.status == 200
        return answer.headers["X-Cache"], answer.body

    there = ann.write(title="Old").there
    assert ask()[0] == "MISS"
    for visitor in ({}, {"Accept-Language": "ar"}, {"X-Forwarded-Host": "evil.example"}):
        state, body = ask(**visitor)
        assert (state, b"<title>Old" in body) == ("HIT", True)
    # Whoever comes by another name gets the addresses that lead there, and nobody else does.
    state, body = ask(Host="other.example")
    assert (state, b"http://other.example/entries/" in body) == ("MISS", True)
    assert b"other.example" not in ask()[1]
    ann.write(f"{there}/edit", title="New")
    state, body = ask()
    assert (state, b"<title>New" in body, b"<title>Old" in body) == ("MISS", True, False)
    ann.post(f"{there}/remove")
    state, body = ask()
    assert (state, b"<title>New" in body) == ("MISS", False)
    # Nothing of a reader is in it.
    assert ann.get("/feed.rss").headers.get_all("Set-Cookie", []) == []
