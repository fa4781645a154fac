"""``site(*rules, **settings)``, and spans that are kept."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.tracing.helpers import Spans
from tests.web.conftest import site
from tornadolike.httpclient.tracing import everywhere

__all__ = ["site"]


@pytest.fixture
def spans() -> Iterator[Spans]:
    """Those that have ended; ``spans.provider`` makes them."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield Spans(provider, exporter)
    provider.shutdown()
    for one in everywhere.traces:
        everywhere.remove(one)
