"""By which trace a line of the log was written."""

import io
import logging
from collections.abc import Callable, Iterator

import pytest

from tests.middleware.helpers import RULES
from tests.tracing.helpers import Spans, ids
from tests.web.helpers import Site
from tornadolike import tracing
from tornadolike.log import access_log, app_log
from tornadolike.web import RequestHandler


class Telling(RequestHandler):
    def get(self) -> None:
        app_log.warning("at work")


@pytest.fixture
def lines() -> Iterator[Callable[[], list[str]]]:
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.addFilter(tracing.TraceFilter())
    handler.setFormatter(logging.Formatter("%(trace_id)s %(span_id)s %(message)s"))
    for log in (app_log, access_log):
        log.addHandler(handler)
    yield lambda: text.getvalue().splitlines()
    for log in (app_log, access_log):
        log.removeHandler(handler)


def test_lines_have_the_trace(
    site: Callable[..., Site], spans: Spans, lines: Callable[[], list[str]]
) -> None:
    asked = site(("/telling", Telling), *RULES, log_function=None)
    tracing.install(asked.application, tracer_provider=spans.provider)
    asked.ask("GET /telling")
    told = " ".join(ids(spans.one()))
    asked.ask("GET /failing")
    failing = " ".join(ids(spans.one()))
    app_log.warning("outside")
    found = [line for line in lines() if "200 GET" not in line]
    assert found[0] == f"{told} at work"
    assert found[1].startswith(f"{failing} 418 GET /failing")
    assert found[2] == "- - outside"
