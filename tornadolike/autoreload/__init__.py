"""Restart a program when its files change: for development.

``Application(debug=True)``, or ``autoreload=True``, starts it for a site that listens. By hand:

.. code-block:: python

    autoreload.start()

From the command line, for any program, one that does not even start because of a syntax error included::

    python -m tornadolike.autoreload program.py
    python -m tornadolike.autoreload -m package.module --until-success

The program itself looks at its files here, twice a second, and replaces itself by a new one (``exec``) when one of
them has changed. Connections and whatever goes on are lost. ``python -m tornadolike run`` does better: another process
watches, and keeps the listening sockets open.

Rooms, from the bottom up:

.. code-block:: text

   folders      what of a folder is looked at, and what of it matters
   notified     changes as the system tells of them (watchfiles)
   polled       changes as one sees them by looking again and again
   watching     either of these, in a thread, for a loop
   modules      the files of the program that runs
   restarting   this process becomes a new one
   looking      a program that looks at its own files: start() and wait()
   wrapping     the command
"""

from .looking import disable, start, wait
from .modules import watch
from .restarting import add_reload_hook, restart
from .wrapping import main

__all__ = ["add_reload_hook", "disable", "main", "start", "wait", "watch"]

_reload = restart
"""Tornado's name of it."""
