""":class:`Listening`: the sockets, which are there for as long as the supervisor is."""

import socket
from collections.abc import Sequence

from ..netutil import activated_sockets
from ..programs.failing import Failure
from ..programs.places import Place, address_of, bind, check_certificate, release
from .settings import Settings


class Listening:
    """Sockets that listen. Raises :exc:`.Failure` if that cannot be.

    What the service manager has handed over comes first, if nobody has said another place.

    :arg is_placed: whether somebody has.
    """

    def __init__(self, settings: Settings, is_placed: bool) -> None:
        self._settings = settings
        self._place = settings.place
        self._own: dict[int, list[socket.socket]] = {}  # of slots
        self._shared: list[socket.socket] = []
        self._is_handed_over = False
        if not is_placed:
            self._shared += _handed_over()
            self._is_handed_over = bool(self._shared)
            check_certificate(self._place)
        if not self._shared:
            self._shared = bind(self._place, settings.reuse_port)
            if settings.unix_socket is None:  # the port may have been any
                self._place = self._place._replace(port=self._shared[0].getsockname()[1])
            if settings.reuse_port:
                self._own[1], self._shared = self._shared, []

    @property
    def addresses(self) -> tuple[str, ...]:
        """What to visit, or to connect to."""
        sockets = self._shared or self._own[min(self._own)]
        return tuple(
            dict.fromkeys(address_of(place_of(sock, self._place), [sock]) for sock in sockets)
        )

    def of_slot(self, number: int) -> Sequence[socket.socket]:
        """Those that the worker of a slot accepts from. They stay open when it ends: what waits there is for the next.

        Raises :exc:`.Failure` if there can be none.
        """
        if self._shared:
            return self._shared
        if number not in self._own:
            self._own[number] = bind(self._place, reuse_port=True)
        return self._own[number]

    def leave(self, number: int) -> None:
        """There is no such slot any more. Its worker has its own copies, for what waits there."""
        for sock in self._own.pop(number, ()):
            sock.close()

    def close(self) -> None:
        """Listen no more, for our part."""
        for number in list(self._own):
            self.leave(number)
        if self._is_handed_over:
            for sock in self._shared:
                sock.close()
        else:
            release(self._place, self._shared)


def _handed_over() -> list[socket.socket]:
    try:
        return list(activated_sockets())
    except ValueError as error:
        raise Failure(
            f"the service manager has handed over what cannot be used: {error}"
        ) from error


def place_of(sock: socket.socket, place: Place) -> Place:
    """Where a socket really is; the rest is as in ``place``."""
    if sock.family == socket.AF_UNIX:
        name = sock.getsockname()
        return place._replace(
            unix_socket=name if isinstance(name, str) else f"@{name[1:].decode()}"
        )
    return place._replace(host=sock.getsockname()[0], port=sock.getsockname()[1], unix_socket=None)
