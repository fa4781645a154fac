"""The error, as a page: what visitors get while there is no program to answer them."""

import base64
import hashlib
import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Self

from ...escape import xhtml_escape
from ...httpserver import HTTPServer
from ...httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine
from ...programs.reports import Report

HEADER: Final = "X-Tornadolike-Down"
"""A header of these pages, by which their script knows them from the program's own."""

STYLE: Final = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: 1rem; border: 1px solid; border-radius: .3rem; font: .9rem/1.4 monospace; }
mark { display: block; }
"""

# The program does not accept connections before it serves: the request that finds it is answered by it.
SCRIPT: Final = f"""
const look = async () => {{
  try {{
    const answer = await fetch(location.href, {{method: "HEAD", cache: "no-store"}});
    if (answer.headers.get("{HEADER}") !== document.documentElement.id) return location.reload();
  }} catch {{ /* nobody there: later, perhaps */ }}
  setTimeout(look, 1000);
}};
setTimeout(look, 1000);
"""


def _source(kind: str, text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"{kind}-src 'sha256-{base64.b64encode(digest).decode()}'"


POLICY: Final = f"default-src 'none'; {_source('style', STYLE)}; {_source('script', SCRIPT)}; connect-src 'self'"


class ErrorSite:
    """Inside of this context every request on these sockets is answered with what is wrong.

    :arg sockets: they stay the caller's, and open.
    """

    def __init__(
        self, report: Report, sockets: Sequence[socket.socket], tls: dict[str, str] | None
    ) -> None:
        self._page = Page(report)
        self._server = HTTPServer(self._page.answer, no_keep_alive=True, ssl_options=tls)
        self._sockets = sockets

    async def __aenter__(self) -> Self:
        self._server.add_sockets([sock.dup() for sock in self._sockets])
        return self

    async def __aexit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._server.drain(1.0)


class Page:
    """A report, as HTML for browsers, and as text for all others."""

    def __init__(self, report: Report) -> None:
        text = f"{report.summary}\n\n{report.details}".rstrip() + "\n"
        self._id = "down-" + hashlib.sha256(text.encode()).hexdigest()[:16]
        self.text = text
        self.html = self._as_html(report)

    def answer(self, request: HTTPServerRequest) -> None:
        """Answer a request."""
        wants_html = "text/html" in request.headers.get("Accept", "")
        body = (self.html if wants_html else self.text).encode("utf-8", "backslashreplace")
        kind = "text/html" if wants_html else "text/plain"
        headers = HTTPHeaders({
            "Content-Type": f"{kind}; charset=UTF-8",
            "Content-Length": str(len(body)),
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            "Vary": "Accept",
            "Retry-After": "1",
            HEADER: self._id,
        })  # fmt: skip
        line = ResponseStartLine("HTTP/1.1", 500, "Internal Server Error")
        connection: Any = request.connection
        connection.write_headers(line, headers, b"" if request.method == "HEAD" else body)
        connection.finish()

    def _as_html(self, report: Report) -> str:
        source = "\n".join(
            _marked(f"{number:5}  {xhtml_escape(text)}", number == report.line)
            for number, text in report.source
        ).replace("</mark>\n", "</mark>")  # it is a block, and ends its line itself
        details = xhtml_escape(report.details.rstrip())
        return f"""\
<!DOCTYPE html>
<html lang="en" id="{self._id}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{xhtml_escape(report.summary)}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{xhtml_escape(report.headline)}</h1>
{f"<p>{xhtml_escape(report.place)}</p>" if report.file else ""}
{f"<pre>{source}</pre>" if source else ""}
{f"<pre>{details}</pre>" if details else ""}
<p>The program does not run. It is started again when a file changes, and then this page goes away by itself.</p>
<script>{SCRIPT}</script>
</body>
</html>
"""


def _marked(text: str, is_the_line: bool) -> str:
    return f"<mark>{text}</mark>" if is_the_line else text
