"""Calling a protocol, and what is said when it fails."""

from typing import Any

import pytest

from tests.ioloop.transports.scripted import ReportingLoop
from tornadolike.ioloop.transports.telling import Telling


class Teller(Telling):
    def __init__(self, protocol: object) -> None:
        self._loop: Any = ReportingLoop()
        self._protocol = protocol


class Failing:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def error_received(self, *args: object) -> None:
        raise self.error


def test_the_protocol_gets_the_arguments() -> None:
    heard: list[int] = []
    teller = Teller(heard)
    teller._tell("insert", 0, 7)
    assert heard == [7]
    assert teller._loop.reports == []


@pytest.mark.parametrize("kind", [ZeroDivisionError, GeneratorExit])
def test_a_call_that_fails_is_reported(kind: type[BaseException]) -> None:
    error = kind()
    protocol = Failing(error)
    teller = Teller(protocol)
    teller._tell("error_received", "an argument")
    assert teller._loop.reports == [
        {
            "message": "protocol.error_received() failed",
            "exception": error,
            "transport": teller,
            "protocol": protocol,
        }
    ]


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_who_wants_to_leave_may(kind: type[BaseException]) -> None:
    teller = Teller(Failing(kind()))
    with pytest.raises(kind):
        teller._tell("error_received")
    assert teller._loop.reports == []


def test_what_the_connection_does_not_survive_is_reported_as_such() -> None:
    teller = Teller(None)
    teller._report_fatal("data_received", OSError(2, "no such file"))
    (report,) = teller._loop.reports
    assert report["message"] == "Fatal error: the protocol raised an exception in data_received()"


def test_a_broken_connection_that_the_protocol_lets_pass_is_nobodys_mistake() -> None:
    teller = Teller(None)
    teller._report_fatal("data_received", BrokenPipeError())
    assert teller._loop.reports == []
