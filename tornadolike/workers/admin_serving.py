""":class:`Admin`: the admin site at its address, for as long as the supervisor runs."""

from collections.abc import Callable

from ..httpserver import HTTPServer
from ..log import gen_log
from ..programs.failing import Failure
from ..programs.places import Place, address_of, bind, release
from .admin import AdminSite, Metrics
from .state import Status

HOW = "write HOST:PORT, as in 127.0.0.1:9000, or unix:FILE"


class Admin:
    """What listens at an address: ``"host:port"`` or ``"unix:FILE"``.

    Raises :exc:`.Failure` if that is none, or cannot be had.
    """

    def __init__(self, address: str) -> None:
        self._place = place_of(address)
        try:
            self._sockets = bind(self._place)
        except Failure as failure:
            raise Failure(f"--admin {address}: {failure.text}") from failure
        self._server: HTTPServer | None = None

    def serve(self, status: Callable[[], Status], metrics: Metrics) -> None:
        """Answer, on the current loop."""
        site = AdminSite(status, metrics)
        self._server = HTTPServer(site)
        self._server.add_sockets([sock.dup() for sock in self._sockets])
        gen_log.info("The supervisor tells of itself on %s", address_of(self._place, self._sockets))

    async def end(self) -> None:
        """Answer no more."""
        if self._server is not None:
            await self._server.drain(1.0)

    def close(self) -> None:
        """Listen no more."""
        release(self._place, self._sockets)


def place_of(address: str) -> Place:
    """Where that is. Raises :exc:`.Failure` if it is nowhere."""
    if address.startswith("unix:") and len(address) > 5:
        return Place("", 0, address[5:], None, None)
    host, colon, port = address.rpartition(":")
    if not (colon and port.isascii() and port.isdigit() and int(port) < 65536):
        raise Failure(f"--admin {address} is no address: {HOW}")
    if not host:
        raise Failure(
            f"--admin {address} would tell everybody: name the address of an interface; {HOW}"
        )
    return Place(host.strip("[]"), int(port), None, None, None)
