"""A browser: it keeps cookies, and goes where it is sent."""

import http.client
import http.cookies
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from tests.web.helpers import Answer

MOST_REDIRECTS = 10


@dataclass
class Page:
    """What a browser shows, and where it is."""

    url: str
    answer: Answer

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.url).query).items()}


class Browser:
    """Keeps cookies by their names: all that it visits is one host for it, as it is for real ones."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.context = context
        self.cookies: dict[str, str] = {}
        self.morsels: dict[str, http.cookies.Morsel[str]] = {}
        """As they were set last."""

    def ask(self, url: str, form: dict[str, str] | None = None, **headers: str) -> Page:
        """One request."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        if parts.scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                "localhost", parts.port, timeout=50, context=self.context
            )
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=50)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={v}" for name, v in self.cookies.items())
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(
                "GET" if form is None else "POST",
                target,
                None if form is None else urlencode(form),
                {"Host": parts.netloc, **headers},
            )
            response = connection.getresponse()
            answer = Answer(response.status, response.reason, response.headers, response.read())
        finally:
            connection.close()
        self._take(answer)
        return Page(url, answer)

    def visit(self, url: str, *, until: str | None = None) -> Page:
        """Ask, and follow redirects; not to an address that begins with ``until``."""
        for _ in range(MOST_REDIRECTS):
            page = self.ask(url)
            if page.answer.status not in (301, 302, 303):
                return page
            url = urljoin(url, page.answer.headers["Location"])
            if until is not None and url.startswith(until):
                return Page(url, page.answer)
        raise AssertionError(f"redirects without end, at last to {url}")

    def _take(self, answer: Answer) -> None:
        for field in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in http.cookies.SimpleCookie(field).items():
                self.morsels[name] = morsel
                if morsel["expires"] and not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.coded_value


def body(page: Page) -> Any:
    """The JSON of a page that is well."""
    assert page.answer.status == 200, page.answer.text
    return page.answer.json
