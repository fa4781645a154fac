"""What ``-v`` shows: each request and the head of each response, as they are sent."""

from typing import Final, TextIO

from ...httpclient.engine import Answer, Hop
from ...httpclient.responses import HTTPClientError
from ...httpclient.tracing import Trace
from ...httputil import HTTPHeaders
from ...log import on_one_line

SECRET: Final = frozenset({"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"})
"""Headers whose values are not shown: what is on a terminal or in a log is soon elsewhere."""


class Teller(Trace):
    """Tells what happens."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def on_request(self, hop: Hop) -> None:
        self._say("*", f"to {hop.address.scheme}://{hop.address.authority}")
        self._say(">", f"{hop.method} {hop.address.resource}")
        self._headers(">", hop.headers)

    def on_response(self, hop: Hop, answer: Answer) -> None:
        self._say("<", f"{answer.version} {answer.status} {answer.reason}")
        self._headers("<", answer.headers)

    def on_retry(self, hop: Hop, reason: Answer | HTTPClientError, delay: float) -> None:
        what = reason if isinstance(reason, HTTPClientError) else f"HTTP {reason.status}"
        self._say("*", f"{what}; again in {delay:.1f} seconds")

    def _headers(self, mark: str, headers: HTTPHeaders) -> None:
        for name, value in headers.get_all():
            self._say(mark, f"{name}: {'(not shown)' if name in SECRET else value}")
        self._say(mark, "")

    def _say(self, mark: str, text: str) -> None:
        # What a server says must not be a terminal's command.
        self._stream.write(f"{mark} {on_one_line(text)}".rstrip() + "\n")
