"""Names of exceptions that programs import."""

import asyncio

import pytest

from tornadolike import concurrent, gen, ioloop, util


def test_the_time_out_is_everybodys():
    assert gen.TimeoutError is util.TimeoutError is ioloop.TimeoutError is TimeoutError
    assert asyncio.TimeoutError is TimeoutError


def test_the_value_that_was_ignored():
    assert gen.ReturnValueIgnoredError is concurrent.ReturnValueIgnoredError


@pytest.mark.parametrize(
    "name",
    [
        *("BadYieldError", "KeyReuseError", "LeakedCallbackError"),
        *("ReturnValueIgnoredError", "UnknownKeyError"),
    ],
)
def test_exceptions(name):
    assert issubclass(getattr(gen, name), Exception)
    assert name in gen.__all__
