""":class:`Settings`: what a supervisor is told, and what holds where it is told nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..httputil import TrustedProxies
from ..httputil.networks import Networks
from ..programs.places import Place
from ..web.life.life import DRAIN_SECONDS
from .processors import usable_processors

DEFAULT_TRUST_HEADERS: Final = ("X-Forwarded-For", "X-Forwarded-Proto")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How an application is served by workers. Raises :exc:`ValueError` for what makes no sense.

    Times are in seconds, and 0 stands for no limit, where something is limited.
    """

    application: str
    """``"module:name"``."""
    workers: int | None = None
    """How many; None: as many as processors that this process may use."""
    host: str = "127.0.0.1"
    port: int = 8888
    """0 for a free one."""
    unix_socket: str | None = None
    """Serve on this Unix socket instead."""
    unix_mode: int = 0o600
    """Its permissions: who may write to it may connect."""
    certificate: str | None = None
    """Serve HTTPS with this (PEM), read anew by each worker that starts."""
    key: str | None = None
    """Its key, if that is in another file."""
    trust: Sequence[str] = ()
    """Networks of proxies that are believed about where requests come from (:class:`.TrustedProxies`)."""
    trust_headers: Sequence[str] = DEFAULT_TRUST_HEADERS
    """The headers that these proxies set, each of them in every request."""
    proxy_protocol: Sequence[str] = ()
    """Networks of peers that begin each connection with a header of the PROXY protocol."""
    reuse_port: bool = False
    """A socket of its own for each slot, among which the kernel spreads the connections."""
    preload: bool = False
    """Load the application once, and fork the workers from the process that has."""
    start_timeout: float = 60.0
    """Within which a worker has to serve."""
    drain_seconds: float = DRAIN_SECONDS
    """How long requests may go on when a worker is to end."""
    worker_timeout: float = 30.0
    """How long a worker's loop may be blocked before the worker is replaced."""
    max_requests: int = 0
    """After which a worker is replaced."""
    max_age: float = 0.0
    """After which a worker is replaced."""
    max_memory: int = 0
    """Resident bytes above which a worker is replaced."""
    pid_file: str | None = None
    """Where the supervisor writes its process number."""
    admin: str | None = None
    """Where the status page is served: ``"host:port"`` or ``"unix:FILE"``."""

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"workers: at least 1, not {self.workers}")
        for name in (
            *("start_timeout", "drain_seconds", "worker_timeout"),
            *("max_requests", "max_age", "max_memory"),
        ):
            value = getattr(self, name)
            if not 0 <= value < float("inf"):
                raise ValueError(f"{name}: a number, 0 or more, not {value}")
        if self.key and not self.certificate:
            raise ValueError("key belongs to a certificate: give both")
        if self.reuse_port and self.unix_socket is not None:
            raise ValueError("reuse_port is for TCP: a Unix socket is shared")
        if self.trust:
            TrustedProxies(self.trust, headers=self.trust_headers)
        Networks(self.proxy_protocol)

    @property
    def place(self) -> Place:
        """Where to serve."""
        return Place(
            self.host, self.port, self.unix_socket, self.certificate, self.key, self.unix_mode
        )

    @property
    def number_of_workers(self) -> int:
        return usable_processors() if self.workers is None else self.workers
