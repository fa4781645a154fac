"""Handlers that need no code: an error, a redirect."""

from typing import Any

from ..httputil.urls import url_concat
from .errors import HTTPError
from .handler import RequestHandler


class ErrorHandler(RequestHandler):
    """Answers every request with an error.

    :arg status_code: which one.
    """

    def initialize(self, status_code: int) -> None:  # type: ignore[override]
        self.set_status(status_code)

    def prepare(self) -> None:
        raise HTTPError(self._status_code)


class RedirectHandler(RequestHandler):
    """Redirects every GET.

    .. code-block:: python

        (r"/old/(.*)", RedirectHandler, {"url": "/new/{0}"})

    :arg url: where to; ``{0}``, ``{1}``, ... or ``{name}`` stand for the groups of the rule's pattern. The
        query of the request is kept.
    :arg permanent: 301 instead of 302.
    """

    def initialize(self, url: str, permanent: bool = True) -> None:  # type: ignore[override]
        self._url = url
        self._permanent = permanent

    def get(self, *args: Any, **kwargs: Any) -> None:
        to_url = self._url.format(*args, **kwargs)
        arguments = self.request.query_arguments
        if arguments:
            pairs = [
                (name, v.decode("latin1")) for name, values in arguments.items() for v in values
            ]
            to_url = url_concat(to_url, pairs)
        self.redirect(to_url, permanent=self._permanent)

    head = get
