""":class:`CORS`: which pages of other sites may read what we answer (W3C Fetch, section 3.3)."""

import re
from collections.abc import Iterable
from typing import Final

from ..httputil.headers import NAME
from ..web import HTTPError, RequestHandler
from ..web.around import Next
from ..web.crossorigin import is_preflight
from ..web.transforms import add_vary
from .deciding import Deciding
from .origins import Origins

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_SHOWN: Final = 100
"""How much of a name is told to who has sent it."""
_SAFE: Final = ("GET", "HEAD", "POST")
"""Methods that need nobody's leave (Fetch: CORS-safelisted methods)."""
MAX_AGE: Final = 600
"""Seconds for which a browser may remember the answer to a preflight."""


class CORS(Deciding):
    """Lets the scripts of other sites' pages read our responses, and send what pages by themselves could not.

    .. code-block:: python

        CORS(["https://app.example.com", re.compile(r"https://[a-z0-9-]+\\.example\\.org")], credentials=True)

    It answers the requests by which browsers ask beforehand (preflights), and tells in all other responses, error
    pages too, who may read them. It keeps nobody from sending requests: who may *do* something is for
    ``cross_origin_protection`` to say, whose setting ``trusted_origins`` should have the same origins. WebSockets
    know no CORS; they are passed by.

    :arg origins: a list of origins, as browsers write them, and of compiled regular expressions, which have to match
        the whole of one. ``"*"`` is for all.
    :arg methods: those that may be used beside GET, HEAD and POST, which always may. ``"*"`` is for all.
    :arg headers: the headers that requests may have beside what each may have. ``"*"`` is for all.
    :arg expose: the headers of our responses that scripts may read beside those that they always may. ``"*"``: all.
    :arg credentials: whether requests may come with cookies. Then nothing can be ``"*"``, nor may a pattern match
        everything.
    :arg max_age: the seconds for which an answer to a preflight may be remembered; None: as the browser likes.
    :arg private_network: whether pages of the internet may ask for what is in a private network.

    Raises :exc:`ValueError` and :exc:`TypeError` for what would not work, or not be safe.
    """

    KEY = "tornadolike.cors"

    def __init__(
        self,
        origins: str | Iterable[str | re.Pattern[str]],
        *,
        methods: str | Iterable[str] = METHODS,
        headers: str | Iterable[str] = ("Content-Type",),
        expose: str | Iterable[str] = (),
        credentials: bool = False,
        max_age: int | None = MAX_AGE,
        private_network: bool = False,
    ) -> None:
        self._origins = Origins(origins)
        self._methods = _names("methods", methods)
        for method in self._methods:
            if method != method.upper():
                raise ValueError(f"methods are in upper case: {method.upper()!r}, not {method!r}")
        self._headers = _names("headers", headers)
        self._expose = _names("expose", expose)
        self._lower_headers = frozenset(name.lower() for name in self._headers)
        self._credentials = credentials
        self._private_network = private_network
        if credentials:
            self._check_credentials()
        if max_age is not None and (not isinstance(max_age, int) or max_age < 0):
            raise ValueError(f"max_age is a whole number of seconds, or None, not {max_age!r}")
        self._max_age = max_age

    def _check_credentials(self) -> None:
        stranger = self._origins.have_strangers
        if stranger is not None:
            raise ValueError(
                f"with credentials=True an origin {stranger!r} would open what belongs to your users to every page "
                "of the web: name the origins that may read it"
            )
        for what in ("methods", "headers", "expose"):
            if "*" in getattr(self, f"_{what}"):
                raise ValueError(f"with credentials=True browsers take no '*' in {what}: name them")

    async def __call__(self, handler: RequestHandler, call_next: Next) -> None:
        if hasattr(handler, "ws_connection"):  # a WebSocketHandler, which this room does not know
            await call_next(handler)
        elif is_preflight(handler.request):
            self._answer_preflight(handler)
        else:
            await super().__call__(handler, call_next)

    def set_headers(self, handler: RequestHandler) -> None:
        headers = handler._headers
        if "Access-Control-Allow-Origin" in headers:
            return
        if self._set_origin(handler) and self._expose:
            headers["Access-Control-Expose-Headers"] = ", ".join(self._expose)

    def _set_origin(self, handler: RequestHandler) -> bool:
        """Say who may read the response. Whether that is said to who asks now."""
        headers = handler._headers
        if self._origins.are_all:
            headers["Access-Control-Allow-Origin"] = "*"
            return True
        add_vary(headers, "Origin")  # also for those who may not, and who do not say
        origin = handler.request.headers.get("Origin")
        if origin is None or origin not in self._origins:
            return False
        headers["Access-Control-Allow-Origin"] = origin
        if self._credentials:
            headers["Access-Control-Allow-Credentials"] = "true"
        return True

    # Preflights

    def _answer_preflight(self, handler: RequestHandler) -> None:
        asked = handler.request.headers
        method = asked["Access-Control-Request-Method"]
        names = _split(asked.get("Access-Control-Request-Headers", ""))
        handler.before_head(_vary_preflight)
        fault = self._fault(asked["Origin"], method, names)
        if fault is not None:
            raise HTTPError(403, detail=fault)
        handler.set_status(204)
        self._set_origin(handler)
        allowed = (method,) if "*" in self._methods else self._methods
        handler.set_header("Access-Control-Allow-Methods", ", ".join(allowed))
        # Not "*", which leaves out Authorization.
        allowed = tuple(names) if "*" in self._headers else self._headers
        if allowed:
            handler.set_header("Access-Control-Allow-Headers", ", ".join(allowed))
        if self._max_age is not None:
            handler.set_header("Access-Control-Max-Age", self._max_age)
        if self._private_network and "Access-Control-Request-Private-Network" in asked:
            handler.set_header("Access-Control-Allow-Private-Network", "true")
        handler.finish()

    def _fault(self, origin: str, method: str, names: list[str]) -> str | None:
        """What of a preflight is not allowed, for the client; None if all is."""
        if origin not in self._origins:
            return f"Pages of the origin {origin[:_SHOWN]} may not ask for this"
        if not NAME.fullmatch(method) or not (
            method in self._methods or method in _SAFE or "*" in self._methods
        ):
            return f"Pages of other sites may not use the method {method[:_SHOWN]} here"
        for name in names:
            if not NAME.fullmatch(name) or not (
                name.lower() in self._lower_headers or "*" in self._headers
            ):
                return f"Pages of other sites may not send the header {name[:_SHOWN]} here"
        return None


def _vary_preflight(handler: RequestHandler) -> None:
    for name in ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"):
        add_vary(handler._headers, name)


def _split(value: str) -> list[str]:
    return [name for name in (part.strip(" \t") for part in value.split(",")) if name]


def _names(what: str, names: str | Iterable[str]) -> tuple[str, ...]:
    """A tuple of these names of methods or headers, or ``("*",)``."""
    if isinstance(names, str):
        if names != "*":
            raise TypeError(f"{what} is a list: [{names!r}], not a str; '*' is for all of them")
        names = [names]
    found = tuple(names)
    for name in found:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise ValueError(f"{what} has names as they stand in HTTP, unlike {name!r}")
    return found
