"""Pictures that authors have uploaded: under names of our own, and nothing but pictures."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

from tornadolike.web import Blueprint, HTTPError, StaticFileHandler, UploadedFile

from .pages import House

MAX_BYTES = 5 * 1024**2

TYPES = {"gif": "image/gif", "jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
"""By the end of the name. SVG is not among them: it may hold scripts."""

BEGINNINGS = {
    "gif": re.compile(rb"GIF8[79]a"),
    "jpg": re.compile(rb"\xff\xd8\xff"),
    "png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
LONGEST_BEGINNING = 12

NAME = re.compile(r"[0-9a-f]{32}\.(?:gif|jpg|png|webp)")

NEW_SECONDS = 3600

group = Blueprint("pictures", "/pictures")


class NoPicture(Exception):
    """A file is none, or one of a kind that is not shown here."""


class Pictures:
    """A folder of pictures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def keep(self, upload: UploadedFile) -> str:
        """Copy a file into the folder, and return its name there. Raises `NoPicture`.

        What the client says of the file counts for nothing: its first bytes say what it is.
        """
        with upload.file as file:
            beginning = file.read(LONGEST_BEGINNING)
        kind = next((kind for kind, known in BEGINNINGS.items() if known.match(beginning)), None)
        if kind is None:
            raise NoPicture(upload.filename)
        name = f"{secrets.token_hex(16)}.{kind}"
        await upload.save(self.folder / name)
        return name

    async def remove(self, name: str) -> None:
        """Forget a picture, if there is one of that name."""
        if name:
            await asyncio.to_thread((self.folder / name).unlink, missing_ok=True)

    async def keep_only(self, names: set[str]) -> None:
        """Forget all other pictures, but for those that are so new that their entries may still be on their way."""
        await asyncio.to_thread(self._keep_only, names)

    def _keep_only(self, names: set[str]) -> None:
        for path in self.folder.iterdir():
            if path.name not in names:
                with suppress(FileNotFoundError):  # its author was faster
                    if path.stat().st_mtime < time.time() - NEW_SECONDS:
                        path.unlink()


@group.add("/{path}", name="picture")
class PictureFile(House, StaticFileHandler):
    """Shows a picture. Under its name there will never be another, so browsers need not ask again."""

    def initialize(self) -> None:  # type: ignore[override]
        super().initialize(str(self.settings["pictures"].folder))

    def parse_url_path(self, url_path: str) -> str:
        if not NAME.fullmatch(url_path):
            raise HTTPError(404)
        return super().parse_url_path(url_path)

    def get_content_type(self) -> str:
        return TYPES[self.path.rpartition(".")[2]]

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
