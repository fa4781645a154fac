"""Files that people leave here, as an application: the shelf that has them, and what is asked of it.

GET    /files      {"files": [{"id": ID, "name": NAME, "size": BYTES}, ...]}
POST   /files      a multipart form; its files go to the disk while they come  ->  201 and what was added
GET    /files/ID   the file, as something to be saved and never to be shown
DELETE /files/ID   it is gone
"""

from __future__ import annotations

import ntpath
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from tornadolike.web import (
    Application,
    HTTPError,
    RequestHandler,
    StaticFileHandler,
    reads_request_body,
)

STATIC = Path(__file__).parent / "static"

MAX_UPLOAD_BYTES = 1024**3
MAX_FILES = 100
MAX_NAME_LENGTH = 120

# The page needs nothing but its own files, and what people leave here is never a page.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Shelf:
    """The files, in a folder, under names of our own: what a client calls its file is only ever shown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, dict[str, Any]] = {}
        self._coming = 0

    @property
    def files(self) -> list[dict[str, Any]]:
        """What there is, in the order in which it came."""
        return list(self._files.values())

    def name(self, file_id: str) -> str:
        """What its owner calls a file. Raises 404 for one that is not here."""
        if file_id not in self._files:
            raise HTTPError(404)
        return str(self._files[file_id]["name"])

    async def add(self, part: Any) -> dict[str, Any]:
        """Take a file as it comes. If it does not come whole, nothing is left of it."""
        if len(self._files) + self._coming >= MAX_FILES:
            raise HTTPError(413, reason="No room for more files")
        self._coming += 1
        try:
            file_id = secrets.token_hex(8)
            size = await part.save(self.folder / file_id)
        finally:
            self._coming -= 1
        name = ntpath.basename(part.filename)[:MAX_NAME_LENGTH] or "nameless"
        self._files[file_id] = file = {"id": file_id, "name": name, "size": size}
        return file

    def remove(self, file_id: str) -> None:
        """Forget a file. Raises 404 for one that is not here."""
        self.name(file_id)
        del self._files[file_id]
        (self.folder / file_id).unlink()


class Guarded(RequestHandler):
    """What all handlers have in common."""

    def set_default_headers(self) -> None:
        for name, value in SECURITY_HEADERS.items():
            self.set_header(name, value)

    def refuse_other_sites(self) -> None:
        """A page of another site could send us a form, too."""
        origin = self.request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != self.request.host:
            raise HTTPError(403, reason="Not from another site")


@reads_request_body
class FilesHandler(Guarded):
    """Lists the files, and takes new ones."""

    max_body_size = MAX_UPLOAD_BYTES

    def initialize(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def get(self) -> None:
        self.write({"files": self.shelf.files})

    async def post(self) -> None:
        self.refuse_other_sites()
        added = [await self.shelf.add(part) async for part in self.form_parts() if part.filename]
        self.set_status(201)
        self.write({"files": added})


class FileHandler(Guarded, StaticFileHandler):
    """Gives one file back, or throws it away."""

    def initialize(self, shelf: Shelf) -> None:  # type: ignore[override]
        super().initialize(str(shelf.folder))
        self.shelf = shelf

    async def get(self, path: str, include_body: bool = True) -> None:
        self.shelf.name(path)
        await super().get(path, include_body)

    def delete(self, path: str) -> None:
        self.refuse_other_sites()
        self.shelf.remove(path)
        self.set_status(204)

    def get_content_type(self) -> str:
        return "application/octet-stream"

    def set_extra_headers(self, path: str) -> None:
        name = quote(self.shelf.name(path), safe="")
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{name}")


class PageHandler(Guarded, StaticFileHandler):
    """The page itself."""


def make_app(shelf: Shelf) -> Application:
    """The routes around one shelf."""
    return Application(
        [
            (r"/files", FilesHandler, {"shelf": shelf}),
            (r"/files/([0-9a-f]+)", FileHandler, {"shelf": shelf}),
            (r"/(.*)", PageHandler, {"path": str(STATIC), "default_filename": "index.html"}),
        ]
    )


@asynccontextmanager
async def uploads() -> AsyncIterator[Application]:
    """The application with a shelf in a folder of its own, which is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="uploads-") as folder:
        yield make_app(Shelf(Path(folder)))
