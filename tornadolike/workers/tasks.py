""":class:`Task`: what a worker is to do, on its way from the supervisor."""

import dataclasses
import json
import os
from typing import Any, Final, Self

from ..httputil import TrustedProxies
from .settings import Settings

VARIABLE: Final = "TORNADOLIKE_WORKER"

SHARED_VARIABLE: Final = "TORNADOLIKE_SHARED"
"""By which workers find the file in which they tell each other how many connections they have."""


@dataclasses.dataclass(frozen=True)
class Task:
    """What a worker is to do, as JSON can have it."""

    application: str
    """As on the command line."""
    number: int
    """The worker's slot."""
    generation: int
    tls: dict[str, str] | None
    trust: tuple[str, ...]
    trust_headers: tuple[str, ...]
    proxy_protocol: tuple[str, ...]
    drain_seconds: float
    start_seconds: float
    """Within which it has to serve; 0: there is no limit."""
    silent_seconds: float
    """For which its loop may be kept from running; 0: there is no limit."""
    log_format: str
    channel: int = -1
    """A descriptor, as the next."""
    sockets: tuple[int, ...] = ()

    @classmethod
    def of(cls, settings: Settings, number: int, generation: int) -> Self:
        """The task for a slot."""
        return cls(
            settings.application,
            number,
            generation,
            settings.place.tls,
            tuple(settings.trust),
            tuple(settings.trust_headers),
            tuple(settings.proxy_protocol),
            settings.drain_seconds,
            settings.start_timeout,
            settings.worker_timeout,
            settings.log_format,
        )

    def with_descriptors(self, channel: int, sockets: tuple[int, ...]) -> Self:
        """The same, for a process that has these descriptors."""
        return dataclasses.replace(self, channel=channel, sockets=sockets)

    def server_options(self) -> dict[str, Any]:
        """Those of the :class:`.HTTPServer`."""
        trust = TrustedProxies(self.trust, headers=self.trust_headers) if self.trust else None
        return {
            "ssl_options": self.tls,
            "trust": trust,
            "proxy_protocol": list(self.proxy_protocol) or None,
        }

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The opposite of :meth:`to_json`."""
        values = json.loads(text)
        return cls(**{name: _tuple(value) for name, value in values.items()})

    @classmethod
    def from_environment(cls) -> Self:
        """Take it out of the environment: the program's own children have nothing to do with it."""
        return cls.from_json(os.environ.pop(VARIABLE))


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
