"""The whole of a site in production: what is opened before, and closed behind, a supervisor."""

import contextlib

from .. import ioloop
from ..programs.serving import log_to_terminal
from .admin_serving import Admin
from .figures import FiguresFolder
from .listening import Listening
from .pid_file import PidFile
from .settings import Settings
from .supervisor import Supervisor


def serve(settings: Settings, is_placed: bool) -> None:
    """What :func:`tornadolike.workers.run` says, when the settings are made."""
    log_to_terminal()
    with contextlib.ExitStack() as ending:
        if settings.pid_file is not None:
            ending.enter_context(PidFile(settings.pid_file))
        listening = Listening(settings, is_placed)
        ending.callback(listening.close)
        admin = None
        if settings.admin is not None:
            admin = Admin(settings.admin)
            ending.callback(admin.close)
        figures = FiguresFolder()
        ending.callback(figures.remove)
        ioloop.run(_supervise(settings, listening, admin, figures))


async def _supervise(
    settings: Settings, listening: Listening, admin: Admin | None, figures: FiguresFolder
) -> None:
    supervisor = Supervisor(settings, listening, figures)
    if admin is not None:
        admin.serve(lambda: supervisor.status, figures.scrape)
    try:
        await supervisor.run()
    finally:
        if admin is not None:
            await admin.end()
