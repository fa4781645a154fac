""":class:`Authenticate`: only those are let in who say who they are, by one of several schemes."""

from abc import ABC, abstractmethod
from typing import Final

from ...web import HTTPError, RequestHandler
from ...web.around import Next
from ...web.crossorigin import is_preflight
from ...web.transforms import add_vary
from .credentials import Credentials, keep_credentials
from .headers import Refused

_UNKNOWN: Final = 401


class Scheme(ABC):
    """A way to say who one is. An object is middleware: it lets in only those whom it knows."""

    async def __call__(self, handler: RequestHandler, call_next: Next) -> None:
        await Authenticate(self)(handler, call_next)

    @abstractmethod
    async def find(self, handler: RequestHandler) -> Credentials | None:
        """Who asks; None for a request that has nothing of this scheme. Raises :exc:`Refused`."""

    @abstractmethod
    def challenge(self, refused: Refused | None = None) -> str:
        """What ``WWW-Authenticate`` says of it, and of what was refused by it."""


class Authenticate:
    """Lets only those in who say who they are: :attr:`~.RequestHandler.current_user` is what a check has found.

    .. code-block:: python

        api = Authenticate(BearerAuthentication(JWTBearer(...)), ApiKeyAuthentication(keys))

        Application([url("/api/things", Things, middleware=[api])])

    Others get a 401 that says how they may (``WWW-Authenticate``), and what is malformed a 400. The first of the
    schemes of which a request has something decides. It works for WebSockets, too; requests by which browsers ask
    beforehand (preflights of CORS), which have no credentials, are let through to the handler.

    :arg schemes: one or more: :class:`.BasicAuthentication`, :class:`.BearerAuthentication`,
        :class:`.ApiKeyAuthentication`.
    :arg optional: let in also those who say nothing. What is wrong is refused all the same.

    Raises :exc:`TypeError` for what is no scheme.
    """

    def __init__(self, *schemes: Scheme, optional: bool = False) -> None:
        if not schemes:
            raise TypeError("Authenticate has a scheme: Authenticate(BearerAuthentication(check))")
        for scheme in schemes:
            if not isinstance(scheme, Scheme):
                raise TypeError(
                    f"a scheme is an object such as BearerAuthentication(...), not {scheme!r}"
                )
        self._schemes = schemes
        self._optional = optional

    async def __call__(self, handler: RequestHandler, call_next: Next) -> None:
        if not is_preflight(handler.request):
            await self._authenticate(handler)
        await call_next(handler)

    async def _authenticate(self, handler: RequestHandler) -> None:
        for scheme in self._schemes:
            try:
                credentials = await scheme.find(handler)
            except Refused as refused:
                raise self._refusal(handler, scheme, refused) from refused
            if credentials is not None:
                keep_credentials(handler, credentials)
                vars(handler)[_GUARD] = self, scheme
                return
        vars(handler)[_GUARD] = self, None
        if not self._optional:
            raise self._refusal(handler, None, None)

    def _refusal(
        self, handler: RequestHandler, by: Scheme | None, refused: Refused | None
    ) -> HTTPError:
        status = _UNKNOWN if refused is None else refused.status
        challenges = [
            scheme.challenge(refused if scheme is by else None)
            for scheme in self._schemes
            if status == _UNKNOWN or scheme is by
        ]

        def challenge(handler: RequestHandler) -> None:
            for one in challenges:
                handler.add_header("WWW-Authenticate", one)

        handler.before_head(challenge)
        detail = "Say who you are." if refused is None else refused.detail
        return HTTPError(status, detail=detail)


_GUARD: Final = "tornadolike.guard"


def is_guarded(handler: RequestHandler) -> bool:
    """Whether one of these stands around the handler."""
    return _GUARD in vars(handler)


def refusal(handler: RequestHandler, refused: Refused | None) -> HTTPError:
    """What to raise for somebody who is known and may not, or is not known (None), in the words of what has let them
    in. Raises :exc:`RuntimeError` if nothing has."""
    guard: tuple[Authenticate, Scheme | None] | None = vars(handler).get(_GUARD)
    if guard is None:
        raise RuntimeError(
            "scopes are known of those whom a guard has let in: middleware=[BearerAuthentication(...)]"
        )
    return guard[0]._refusal(handler, guard[1], refused)


def came_in_header(handler: RequestHandler) -> None:
    """No page of another site can have a browser send such a header, unless CORS lets it: that is as good as a token
    against forged requests."""
    handler._needs_no_xsrf_token = True


def keep_private(handler: RequestHandler, header: str | None) -> None:
    """Have no cache give the response to others: of ``Authorization`` they know, of this credential not.

    :arg header: in which it came; None: in the URL.
    """

    def close(handler: RequestHandler) -> None:
        headers = handler._headers
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "private"
        if header is not None:
            add_vary(headers, header)

    handler.before_head(close)
