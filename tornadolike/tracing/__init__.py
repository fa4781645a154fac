"""Requests as spans of traces, by OpenTelemetry.

.. code-block:: python

    from tornadolike import tracing

    app = Application(rules)
    tracing.install(app)

It needs ``opentelemetry-api``: ``pip install 'tornadolike[tracing]'``. What becomes of the spans says OpenTelemetry's
SDK; without it there are none.

.. code-block:: text

   attributes    what spans tell
   server        ServerSpans: requests that are answered
   client        ClientSpans: requests that are sent
   logs          TraceFilter: the trace in lines of the log
   installing    install()
"""

from .installing import Tracing, install
from .logs import TraceFilter

__all__ = ["TraceFilter", "Tracing", "install"]
