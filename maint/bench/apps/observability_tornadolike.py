"""Hello, watched as the second argument says."""

import asyncio
import logging
import sys

import tornadolike
from tornadolike import tracing
from tornadolike.accesslog import CombinedLog, JSONLog
from tornadolike.metrics import Metrics
from tornadolike.middleware import RequestID
from tornadolike.web import Application, RequestHandler

logging.getLogger("tornadolike").setLevel(logging.WARNING)


class Hello(RequestHandler):
    def get(self):
        self.write("Hello, World!")


async def passes_on(handler, call_next):
    await call_next(handler)


def trace(app, *, sampled):
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON

    class Nowhere(SpanExporter):
        def export(self, spans):
            return SpanExportResult.SUCCESS

    provider = TracerProvider(sampler=ALWAYS_ON if sampled else ALWAYS_OFF)
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    tracing.install(app, tracer_provider=provider)


def watch(app, how):
    if how == "metrics":
        Metrics(app)
    elif how == "middleware":
        app.add_middleware(passes_on)
    elif how == "request-id":
        app.add_middleware(RequestID())
    elif how == "combined-log":
        app.settings["log_function"] = CombinedLog("/dev/null")
    elif how == "json-log":
        app.settings["log_function"] = JSONLog("/dev/null")
    elif how == "no-sdk":
        tracing.install(app)
    elif how in ("not-sampled", "sampled"):
        trace(app, sampled=how == "sampled")
    elif how == "all":
        Metrics(app)
        app.settings["log_function"] = JSONLog("/dev/null")
        app.add_middleware(RequestID())
        trace(app, sampled=False)


async def main():
    app = Application([(r"/", Hello)])
    watch(app, sys.argv[2])
    app.listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


tornadolike.run(main())
