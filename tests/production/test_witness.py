"""What wrk says of errors is not overlooked."""

import asyncio
import shutil

import pytest

from maint.production.witness import Witness, summary
from tests.production.servers import answer, read_number, serving

WELL = """Running 1h test @ http://127.0.0.1:8888/number/0
  1234 requests in 10.10s, 0.86GB read
Requests/sec: 74821.29
"""


def test_all_is_well():
    assert summary(WELL) == "wrk: 1,234 requests; no errors"


def test_complaints():
    said = WELL + "  Socket errors: connect 0, read 8, write 0, timeout 0\n"
    said += "  Non-2xx or 3xx responses: 3\n"
    assert summary(said) == (
        "wrk: 1,234 requests; Socket errors: connect 0, read 8, write 0, timeout 0;"
        " Non-2xx or 3xx responses: 3"
    )


@pytest.mark.skipif(not shutil.which("wrk"), reason="needs wrk")
def test_wrk_itself():
    asked = asyncio.Event()

    async def handle(reader, writer):
        while (number := await read_number(reader)) is not None:
            asked.set()
            writer.write(answer(number))

    async def main():
        async with serving(handle) as address:
            witness = Witness(address.port, 2)
            await asyncio.wait_for(asked.wait(), 30)
            return await asyncio.to_thread(witness.stop)

    assert asyncio.run(main()).endswith(" requests; no errors")
