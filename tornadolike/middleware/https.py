""":class:`HTTPSRedirect`: nothing in the clear."""

import re
from collections.abc import Iterable
from typing import Final

from ..httputil import split_host_and_port
from ..httputil.authority import is_authority
from ..web import HTTPError, RequestHandler
from ..web.around import Next
from ..web.slashes import as_sent

ACME: Final = "/.well-known/acme-challenge/"
"""Where those who sign certificates look whether a host is ours, before it can have one (RFC 8555 section 8.3)."""

_UP: Final = re.compile(r"/(?:\.|%2e){2}(?:/|$)", re.IGNORECASE)


class HTTPSRedirect:
    """Sends who comes by HTTP to the same address by HTTPS.

    How a client has come, ``request.protocol`` says: behind a proxy that speaks TLS for us, it is that which the proxy
    tells, if it is trusted (:class:`~tornadolike.httputil.TrustedProxies`). Without that we see HTTP whatever it is,
    and would redirect for ever. Have browsers come by HTTPS from the beginning by :class:`.SecurityHeaders`.

    :arg permanent: 308, which browsers remember, instead of 307. Both have them send the same request again.
    :arg port: of HTTPS.
    :arg host: where to; None: the host that was asked for. Behind :class:`.TrustedHosts` that is one of ours.
    :arg except_below: the beginnings of paths that are left out.

    Raises :exc:`ValueError` and :exc:`TypeError` for what cannot be.
    """

    def __init__(
        self,
        *,
        permanent: bool = False,
        port: int = 443,
        host: str | None = None,
        except_below: Iterable[str] = (ACME,),
    ) -> None:
        if not (isinstance(port, int) and 0 < port < 65536):
            raise ValueError(f"a port is a number up to 65535, not {port!r}")
        if isinstance(except_below, str) or not isinstance(except_below, Iterable):
            raise TypeError(f"except_below is a list: [{except_below!r}], not a str")
        if host is not None and (
            not isinstance(host, str)
            or not is_authority(host)
            or split_host_and_port(host)[1] is not None
        ):
            raise ValueError(f"host is a name or an address without a port, not {host!r}")
        self._except = tuple(except_below)
        if not all(isinstance(path, str) and path.startswith("/") for path in self._except):
            raise ValueError(f"except_below has paths, which begin with a slash: {self._except!r}")
        self._status = 308 if permanent else 307
        self._port = "" if port == 443 else f":{port}"
        self._host = host

    async def __call__(self, handler: RequestHandler, call_next: Next) -> None:
        request = handler.request
        if request.protocol == "https" or self._is_left_out(request.path):
            await call_next(handler)
            return
        uri = request.uri or ""
        if not uri.startswith("/"):  # OPTIONS *
            uri = "/"
        url = f"https://{self._host_for(handler)}{self._port}{uri}"
        handler.redirect(as_sent(url), status=self._status)

    def _is_left_out(self, path: str) -> bool:
        # What is below one of these here may be elsewhere to a server behind us that goes up by dots.
        return path.startswith(self._except) and not _UP.search(path)

    def _host_for(self, handler: RequestHandler) -> str:
        request = handler.request
        if self._host is not None:
            return self._host
        if not request.headers.get("Host"):
            raise HTTPError(
                400, detail="This is served by HTTPS only, and without a Host it is not known where"
            )
        return split_host_and_port(request.host.removesuffix(":"))[0]
