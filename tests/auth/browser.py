"""A browser as far as sign-ins need one: it follows redirects, keeps cookies by host, and sends forms of others."""

import http.client
import http.cookies
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from tests.web.helpers import Answer

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST = 10
_OF_ANOTHER_SITE = {"Origin": "null", "Sec-Fetch-Site": "cross-site"}
"""Of forms: a provider may tell browsers not to say who it is."""


@dataclass
class Page:
    """Where the browser has arrived, and the URLs by which it came."""

    answer: Answer
    urls: list[str]

    @property
    def url(self) -> str:
        return self.urls[-1]

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def text(self) -> str:
        return self.answer.text


@dataclass
class Browser:
    """One user's. ``tls`` is the context for https."""

    tls: Any = None
    cookies: dict[tuple[str, str], http.cookies.Morsel[str]] = field(default_factory=dict)
    """By host with port and by name."""

    def ask(
        self,
        url: str,
        form: dict[str, str] | None = None,
        method: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request, whose redirect is not followed."""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        body = None if form is None else urlencode(form)
        sent = dict(headers or {})
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        own = [
            f"{name}={morsel.coded_value}"
            for (host, name), morsel in self.cookies.items()
            if host == parts.netloc
        ]
        if own:
            sent["Cookie"] = "; ".join(own)
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(parts.netloc, timeout=60, context=self.tls)
        else:
            connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        try:
            connection.request(
                method or ("GET" if form is None else "POST"), path, body=body, headers=sent
            )
            response = connection.getresponse()
            answer = Answer(response.status, response.reason, response.headers, response.read())
        finally:
            connection.close()
        self._take(parts.netloc, answer)
        return answer

    def open(self, url: str, form: dict[str, str] | None = None, until: str = "\0") -> Page:
        """Go there, and wherever one is sent from there, but not to a URL with ``until`` in it."""
        urls, headers = [url], dict[str, str]()
        for _ in range(_MOST):
            answer = self.ask(urls[-1], form, headers=headers)
            form, headers = None, {}
            if answer.status in _REDIRECTS:
                urls.append(urljoin(urls[-1], answer.headers["Location"]))
            elif sent := re.search(
                r'<form method="post" action="(http[^"]+)">(.*)</form>', answer.text
            ):
                urls.append(unescape(sent[1]))
                headers = _OF_ANOTHER_SITE
                form = {
                    name: unescape(value)
                    for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', sent[2])
                }
            else:
                return Page(answer, urls)
            if until in urls[-1]:
                return Page(answer, urls)
        raise AssertionError(f"too many redirects: {urls}")

    def names(self) -> list[str]:
        """Of all cookies."""
        return [name for _, name in self.cookies]

    def _take(self, host: str, answer: Answer) -> None:
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in http.cookies.SimpleCookie(line).items():
                if morsel.value:
                    self.cookies[host, name] = morsel
                else:
                    self.cookies.pop((host, name), None)
