"""The script that pages need for passkeys: a file of our own, without a build and without inline code."""

from importlib.resources import files
from typing import Final

from ...web import RequestHandler

SCRIPT: Final = files(__package__).joinpath("passkeys.js").read_text("utf-8")
"""Its text, for who serves it otherwise than by :class:`PasskeyScript`."""


class PasskeyScript(RequestHandler):
    """Serves the script: ``("/passkeys.js", PasskeyScript)``, and ``<script src="/passkeys.js" defer>`` in pages."""

    def get(self) -> None:
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-cache")  # it has an Etag: who has it is told so
        self.write(SCRIPT)

    head = get
