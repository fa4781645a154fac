""":class:`AdminSite`: what a supervisor shows of itself and its workers, to people and to programs.

.. code-block:: text

   /              a page for people, which is asked for anew every few seconds, and needs nothing from elsewhere
   /status.json   the same for programs
   /live          200 as long as the supervisor answers
   /ready         200 while some worker takes requests, else 503
   /metrics       the figures of all workers together, where there are any

All of it is to be read only, and is for an address that nobody but the operators can reach: pids, addresses and
failures are nobody else's business.
"""

import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from ..middleware import SecurityHeaders, TrustedHosts, csp_nonce
from ..middleware.hosts import normal_address
from ..web import Application, RequestHandler
from ..web.around import Next
from .admin_page import render
from .state import Status, WorkerState

Metrics = Callable[[], Awaitable[tuple[str, bytes]]]
"""Gives the figures: their content type and themselves."""

POLICY: Final = "default-src 'none'; style-src 'nonce'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The page needs nothing but its own style."""


class AdminSite(Application):
    """What a supervisor shows of itself and its workers.

    :arg status: gives what is so at the moment.
    :arg metrics: gives what ``/metrics`` answers; None: there is no such path.
    :arg hosts: names under which the site may be asked for, besides ``localhost`` and any address: as of
        :class:`~tornadolike.middleware.TrustedHosts`. What is asked of another name is refused (400). A page of
        somebody else's, which an operator's browser shows, could otherwise have its own name lead here, and read along.

    Requests have no line in the log: what asks is mostly a machine, and asks all the time.
    """

    def __init__(
        self,
        status: Callable[[], Status],
        metrics: Metrics | None = None,
        *,
        hosts: Iterable[str] = (),
    ) -> None:
        shown = {"status": status, "metrics": metrics}
        rules: list[Any] = [
            ("/", Page, shown),
            ("/status.json", StatusAsJSON, shown),
            ("/live", Live, shown),
            ("/ready", Ready, shown),
        ]
        if metrics is not None:
            rules.append(("/metrics", Figures, shown))
        super().__init__(
            rules,
            middleware=[
                SecurityHeaders(content_security_policy=POLICY, hsts_seconds=0),
                AddressesOr(TrustedHosts(["localhost", *hosts])),
            ],
            automatic_head=True,
            log_function=lambda handler: None,
        )


class AddressesOr:
    """Lets those pass who have asked for an address, and others by the names that there are.

    A name can be made to lead anywhere by who owns it; an address leads where it does.
    """

    def __init__(self, names: TrustedHosts) -> None:
        self._names = names

    async def __call__(self, handler: RequestHandler, call_next: Next) -> None:
        if is_address(handler.request.host_name):
            await call_next(handler)
        else:
            await self._names(handler, call_next)


def is_address(host: str) -> bool:
    """Whether a host is an IP address, as a request names it."""
    if host.startswith("["):
        return bool(normal_address(host))
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


class AdminHandler(RequestHandler):
    """What all answers have in common."""

    status: Callable[[], Status]
    metrics: Metrics | None

    def initialize(self, status: Callable[[], Status], metrics: Metrics | None) -> None:
        self.status = status
        self.metrics = metrics

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")


class Page(AdminHandler):
    """The page for people."""

    def get(self) -> None:
        page = render(self.status(), nonce=csp_nonce(self), metrics=self.metrics is not None)
        self.finish(page)


class StatusAsJSON(AdminHandler):
    """All that is known."""

    def get(self) -> None:
        self.finish(self.status().as_dict())


class Live(AdminHandler):
    """Whether the supervisor answers."""

    def get(self) -> None:
        self.finish({"status": "ok"})


class Ready(AdminHandler):
    """Whether somebody takes requests."""

    def get(self) -> None:
        status = self.status()
        if status.stopping:
            said = "stopping"
        elif any(worker.state is WorkerState.READY for worker in status.workers):
            said = "ok"
        else:
            said = "no worker is ready"
        self.set_status(200 if said == "ok" else 503)
        self.finish({"status": said})


class Figures(AdminHandler):
    """What the metrics are at the moment."""

    async def get(self) -> None:
        assert self.metrics is not None  # or there is no such path
        content_type, figures = await self.metrics()
        self.set_header("Content-Type", content_type)
        self.finish(figures)
