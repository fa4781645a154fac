"""The newest entries for those who follow the blog: as Atom (RFC 4287), and as RSS 2.0."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from uuid import uuid5
from xml.etree import ElementTree as XML

from tornadolike.caching import Cached
from tornadolike.web import Blueprint

from .markdown import to_html
from .pages import House
from .store import Entry

ENTRIES = 20
FRESH_SECONDS = 300
"""How long nobody needs to ask for a feed again."""

TITLE = "Open notebook"
SUBTITLE = "Whoever signs up may write in it."

ATOM = "http://www.w3.org/2005/Atom"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no document of XML 1.0 can have."""

XML.register_namespace("atom", ATOM)

KEPT = Cached(FRESH_SECONDS, names=["entries"], header="X-Cache")
"""Feeds are asked for by programs, again and again, and read all the texts: they are made once after each change."""

group = Blueprint("feeds", middleware=[KEPT])


class Feed(House):
    """The newest entries, in one of the formats."""

    content_type: str

    async def get(self) -> None:
        entries = await self.store.latest(0, ENTRIES)
        self.set_header("Content-Type", self.content_type)
        self.set_header("Cache-Control", f"public, max-age={FRESH_SECONDS}")
        self.set_header("Cross-Origin-Resource-Policy", "cross-origin")
        self.finish(await asyncio.to_thread(self.document, entries))

    def document(self, entries: list[Entry]) -> bytes:
        """The feed's XML. Reading long texts takes a while: it is made in a thread."""
        raise NotImplementedError

    def address(self, name: str, *parts: object) -> str:
        """A page's whole address, as this reader reaches it."""
        path: str = self.reverse_url(name, *parts)
        return f"{self.request.protocol}://{self.request.host}{path}"

    def identity(self, entry: Entry) -> str:
        """What stays the same when the blog moves to another address."""
        return uuid5(self.store.identity, str(entry.number)).urn


@group.add("/feed.atom", name="atom")
class Atom(Feed):
    """The feed as Atom."""

    content_type = "application/atom+xml; charset=utf-8"

    def document(self, entries: list[Entry]) -> bytes:
        changed = max((entry.changed for entry in entries), default=datetime.fromtimestamp(0, UTC))
        feed = XML.Element("feed", xmlns=ATOM)
        _add(feed, "id", self.store.identity.urn)
        _add(feed, "title", TITLE)
        _add(feed, "subtitle", SUBTITLE)
        _add(feed, "updated", changed.isoformat(timespec="seconds"))
        _add(feed, "link", rel="self", href=self.address(".atom"), type="application/atom+xml")
        _add(feed, "link", rel="alternate", href=self.address("entries.home"), type="text/html")
        for entry in entries:
            feed.append(self.entry(entry))
        return _written(feed)

    def entry(self, entry: Entry) -> XML.Element:
        """One of them."""
        there = self.address("entries.entry", entry.number)
        item = XML.Element("entry")
        _add(item, "id", self.identity(entry))
        _add(item, "title", entry.draft.title)
        _add(item, "link", rel="alternate", href=there, type="text/html")
        _add(item, "published", entry.published.isoformat(timespec="seconds"))
        _add(item, "updated", entry.changed.isoformat(timespec="seconds"))
        _add(_add(item, "author"), "name", entry.author.name)
        _add(item, "content", to_html(entry.draft.text), type="html").set(XML_BASE, there)
        return item


@group.add("/feed.rss", name="rss")
class RSS(Feed):
    """The feed as RSS."""

    content_type = "application/rss+xml; charset=utf-8"

    def document(self, entries: list[Entry]) -> bytes:
        rss = XML.Element("rss", version="2.0")
        channel = _add(rss, "channel")
        _add(channel, "title", TITLE)
        _add(channel, "link", self.address("entries.home"))
        _add(channel, "description", SUBTITLE)
        _add(channel, f"{{{ATOM}}}link", rel="self", href=self.address(".rss"))
        for entry in entries:
            item = _add(channel, "item")
            _add(item, "title", entry.draft.title)
            _add(item, "link", self.address("entries.entry", entry.number))
            _add(item, "guid", self.identity(entry), isPermaLink="false")
            _add(item, "pubDate", format_datetime(entry.published, usegmt=True))
            _add(item, "description", to_html(entry.draft.text))
        return _written(rss)


def _add(parent: XML.Element, tag: str, text: str = "", **attributes: str) -> XML.Element:
    element = XML.SubElement(parent, tag, attributes)
    element.text = NO_XML.sub("\ufffd", text)
    return element


def _written(root: XML.Element) -> bytes:
    written: bytes = XML.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
