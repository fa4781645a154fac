"""What answers those who ask whether a site is well.

They come by another way than the site's users: under any name, without TLS, often. So nothing that stands around the
site's handlers is for them: no check of hosts, no redirect to HTTPS (which Kubernetes would take for a yes), no limit.
An application with middleware puts it around handlers, and what is here is none for it: a :class:`Probe` is a delegate,
which has a little application of its own.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from ..httputil import HTTPConnection, HTTPMessageDelegate, HTTPServerConnectionDelegate
from ..httputil.request import HTTPServerRequest
from ..web import Application, RequestHandler
from ..web.life.life import State
from .checks import Check, Result

Details = Callable[[HTTPServerRequest], bool]
"""Whether who sends this request may see what the single checks say."""


class Probe(HTTPServerConnectionDelegate):
    """What a rule leads to: a handler that nothing stands around.

    :arg handler_class: what answers, whatever the path is.
    :arg kwargs: its ``initialize`` has these.
    :arg logged: whether requests have lines in the log.
    """

    def __init__(
        self, handler_class: type[RequestHandler], kwargs: dict[str, Any], logged: bool
    ) -> None:
        settings: dict[str, Any] = {} if logged else {"log_function": _keep_quiet}
        # By this attribute the site finds it, as something that starts and stops with it.
        self.target = Application(
            default_handler_class=handler_class,
            default_handler_args=kwargs,
            automatic_head=True,
            **settings,
        )

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        return self.target.start_request(server_conn, request_conn)


def _keep_quiet(handler: RequestHandler) -> None:
    """A ``log_function`` that writes nothing."""


class Live(RequestHandler):
    """Whether the loop turns. If it does not, only a new process helps; nothing else is asked."""

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")

    def get(self) -> None:
        self.finish({"status": "ok"})


class Ready(RequestHandler):
    """Whether requests are welcome: it has started, does not stop, and what it cannot do without is there."""

    application: Application

    def initialize(self, checks: Sequence[Check], details: Details) -> None:
        self._checks = checks
        self._details = details

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")

    async def get(self) -> None:
        # An application without hooks need not be started to be served.
        state = self.application._life.state
        if state in (State.STARTING, State.STOPPING):
            self.set_status(503)
            self.finish({"status": state.value})
            return
        checks = self._checks
        results = await asyncio.gather(*(check.result() for check in checks))
        failing = [check for check, one in zip(checks, results, strict=True) if not one.passed]
        status = "degraded" if failing else "ok"
        if any(check.critical for check in failing):
            status = "failing"
            self.set_status(503)
        said: dict[str, Any] = {"status": status}
        if self._details(self.request):
            told = zip(checks, results, strict=True)
            said["checks"] = {check.name: _detail(check, result) for check, result in told}
        self.finish(said)


def _detail(check: Check, result: Result) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "status": "ok" if result.passed else "failing",
        "critical": check.critical,
        "seconds": round(result.seconds, 6),
        "when": result.when,
    }
    if result.error:
        detail["error"] = result.error
    return detail
