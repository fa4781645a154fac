"""Where a scenario plays: a service in a folder, and traffic to it."""

import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..clients import Client, Course
from ..reports import Report
from ..service import Service
from ..traffic import Mix, Traffic
from ..wire import Address
from ..witness import Witness


@dataclass(frozen=True, slots=True)
class Stage:
    """What all scenarios have in common."""

    folder: Path
    """An empty one."""
    seconds: float = 0.0
    """Of traffic at the least, before a fault and behind it."""
    rounds: int = 1
    """How often what can happen again does."""
    mix: Mix = field(default_factory=Mix)
    arguments: tuple[str, ...] = ()
    """More of them for ``tornadolike run``."""
    witnesses: int = 0
    """Connections of wrk, beside all others."""
    testimony: list[str] = field(default_factory=list)
    """What wrk has seen, at the end."""

    @contextlib.asynccontextmanager
    async def play(
        self,
        *arguments: str,
        workers: int = 2,
        environment: Mapping[str, str] | None = None,
        activated: socket.socket | None = None,
        tls: ssl.SSLContext | None = None,
        more: Callable[[Course], list[Client]] = lambda course: [],
        ends: bool = False,
    ) -> AsyncIterator[tuple[Service, Traffic]]:
        """A service whose workers are all ready, under traffic that has begun; both end with the block.

        :arg more: makes clients beside those of the mix.
        :arg ends: the service ends within the block: wrk, which does not know when to go home, stays away.
        """
        service = Service(
            self.folder,
            *arguments,
            *self.arguments,
            workers=workers,
            environment=environment,
            activated=activated,
        )
        async with service:
            course = Course(Address(await service.port(), tls=tls))
            with self._witnessed(course.address, not ends):
                async with Traffic(course, [*self.mix.of(course), *more(course)]) as traffic:
                    await self.flow(traffic)
                    yield service, traffic

    @contextlib.contextmanager
    def _witnessed(self, address: Address, wanted: bool) -> Iterator[None]:
        if not self.witnesses or not wanted or address.tls is not None:
            yield
            return
        witness = Witness(address.port, self.witnesses)
        try:
            yield
        finally:
            self.testimony.append(witness.stop())

    async def flow(self, traffic: Traffic) -> None:
        """Traffic for a while."""
        await traffic.flow(self.seconds)

    def report(self, scenario: str, traffic: Traffic) -> Report:
        """Of the tally as it will be when the traffic has ended."""
        return Report(scenario, traffic.course.tally)


def listening_socket() -> socket.socket:
    """What a service manager listens on: it stays open while services come and go."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(1024)
    return sock
