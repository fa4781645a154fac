"""Handlers that need no code: an error, a redirect, what is not of this framework."""

import string
from collections.abc import Callable, Sequence
from typing import Any

from ..httputil import HTTPServerRequest
from ..httputil.headers import FORBIDDEN_IN_VALUE
from ..httputil.urls import browser_origin, url_concat
from ..routing.selection import PassedOver
from .errors import BadRedirect, HTTPError
from .failures import ENDS
from .handler import RequestHandler


class ErrorHandler(RequestHandler):
    """Answers every request with an error.

    :arg status_code: which one.
    """

    def initialize(self, status_code: int) -> None:
        self.set_status(status_code)

    def prepare(self) -> None:
        raise HTTPError(self._status_code)

    def check_xsrf_cookie(self) -> None:
        """Nothing can be forged here: whoever asks gets the error that is theirs, and no 403."""

    def check_trusted_origin(self, origin: str) -> bool:
        """As :meth:`check_xsrf_cookie`."""
        return True


class RefusingHandler(ErrorHandler):
    """Answers as a handler does that raises ``error``: where none was found, because of it."""

    def initialize(self, error: BaseException) -> None:  # type: ignore[override]
        self._error = error

    def prepare(self) -> None:
        raise self._error


class PassedOverHandler(ErrorHandler):
    """Answers where rules match that are for other methods, or other versions.

    By 405 with ``Allow``, or by 406; OPTIONS, with the setting ``automatic_options``, by 204 with ``Allow``.
    """

    def initialize(self, passed_over: PassedOver) -> None:  # type: ignore[override]
        self._passed_over = passed_over

    def prepare(self) -> None:
        passed_over = self._passed_over
        if passed_over.methods and self.request.method == "OPTIONS" and self._answer_options():
            self.finish()
        elif passed_over.methods:
            raise HTTPError(405)
        else:
            versions = ", ".join(dict.fromkeys(map(str, passed_over.versions)))
            message = f"There are other versions of this: {versions}"
            raise HTTPError(406, message, detail=message)

    def _implemented_methods(self) -> list[str]:
        methods = list(self._passed_over.methods)
        if "OPTIONS" not in methods and self.settings.get("automatic_options"):
            methods.append("OPTIONS")
        return methods


def with_pages_of(
    base: type[RequestHandler], handler_class: type[ErrorHandler]
) -> type[RequestHandler]:
    """What answers as ``handler_class`` does, with the error pages, headers and languages that ``base`` has.

    The ``initialize`` and ``prepare`` of ``base`` are not its own. Raises :exc:`TypeError` for what cannot be a base.
    """
    if issubclass(handler_class, base):
        return handler_class
    members = {"__doc__": handler_class.__doc__, "__module__": handler_class.__module__}
    try:
        return type(handler_class.__name__, (handler_class, base), members)
    except TypeError as error:
        raise TypeError(
            f"{base.__name__} cannot be the base_handler, of which error pages are made: {error}"
        ) from error


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
            message = "Redirect URL cannot change the scheme or netloc"
            raise HTTPError(400, message, detail=message)
        if FORBIDDEN_IN_VALUE.search(url):
            raise BadRedirect

    def _origin(self) -> tuple[str, str] | None:
        """The scheme and the host as the author wrote them; None if a request would have to fill them in."""
        fixed = ""
        for literal, field, _, _ in string.Formatter().parse(self._url):
            fixed += literal
            if field is not None:
                scheme, host = browser_origin(fixed)
                return None if scheme and not host else (scheme, host)
        return browser_origin(fixed)


class FallbackHandler(RequestHandler):
    """Gives the request to something else: a ``WSGIContainer``, an :class:`.Application`, a function.

    .. code-block:: python

        Application([
            (r"/new/.*", NewHandler),
            (r".*", FallbackHandler, {"fallback": WSGIContainer(old_site)}),
        ])

    :arg fallback: is called with the whole request, and answers it through ``request.connection``. No line of the
        access log is written here; the fallback may have its own. It is asked for the methods in
        ``SUPPORTED_METHODS`` only.
    """

    def initialize(self, fallback: Callable[[HTTPServerRequest], object]) -> None:
        self.fallback = fallback

    def prepare(self) -> None:
        try:
            self.fallback(self.request)
        except BaseException:
            # Behind a head that is sent already there is no place for an error page.
            self._headers_written = self.request.connection.responding
            raise
        self._finished = True
        try:
            self.on_finish()
        finally:
            self._go_on_afterwards()


class CallingHandler(FallbackHandler):
    """What stands for a function that is the target of a rule, or is mounted, so that middleware is around it.

    Nothing of what is asked of handlers (a method that is known, an XSRF token) is asked of its requests.
    """

    def _run_request(self, path_args: Sequence[bytes | None], path_kwargs: dict[str, Any]) -> None:
        try:
            self.prepare()
        except ENDS:
            raise
        except BaseException as error:
            self._fail(error)
