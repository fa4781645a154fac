"""Users who sign in with the provider: they fill in its forms, without a browser around them."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from tests.auth.browser import Browser

FORM = re.compile(r'<form(?=[^>]*method="post")[^>]*action="([^"]+)"[^>]*>(.*?)</form>', re.S)
HIDDEN = re.compile(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"')
ABORT = re.compile(r'<a href="([^"]+/abort)"')
MOST = 25


class User(Browser):
    """Somebody with a browser."""

    def follow(self, url: str, until: str = "\0", **typed: str) -> tuple[str, Any]:
        """Go there, and wherever one is sent from there, through all forms; where that ends, and the last answer.

        :arg until: the last is the first URL that begins so; it is not opened, and there is no answer.
        :arg typed: what goes into the fields of forms; with ``abort`` users turn back where they can.
        """
        form, turned_back = None, False
        for _ in range(MOST):
            if url.startswith(until):
                return url, None
            answer = self.ask(url, form)
            form = None
            if answer.status in (301, 302, 303, 307, 308):
                url = urljoin(url, answer.headers["Location"])
            elif "abort" in typed and (back := ABORT.search(answer.text)):
                url = urljoin(url, unescape(back[1]))
            elif (found := FORM.search(answer.text)) and not turned_back:
                url = urljoin(url, unescape(found[1]))
                form = {name: unescape(value) for name, value in HIDDEN.findall(found[2])}
                for name, value in typed.items():
                    if f'name="{name}"' in answer.text:
                        form[name] = value
                turned_back = "abort" in form
            else:
                return url, answer
        raise AssertionError(f"no end at {url}")

    def sign_in(self, url: str, name: str = "ada", **options: str) -> tuple[str, Any]:
        """Go there, and sign in as that user where one is asked to."""
        return self.follow(url, login=name, password="anything", **options)


def changed(url: str, **arguments: str | None) -> str:
    """The URL with other arguments; None takes one away."""
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), **arguments}
    kept = urlencode({name: value for name, value in query.items() if value is not None})
    return urlunsplit(parts._replace(query=kept))


def argument(url: str, name: str) -> str:
    """One of a URL."""
    return dict(parse_qsl(urlsplit(url).query))[name]
