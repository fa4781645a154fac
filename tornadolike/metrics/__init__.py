"""What a site is asked and how it is doing, as figures for Prometheus.

.. code-block:: python

    from tornadolike.metrics import Metrics

    app = Application(rules)
    Metrics(app, path="/metrics")

It needs ``prometheus_client``: ``pip install 'tornadolike[metrics]'``. What is counted costs a few additions in plain
memory; all that is made of it is made when somebody asks.

.. code-block:: text

   tables      what is measured, and how figures of several processes are added up
   figures     rows of numbers in memory
   folder      the files of several processes
   store       the figures of this process
   watching    what is looked at from time to time
   clients     what our HTTP client sends
   families    names and explanations, as Prometheus has them
   library     the author's figures of several processes
   exposing    the answer to a scrape
   metrics     Metrics
"""

from .exposing import forget_process, scrape
from .metrics import Metrics
from .tables import BUCKETS

__all__ = ["BUCKETS", "Metrics", "forget_process", "scrape"]
