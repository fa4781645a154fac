""":class:`TrustedHosts`: the names that we have."""

import ipaddress
import re
from collections.abc import Iterable

from ..web import HTTPError, RequestHandler
from ..web.around import Next

_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*")


class TrustedHosts:
    """Refuses requests for hosts that are not ours: who sends another ``Host`` may want it in a link of ours.

    Hosts are compared without their ports, without regard to upper case and to the dot that a whole name may end
    with, and IPv6 addresses in whatever way they are written. It is the host that the client asked for
    (``request.host``): what a proxy tells of it counts if the proxy is trusted.

    :arg hosts: a list of names and addresses: ``"example.com"``, ``"*.example.com"`` for all names below it (and not
        itself), ``"127.0.0.1"``, ``"[::1]"``. ``"*"`` is for all.
    :arg status: 400, or 421 (RFC 9110 section 15.5.20), for which a client may try another connection.

    Raises :exc:`ValueError` for what is no host, and :exc:`TypeError` for what is no list.
    """

    def __init__(self, hosts: Iterable[str], *, status: int = 400) -> None:
        if isinstance(hosts, str) or not isinstance(hosts, Iterable):
            raise TypeError(f"hosts is a list: [{hosts!r}], not a str")
        if status not in (400, 421):
            raise ValueError(f"the status for another's host is 400 or 421, not {status!r}")
        names = {normal_host(host) for host in hosts}
        if not names:
            raise ValueError("hosts is empty, so that nobody could ask: name the hosts of the site")
        self._all = "*" in names
        self._names = frozenset(name for name in names if not name.startswith("*"))
        self._above = tuple(name[1:] for name in names if name.startswith("*."))
        self._status = status

    async def __call__(self, handler: RequestHandler, call_next: Next) -> None:
        if not self._has(handler.request.host_name):
            raise HTTPError(self._status, detail="No site of this name is here")
        await call_next(handler)

    def _has(self, name: str) -> bool:
        if self._all:
            return True
        if name.startswith("["):
            name = normal_address(name)
        elif name.endswith(self._above):
            # Not "%2e.example.com", nor "a,b.example.com", of which others may make something else.
            return _NAME.fullmatch(name) is not None
        return name in self._names


def normal_host(host: str) -> str:
    """A host of the author's list in the way in which hosts are compared. Raises :exc:`ValueError` for what is none."""
    if not isinstance(host, str):
        raise TypeError(f"a host is a str, not {host!r}")
    if host == "*":
        return host
    if host.startswith("["):
        address = normal_address(host)
        if address:
            return address
    wildcard, name = ("*.", host[2:]) if host.startswith("*.") else ("", host)
    try:
        name = name.removesuffix(".").lower().encode("idna").decode()
    except UnicodeError:
        name = ""
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{host!r} is no host: write it like 'example.com', '*.example.com', '127.0.0.1' or '[::1]', "
            "without scheme and port"
        )
    return wildcard + name


def normal_address(text: str) -> str:
    """An IPv6 address in brackets, as short as can be; empty if it is none."""
    if not text.endswith("]"):
        return ""
    try:
        return f"[{ipaddress.IPv6Address(text[1:-1])}]"
    except ValueError:
        return ""
