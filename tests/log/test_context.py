"""What is known of a request, in each line that is logged meanwhile."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextvars import ContextVar, copy_context
from pathlib import Path
from typing import Any

import pytest

from tests.web.conftest import site  # noqa: F401 (a fixture)
from tests.web.helpers import Site
from tornadolike.accesslog import JSONLog
from tornadolike.log import (
    ContextFilter,
    JSONFormatter,
    access_log,
    add_log_field,
    app_log,
    context,
    enable_pretty_logging,
    log_fields,
)
from tornadolike.middleware import RequestID
from tornadolike.web import RequestHandler

tint: ContextVar[str | None] = ContextVar("tint", default=None)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "_known", dict(context._known))


@pytest.fixture
def lines() -> Iterator[Callable[[], list[Any]]]:
    """What the loggers of requests and of the application have written as JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JSONFormatter())
    handler.addFilter(ContextFilter())
    loggers = {logger: logger.level for logger in (access_log, app_log)}
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    for logger, level in loggers.items():
        logger.removeHandler(handler)
        logger.setLevel(level)


def test_what_is_known_is_in_the_line(lines: Callable[[], list[Any]]) -> None:
    add_log_field("tint", tint.get)
    app_log.info("before")
    inside = copy_context()
    inside.run(tint.set, "red")
    inside.run(app_log.info, "inside")
    inside.run(app_log.info, "own", extra={"tint": "blue"})
    assert [line.get("tint") for line in lines()] == [None, "red", "blue"]
    assert "tint" not in lines()[0]


def test_the_last_of_a_name_is_asked() -> None:
    add_log_field("tint", lambda: "red")
    add_log_field("tint", lambda: "green")
    assert log_fields()["tint"] == "green"


def test_where_logs_are_set_up_by_options() -> None:
    logger = logging.Logger("site")
    enable_pretty_logging(logger=logger)
    (handler,) = logger.handlers
    assert any(isinstance(each, ContextFilter) for each in handler.filters)


class Item(RequestHandler):
    def get(self, number: str) -> None:
        app_log.info("at work")
        self.set_status(202)


def test_lines_of_a_request(
    site: Callable[..., Site],  # noqa: F811
    lines: Callable[[], list[Any]],
) -> None:
    served = site((r"/items/(\d+)", Item), middleware=[RequestID()], log_function=None)
    answer = served.ask("GET /items/3?q=1")
    served.ask("GET /nowhere")
    work, first, second = lines()
    assert work["message"] == "at work"
    assert work["request_id"] == first["request_id"] == answer.header("X-Request-ID")
    assert first["message"].startswith("202 GET /items/3?q=1 (127.0.0.1) ")
    told = {name: first[name] for name in ("method", "uri", "route", "status", "remote_ip")}
    assert told == {
        "method": "GET",
        "uri": "/items/3?q=1",
        "route": r"/items/(\d+)",
        "status": 202,
        "remote_ip": "127.0.0.1",
    }
    assert 0 < first["seconds"] < 10
    assert (second["route"], second["status"]) == (None, 404)


def test_in_an_access_log_of_its_own(
    site: Callable[..., Site],  # noqa: F811
    tmp_path: Path,
) -> None:
    with JSONLog(tmp_path / "log") as log:
        served = site((r"/items/(\d+)", Item), middleware=[RequestID()], log_function=log)
        answer = served.ask("GET /items/3")
        log.flush()
    line = json.loads((tmp_path / "log").read_text())
    assert line["route"] == r"/items/(\d+)"
    assert line["request_id"] == answer.header("X-Request-ID")
