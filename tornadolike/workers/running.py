""":func:`run`: the whole of a site in production."""

from typing import Any

from .. import ioloop
from ..log import gen_log
from ..programs.serving import log_to_terminal
from .listening import Listening
from .settings import Settings
from .supervisor import Supervisor


def run(application: str, *, is_placed: bool = True, **settings: Any) -> None:
    """Serve an application by workers until a signal ends it.

    .. code-block:: python

        from tornadolike.workers import run

        if __name__ == "__main__":
            run("main:app", workers=4, port=80)

    :arg application: ``"module:name"``: this process does not load it, the workers do.
    :arg is_placed: whether the settings say where to serve. If not, sockets of the service manager have precedence.
    :arg settings: what :class:`.Settings` has.

    Raises :exc:`.Failure` if it cannot be served, and :exc:`TypeError` or :exc:`ValueError` for wrong settings.
    """
    wanted = Settings(application=application, **settings)
    log_to_terminal()
    listening = Listening(wanted, is_placed)
    try:
        ioloop.run(_supervise(wanted, listening))
    finally:
        listening.close()


async def _supervise(settings: Settings, listening: Listening) -> None:
    def served() -> None:
        gen_log.info(
            "%s is served on %s by %d workers",
            settings.application,
            ", ".join(listening.addresses),
            settings.number_of_workers,
        )

    await Supervisor(settings, listening, served).run()
