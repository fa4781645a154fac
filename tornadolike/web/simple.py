"""Handlers that need no code: an error, a redirect."""

import string
from typing import Any

from ..httputil.headers import FORBIDDEN_IN_VALUE
from ..httputil.urls import browser_origin, url_concat
from .errors import HTTPError
from .handler import RequestHandler


class ErrorHandler(RequestHandler):
    """Answers every request with an error.

    :arg status_code: which one.
    """

    def initialize(self, status_code: int) -> None:
        self.set_status(status_code)

    def prepare(self) -> None:
        raise HTTPError(self._status_code)


class RedirectHandler(RequestHandler):
    """Redirects every GET.

    .. code-block:: python

        (r"/old/(.*)", RedirectHandler, {"url": "/new/{0}"})

    :arg url: where to; ``{0}``, ``{1}``, ... or ``{name}`` stand for the groups of the rule's pattern. The
        query of the request is kept. What is put in cannot change the scheme or the host: that is a 400.
    :arg permanent: 301 instead of 302.
    """

    def initialize(self, url: str, permanent: bool = True) -> None:
        self._url = url
        self._permanent = permanent

    def get(self, *args: Any, **kwargs: Any) -> None:
        to_url = self._url.format(*args, **kwargs)
        self._check(to_url)
        arguments = self.request.query_arguments
        if arguments:
            pairs = [(name.encode("latin1"), v) for name, vs in arguments.items() for v in vs]
            to_url = url_concat(to_url, pairs)
            self._check(to_url)  # what joins the query to it may see the rest with other eyes
        self.redirect(to_url, permanent=self._permanent)

    head = get

    def _check(self, url: str) -> None:
        """Raise :exc:`HTTPError` (400) for what the request may not make of the author's URL."""
        if browser_origin(url) != self._origin():
            raise HTTPError(400, "Redirect URL cannot change the scheme or netloc")
        if FORBIDDEN_IN_VALUE.search(url):
            raise HTTPError(400, "Redirect URL contains invalid characters")

    def _origin(self) -> tuple[str, str] | None:
        """The scheme and the host as the author wrote them; None if a request would have to fill them in."""
        fixed = ""
        for literal, field, _, _ in string.Formatter().parse(self._url):
            fixed += literal
            if field is not None:
                scheme, host = browser_origin(fixed)
                return None if scheme and not host else (scheme, host)
        return browser_origin(fixed)
