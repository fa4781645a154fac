"""The program's process, from inside: it loads the application, and serves it on sockets that were bound before.

``python -m tornadolike.cli.running.child`` is what the parent starts, with a :class:`Task` in the environment.
"""

import dataclasses
import json
import os
import socket
import sys
from collections.abc import Sequence
from typing import Any, Final, Self

from ... import autoreload, ioloop, locale
from ...programs.channel import Channel, Message
from ...programs.loading import load_in_loop
from ...programs.reports import report_of
from ...programs.serving import Site, log_to_terminal
from ...web.application import Application
from .browsers import BrowserReload

VARIABLE: Final = "TORNADOLIKE_RUN"

DRAIN_SECONDS: Final = 2.0
"""How long requests may go on when the program is to end: somebody waits for the new one."""

INTERRUPTED: Final = 130
FAILED: Final = 1

DEVELOPMENT: Final[dict[str, Any]] = {
    "debug": True,
    "serve_traceback": True,
    "compiled_template_cache": False,
    "static_hash_cache": False,
}
"""Settings of applications that do not say otherwise: errors are shown, and what has changed is read again."""


@dataclasses.dataclass(frozen=True)
class Task:
    """What a child is to do."""

    name: str
    """The application, as on the command line."""
    channel: int
    sockets: tuple[int, ...]
    """Descriptors."""
    tls: dict[str, str] | None = None
    reloads_browsers: bool = False

    def to_environment(self) -> dict[str, str]:
        return {VARIABLE: json.dumps(dataclasses.asdict(self))}

    @classmethod
    def from_environment(cls) -> Self:
        """Take it out of the environment: the program's own children have nothing to do with it."""
        values = json.loads(os.environ.pop(VARIABLE))
        return cls(**{**values, "sockets": tuple(values["sockets"])})


def main() -> int:
    """Do the task, and return the exit status."""
    task = Task.from_environment()
    channel = Channel(_adopted(task.channel))
    sockets = [_adopted(number) for number in task.sockets]
    sys.argv = [task.name]  # what a program that reads its command line finds: no arguments
    try:
        return ioloop.run(_serve(task, channel, sockets))
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        for sock in sockets:
            sock.close()


def _adopted(descriptor: int) -> socket.socket:
    sock = socket.socket(fileno=descriptor)
    sock.set_inheritable(False)
    return sock


async def _serve(task: Task, channel: Channel, sockets: Sequence[socket.socket]) -> int:
    try:
        autoreload.disable()  # this is the parent's affair
        application = await load_in_loop(task.name)
        log_to_terminal()
        await _served(application, task, channel).serve(sockets, DRAIN_SECONDS)
    except (Exception, SystemExit) as error:
        channel.send(tells="failed", report=report_of(error).as_dict())
        return FAILED
    finally:
        channel.close()
    return 0


def _served(application: Any, task: Task, channel: Channel) -> Site:
    """The site, which does what the parent says as soon as it is served."""
    browsers = None
    locale.enable_reload()
    if isinstance(application, Application):
        for name, value in DEVELOPMENT.items():
            application.settings.setdefault(name, value)
        if task.reloads_browsers:
            browsers = BrowserReload(application)

    def heard(message: Message | None) -> None:
        if message is None or message["tells"] == "stop":  # None: the parent is gone
            site.stop()
        elif browsers is not None:
            browsers.reload()

    def ready() -> None:
        channel.listen(heard)
        channel.send(tells="ready")

    site = Site(application, {"ssl_options": task.tls}, ready)
    return site


if __name__ == "__main__":
    sys.exit(main())
