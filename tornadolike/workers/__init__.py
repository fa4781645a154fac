"""Workers in production: processes that serve one application on the same sockets, and one that looks after them.

The *supervisor* binds the sockets once, never loads the program, and starts the workers; each loads it, or is forked
from a *template* that has, and serves on the same sockets. A line of JSON goes each way when there is something to say,
and once a second a worker tells that its loop runs. What a supervisor does is divided between a few that each do one
thing; from the bottom up:

.. code-block:: text

   state             what is known of workers at a moment
   processors        how many may be used
   settings          what is wanted
   tasks             what a worker is told to do
   beating           that it is alive, once a second
   child             a worker, from inside
   template          what workers are forked from, from inside
   processes         how any of these is started, and how it has ended
   worker            a worker, from outside
   hiring            where workers come from: fresh ones
   forking           the same: forks
   slot              one place, in which there is a worker
   listening         the sockets
   service_manager   what systemd is told
   turnover          replacing those who serve
   watching          looking how they are
   figures           where they count
   supervisor        who does what when
   admin_page, admin, admin_serving, pid_file     for who looks after it
   running           the whole
"""

from typing import Any

from ..programs.failing import Failure
from ..util import ends_in_one_line
from .settings import Settings
from .state import Status, WorkerState, WorkerStatus

__all__ = ["Settings", "Status", "WorkerState", "WorkerStatus", "run"]


def run(application: str, *, is_placed: bool = True, **settings: Any) -> None:
    """Serve an application by workers until a signal ends it.

    .. code-block:: python

        from tornadolike.workers import run

        if __name__ == "__main__":
            run("main:app", workers=4, port=80)

    :arg application: ``"module:name"``: this process does not load it, the workers do.
    :arg is_placed: whether the settings say where to serve. If not, sockets of the service manager have precedence.
    :arg settings: what :class:`.Settings` has.

    Raises :exc:`.Failure` if it cannot be served, with which a program ends with one line if nobody catches it, and
    :exc:`TypeError` or :exc:`ValueError` for wrong settings.
    """
    # Workers import this package, too, and need nothing of what a supervisor is made of.
    from .running import serve

    try:
        serve(Settings(application=application, **settings), is_placed)
    except Failure as failure:
        ends_in_one_line(failure, failure.text)
        raise
