"""Reading entries, and writing them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

from tornadolike.middleware import RateLimit
from tornadolike.web import Blueprint, HTTPError, UploadedFile, authenticated, spool_uploads

from .feeds import KEPT
from .markdown import to_html
from .pages import Page
from .pictures import MAX_BYTES, NoPicture, Pictures
from .store import Draft, Entry

ENTRIES_ON_A_PAGE = 7

group = Blueprint("entries")

WRITING = RateLimit("100/hour", name="entries", methods=["POST"])
"""So often may an address write."""

MAX_LENGTHS = {"title": 120, "text": 20_000, "description": 300}


@group.add("/", name="home")
class Home(Page):
    """The entries, the newest first."""

    async def get(self) -> None:
        asked = self.get_query_argument("page", "1")
        if not (asked.isascii() and asked.isdecimal() and len(asked) < 9 and int(asked)):
            raise HTTPError(404)
        page = int(asked)
        # One more than is shown, which tells whether there is another page.
        found = await self.store.latest((page - 1) * ENTRIES_ON_A_PAGE, ENTRIES_ON_A_PAGE + 1)
        if page > 1 and not found:
            raise HTTPError(404)
        self.show(
            "home.html",
            entries=found[:ENTRIES_ON_A_PAGE],
            page=page,
            more=len(found) > ENTRIES_ON_A_PAGE,
        )


class EntryPage(Page):
    """Something about one entry."""

    async def entry(self, number: int) -> Entry:
        """The entry, or 404."""
        found = await self.store.entry(number)
        if found is None:
            raise HTTPError(404)
        return found


@group.add("/entries/{number:int64}", name="entry")
class Show(EntryPage):
    """One entry, all of it."""

    async def get(self, number: int) -> None:
        entry = await self.entry(number)
        html = await asyncio.to_thread(to_html, entry.draft.text)
        self.show("entry.html", entry=entry, html=html)


class Authoring(EntryPage):
    """What an author does with an entry."""

    @property
    def pictures(self) -> Pictures:
        """Those of all entries."""
        found: Pictures = self.settings["pictures"]
        return found

    async def own_entry(self, number: int) -> Entry:
        """The entry if it is the reader's, or 403."""
        entry = await self.entry(number)
        if entry.author != self.current_user:
            raise HTTPError(403)
        return entry


@group.add("/write", name="write", middleware=[WRITING])
@group.add("/entries/{number:int64}/edit", name="edit", middleware=[WRITING])
@spool_uploads
class Write(Authoring):
    """A new entry, or an old one once more."""

    max_body_size = 2 * MAX_BYTES

    @authenticated
    async def get(self, number: int | None = None) -> None:
        entry = await self.own_entry(number) if number is not None else None
        self.ask(entry, entry.draft if entry else Draft("", ""))

    @authenticated
    async def post(self, number: int | None = None) -> None:
        _ = self.locale.translate
        entry = await self.own_entry(number) if number is not None else None
        fields = {name: self.field(name) for name in MAX_LENGTHS}
        draft = Draft(**fields, picture=entry.draft.picture if entry else "")
        problems = self.problems_of(draft)
        chosen = None
        if not problems:
            try:
                chosen = await self.chosen_picture()
            except NoPicture as problem:
                problems["picture"] = str(problem)
        if problems:
            self.ask(entry, draft, problems)
            return
        if chosen or self.get_body_argument("no_picture", ""):
            draft = replace(draft, picture=chosen or "")
        number = await self.save(entry, draft)
        self.session.flash(_("It is published.") if entry is None else _("It is saved."))
        self.redirect(self.reverse_url(".entry", number), status=303)

    def field(self, name: str) -> str:
        """What was typed. Browsers end its lines as letters do, and count them as one character."""
        typed: str = self.get_body_argument(name, "")
        return typed.replace("\r\n", "\n")

    def ask(
        self, entry: Entry | None, draft: Draft, problems: dict[str, str] | None = None
    ) -> None:
        """Show the form; again, if there are problems with what was in it."""
        self.set_status(400 if problems else 200)
        self.show("write.html", entry=entry, draft=draft, problems=problems or {})

    def problems_of(self, draft: Draft) -> dict[str, str]:
        """What is wrong, by the field that it is wrong with."""
        _ = self.locale.translate
        problems = {}
        for field, limit in MAX_LENGTHS.items():
            value: str = getattr(draft, field)
            if len(value) > limit:
                problems[field] = _("This is too long: %(limit)s characters are the most.") % {
                    "limit": self.locale.number(limit)
                }
            elif not value and field != "description":
                problems[field] = _("Something has to stand here.")
        return problems

    async def chosen_picture(self) -> str | None:
        """The picture that came with the form, kept; if one did. Raises `NoPicture`, which says why."""
        _ = self.locale.translate
        uploads = [file for file in self.request.files.get("picture", []) if file.filename]
        if not uploads:  # browsers send a file without a name if none was chosen
            return None
        upload = cast(UploadedFile, uploads[0])
        if upload.size > MAX_BYTES:
            raise NoPicture(_("The picture is too large: 5 MB are the most."))
        try:
            return await self.pictures.keep(upload)
        except NoPicture:
            raise NoPicture(_("Pictures are PNG, JPEG, GIF or WebP. This is none.")) from None

    async def save(self, entry: Entry | None, draft: Draft) -> int:
        """Publish it, or change what was published. A picture that nobody shows any more goes."""
        if entry is None:
            number = await self.store.publish(self.user, draft)
        else:
            number = entry.number
            await self.store.change(number, draft)
            if entry.draft.picture != draft.picture:
                await self.pictures.remove(entry.draft.picture)
        await KEPT.invalidate("entries")
        return number


@group.post("/entries/{number:int64}/remove", base=Authoring)
@authenticated
async def remove(page: Authoring, number: int) -> None:
    """No such entry any more, and no such picture."""
    entry = await page.own_entry(number)
    await page.store.remove(entry.number)
    await KEPT.invalidate("entries")
    await page.pictures.remove(entry.draft.picture)
    _ = page.locale.translate
    page.session.flash(_("It is gone."))
    page.redirect("/", status=303)
