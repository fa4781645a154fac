"""What the tests of traces share."""

import time
from dataclasses import dataclass
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
TRACEPARENT = f"traceparent: 00-{TRACE}-{PARENT}-01"


@dataclass
class Spans:
    """The spans of a test."""

    provider: TracerProvider
    exporter: InMemorySpanExporter

    def wait(self, count: int) -> list[ReadableSpan]:
        """So many that have ended, in the order of their ends; a server ends some behind its answer."""
        deadline = time.monotonic() + 20
        while len(found := self.exporter.get_finished_spans()) < count:
            assert time.monotonic() < deadline, [one.name for one in found]
            time.sleep(0.002)
        assert len(found) == count, [one.name for one in found]
        self.exporter.clear()
        return list(found)

    def one(self) -> ReadableSpan:
        return self.wait(1)[0]


def ids(span: ReadableSpan) -> tuple[str, str]:
    """Of the trace and of the span."""
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"


def parent_of(span: ReadableSpan) -> str | None:
    return None if span.parent is None else f"{span.parent.span_id:016x}"


def told(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})
