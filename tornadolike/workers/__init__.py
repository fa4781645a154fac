"""Workers in production: processes that serve one application on the same sockets, and one that looks after them.

.. code-block:: python

    from tornadolike.workers import run

    if __name__ == "__main__":
        run("main:app", workers=4, port=80)
"""

from .running import run
from .settings import Settings
from .state import Status, WorkerState, WorkerStatus

__all__ = ["Settings", "Status", "WorkerState", "WorkerStatus", "run"]
