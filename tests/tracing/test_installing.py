"""An application whose requests are traced."""

from collections.abc import Callable

import pytest
from opentelemetry import trace

from tests.middleware.helpers import RULES
from tests.tracing.helpers import Spans
from tests.web.helpers import Site
from tornadolike import tracing
from tornadolike.httpclient.tracing import everywhere
from tornadolike.middleware import RequestID
from tornadolike.web import Application


def test_it_is_the_outermost(site: Callable[..., Site], spans: Spans) -> None:
    seen: list[bool] = []

    async def look(handler, call_next):  # type: ignore[no-untyped-def]
        seen.append(trace.get_current_span().is_recording())
        await call_next(handler)

    asked = site(*RULES, middleware=[look, RequestID()])
    tracing.install(asked.application, tracer_provider=spans.provider)
    asked.ask("GET /")
    spans.one()
    assert seen == [True]


def test_it_can_be_taken_back(site: Callable[..., Site], spans: Spans) -> None:
    asked = site(*RULES)
    installed = tracing.install(asked.application, tracer_provider=spans.provider)
    asked.ask("GET /")
    spans.one()
    installed.uninstall()
    asked.ask("GET /")
    spans.wait(0)
    assert everywhere.traces == ()
    tracing.install(asked.application, clients=False).uninstall()


def test_one_route_is_no_list_of_routes() -> None:
    with pytest.raises(TypeError, match="a list of routes"):
        tracing.install(Application(), leave_out="/metrics")
