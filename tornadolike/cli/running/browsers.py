"""Pages that load themselves again: when the program has, and when a template or another file of theirs has changed.

Each page of the program gets a script, which asks for the number of what it was made by and waits for another one.
"""

import asyncio
import os
from typing import Any, Final

from ...httputil import HTTPHeaders, HTTPServerRequest
from ...web import Application, OutputTransform, RequestHandler
from ...web.transforms import FirstChunk

PREFIX: Final = "/-/tornadolike/"

TAG: Final = f'\n<script src="{PREFIX}reload.js" async></script>\n'.encode()

SCRIPT: Final = f"""\
(async () => {{
  let known = "";
  for (;;) {{
    try {{
      const answer = await fetch("{PREFIX}version?known=" + known, {{cache: "no-store"}});
      const version = answer.ok ? await answer.text() : "down";
      if (known && version !== known) return location.reload();
      known = version;
    }} catch {{
      await new Promise((resolve) => setTimeout(resolve, 300));
    }}
  }}
}})();
"""

SECONDS_TO_WAIT: Final = 25.0
"""After which a question is answered though nothing has changed: what is between may have a time-out."""


class BrowserReload:
    """Has the pages of an application load themselves again."""

    def __init__(self, application: Application) -> None:
        self._count = 0
        self._changed = asyncio.Event()
        self._is_stopping = False
        # Before what compresses: behind it there is nothing to be read.
        application.transforms.insert(0, WithScript)
        application.add_handlers(
            ".*",
            [
                (f"{PREFIX}reload.js", ScriptHandler),
                (f"{PREFIX}version", VersionHandler, {"versions": self}),
            ],
        )
        application.on("application.stopping", self._stop)

    @property
    def version(self) -> str:
        """What the pages are made by at this time."""
        return f"{os.getpid()}-{self._count}"

    def reload(self) -> None:
        """Have all pages load themselves again."""
        self._count += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self) -> None:
        """Wait until they should, but not for ever."""
        if not self._is_stopping:
            try:
                async with asyncio.timeout(SECONDS_TO_WAIT):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def _stop(self, **_: Any) -> None:
        self._is_stopping = True
        self._changed.set()  # the end need not wait for those who wait


class WithScript(OutputTransform):
    """Puts the script behind HTML."""

    def __init__(self, request: HTTPServerRequest) -> None:
        self._has_body = request.method != "HEAD"
        self._tag = b""

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> FirstChunk:
        is_html = headers.get("Content-Type", "").startswith("text/html")
        if is_html and status_code not in (204, 206, 304) and "Content-Encoding" not in headers:
            self._tag = TAG if self._has_body else b""
            if "Content-Length" in headers:
                headers["Content-Length"] = str(int(headers["Content-Length"]) + len(TAG))
        return status_code, headers, self.transform_chunk(chunk, finishing)

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        return chunk + self._tag if finishing else chunk

    def passes_on(self) -> bool:
        return not self._tag


class Helper(RequestHandler):
    """Answers the script, whatever the program thinks of who is asking."""

    def prepare(self) -> None:
        self.set_header("Cache-Control", "no-store")

    def _log(self) -> None:
        """Nobody wants to read of it."""


class ScriptHandler(Helper):
    def get(self) -> None:
        self.set_header("Content-Type", "text/javascript; charset=UTF-8")
        self.finish(SCRIPT)


class VersionHandler(Helper):
    def initialize(self, versions: BrowserReload) -> None:
        self._versions = versions

    async def get(self) -> None:
        if self.get_query_argument("known", "") == self._versions.version:
            await self._versions.wait()
        self.set_header("Content-Type", "text/plain")
        self.finish(self._versions.version)
