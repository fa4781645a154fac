"""What is slow, and where: the loop, if something keeps it; and requests, while they wait.

.. code-block:: python

    app.lifetime(SlowRequests(1.0))
    app.lifetime(LoopWatch(0.25))

.. code-block:: text

   stacks          where a thread or a task is
   lag             LoopLag: how late the loop is, cheap enough to be asked always
   loop_watch      LoopWatch: says where the loop is while something blocks it
   slow_requests   SlowRequests: says which requests take long, and where they wait
"""

from .lag import LoopLag
from .loop_watch import LoopWatch
from .slow_requests import SlowRequests

__all__ = ["LoopLag", "LoopWatch", "SlowRequests"]
