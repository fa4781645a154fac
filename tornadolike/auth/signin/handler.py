""":class:`SignInMixin`: the two requests of a sign-in, in a handler."""

from collections.abc import Awaitable
from http import HTTPStatus
from inspect import isawaitable
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlencode

from ...escape import xhtml_escape
from ...log import app_log
from ...util import computed
from ...web import HTTPError, RequestHandler
from ..errors import (
    RETRY_SECONDS,
    AccessDeniedError,
    AuthError,
    OAuthError,
    ProviderUnavailableError,
    SignInError,
)
from ..identities import Identity
from ..oauth2.pending import Pending
from ..oauth2.provider import OAuth2Provider
from .browsers import forget, recall, remember
from .returning import safe_next

LONGEST_ANSWER: Final = 8192
"""Characters that an argument may have with which a browser comes back."""

_ANSWERS: Final = ("state", "code", "error")
"""Whoever comes with one of these has been at the provider."""


class SignInMixin(RequestHandler):
    """Signs users in with a :attr:`provider`: one handler, to which they come first and come back.

    .. code-block:: python

        class SignIn(SignInMixin, RequestHandler):
            provider = GitHub("client-id", "secret")

            async def signed_in(self, identity, next):
                self.session.rotate()
                self.session["user"] = [identity.issuer, identity.subject]
                self.redirect(next)

    Who comes without an answer of the provider's is sent there; the argument ``next`` is where they want to go
    afterwards. In between the browser keeps an encrypted cookie for ten minutes, and so the setting ``cookie_secret``
    is needed. An answer that does not belong to such a cookie is refused, and none serves twice.
    """

    provider: OAuth2Provider
    """With what users sign in: an attribute of the class, or set by ``initialize()`` or ``prepare()``."""
    redirect_uri: str | None = None
    """Where they come back: the absolute URL of this handler, as the provider knows it. None: the one under which the
    request has come, without its query."""
    pending: Pending | None = None
    """Of who has come back: what :meth:`authorize_redirect` had told the browser to keep."""

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Send the user to the provider; or, when they come back, ask that who they are."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")  # the address has the code
        try:
            if not self._is_answer():
                await self.authorize_redirect()
                return
            identity = await self.get_authenticated_user()
        except AuthError as error:
            await _done(self.sign_in_failed(error))
        else:
            await _done(self.signed_in(identity, self._next()))

    post = get
    """Of providers that have the browser come back with a form (``response_mode="form_post"``)."""

    async def authorize_redirect(self, next: str | None = None, **parameters: Any) -> None:
        """Send the user to the provider.

        :arg next: where they want to go afterwards, by default the argument of that name. What is no path of ours
            (:func:`.safe_next`) counts as ``"/"``.
        :arg parameters: what :meth:`.OAuth2Provider.begin` takes: ``prompt``, ``login_hint``, ``max_age``, ...

        Raises :exc:`.AuthError` if the provider cannot be asked where that is.
        """
        wanted = self.get_argument("next", None) if next is None else next
        url, pending = await self._provider().begin(
            self.get_redirect_uri(), next=safe_next(wanted), **parameters
        )
        remember(self, pending, cross_site=self._comes_from_there())
        self.redirect(url)

    async def get_authenticated_user(self) -> Identity:
        """Who has come back. Raises :exc:`.AuthError`. The answer cannot be used again, whatever comes of it."""
        provider, answer = self._provider(), self._answer()
        pending = self._recall()
        if pending is None or pending.provider != provider.name:
            raise SignInError("no sign-in goes on in this browser to which the answer belongs")
        forget(self, pending, cross_site=self._comes_from_there())
        self.pending = pending
        return await provider.complete(pending, answer)

    # To be overridden

    def signed_in(self, identity: Identity, next: str) -> Awaitable[None] | None:
        """To be overridden, may be a coroutine: who it is, and where they wanted to go (a path of ours).

        This is where a session begins: ``self.session.rotate()`` first, so that nobody can have known its key before.
        """
        raise NotImplementedError(f"{type(self).__name__} has no signed_in(identity, next)")

    def sign_in_failed(self, error: AuthError) -> Awaitable[None] | None:
        """May be overridden, may be a coroutine. By default an :exc:`.HTTPError` with a sentence for the user:

        403 for who has said no, 400 for what does not belong to a sign-in of this browser, 503 (with
        ``Retry-After``) for a provider that is down, and 502 for one that answers what it may not, or refuses.
        """
        status, detail = _told(error)
        raise HTTPError(
            status,
            "%s: %s",
            type(error).__name__,
            error,
            detail=detail,
            retry_after=RETRY_SECONDS if status == 503 else None,
        ) from error

    def get_redirect_uri(self) -> str:
        """Where users come back. May be overridden: by default :attr:`redirect_uri`, or this handler's own URL."""
        return self.redirect_uri or self.request.full_url().partition("?")[0]

    # Forged requests

    def check_xsrf_cookie(self) -> None:
        """The state of an answer does what a token would do."""
        if not self._is_protected_by_state():
            super().check_xsrf_cookie()

    def check_trusted_origin(self, origin: str) -> bool:
        """Answers that come with a POST come from the provider's pages."""
        return self._is_protected_by_state() or super().check_trusted_origin(origin)

    def _is_protected_by_state(self) -> bool:
        if self.request.method != "POST" or not self._is_answer():
            return False
        # A post() of one's own may do more than to read the answer, and is called only with a good one.
        return type(self).post is SignInMixin.post or self._recall() is not None

    def _provider(self) -> OAuth2Provider:
        provider = getattr(self, "provider", None)
        if not isinstance(provider, OAuth2Provider):
            raise TypeError(
                f"{type(self).__name__}.provider is an object such as OpenIDProvider(...), not {provider!r}"
            )
        return provider

    # The answer

    def _is_answer(self) -> bool:
        return any(name in self._answer_arguments() for name in _ANSWERS)

    def _answer_arguments(self) -> dict[str, list[bytes]]:
        request = self.request
        return request.body_arguments if request.method == "POST" else request.query_arguments

    def _answer(self) -> dict[str, str]:
        """Its arguments. Raises :exc:`.SignInError` for what no provider sends (RFC 6749 section 3.1)."""
        answer = {}
        for name, values in self._answer_arguments().items():
            if len(values) > 1:
                raise SignInError(f"the answer has {name[:40]!r} more than once")
            if len(values[0]) > LONGEST_ANSWER:
                raise SignInError(f"{name[:40]!r} of the answer is too long")
            answer[name] = self.decode_argument(values[0], name)
        return answer

    def _recall(self) -> Pending | None:
        values = self._answer_arguments().get("state", [])
        if len(values) != 1:
            return None
        return recall(self, values[0].decode("latin1"), self.get_redirect_uri())

    def _comes_from_there(self) -> bool:
        """Whether a page of the provider's sends the answer, and not the browser's address bar."""
        return self.provider.response_mode == "form_post"

    def _next(self) -> str:
        return "/" if self.pending is None else self.pending.next

    # Failures

    @computed
    def logged_uri(self) -> str:
        """Without the query, which has the code."""
        return self._path()

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """As of every handler, without the code."""
        if isinstance(value, HTTPError):
            super().log_exception(typ, value, tb)
        else:
            failure: Any = (typ, value, tb)
            app_log.error("Uncaught exception %s", self._request_summary(), exc_info=failure)

    def _error_page(self, status_code: int, detail: str | None) -> str:
        """With a link by which to begin again."""
        query = f"?{urlencode({'next': self._next()})}" if self._next() != "/" else ""
        there = safe_next(self._path()) + query  # a rule may let //evil.example/signin in
        link = f'<p><a href="{xhtml_escape(there)}">Sign in again</a></p>'
        return super()._error_page(status_code, detail).replace("</body>", f"{link}</body>")

    def _path(self) -> str:
        return (self.request.uri or "").partition("?")[0]


def _told(error: AuthError) -> tuple[int, str]:
    """The status, and what the user is told."""
    if isinstance(error, SignInError):
        return HTTPStatus.BAD_REQUEST, (
            "This sign-in was not begun in this browser, is over already, or took too long. Please begin again."
        )
    if isinstance(error, AccessDeniedError):
        return HTTPStatus.FORBIDDEN, "You are not signed in: it was not agreed to."
    if isinstance(error, ProviderUnavailableError) or (
        isinstance(error, OAuthError) and error.error == "temporarily_unavailable"
    ):
        return HTTPStatus.SERVICE_UNAVAILABLE, (
            "Those who would tell us who you are do not answer. Please try again later."
        )
    return HTTPStatus.BAD_GATEWAY, "Those who would tell us who you are have not done so."


async def _done(result: Awaitable[None] | None) -> None:
    if isawaitable(result):
        await result
