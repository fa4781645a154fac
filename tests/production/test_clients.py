"""The clients tell apart what can become of a request: no fault of a server escapes them."""

import asyncio
import itertools

import pytest

from maint.production.clients import UPLOAD, Client, Course, Fresh, Patient, Uploading
from maint.production.wire import Address
from tests.production.servers import answer, free_port, read_number, reset, serving


def ask(handle, requests=1, make=Client):
    """Have one client send so many requests to such a server; the tally."""

    async def main():
        async with serving(handle) as address:
            course = Course(address)
            client = make(course)
            for number in range(1, requests + 1):
                assert await client.until_answered(number)
            await client.hang_up()
        return course.tally

    return asyncio.run(main())


async def good(reader, writer):
    while (number := await read_number(reader)) is not None:
        writer.write(answer(number))


def test_what_is_answered():
    tally = ask(good, 3)
    assert (tally.sent, tally.answered, tally.lost, tally.retried) == (3, {200: 3}, [], 0)
    assert (tally.workers, tally.versions, tally.wrong) == ({77: 3}, {"1": 3}, [])
    assert 0 < tally.slowest < 60


@pytest.mark.parametrize(("make", "connections"), [(Client, 1), (Fresh, 3)])
def test_connections_are_kept_or_not(make, connections):
    count = itertools.count()

    async def counted(reader, writer):
        next(count)
        await good(reader, writer)

    ask(counted, 3, make)
    assert next(count) == connections


def lossy(bad):
    """A server whose first connection is treated so when its request is there, and all others well."""
    connections = itertools.count()

    async def handle(reader, writer):
        if next(connections):
            await good(reader, writer)
        else:
            bad(writer, await read_number(reader))

    return handle


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(lambda writer, number: None, id="nothing"),
        pytest.param(lambda writer, number: reset(writer), id="reset"),
        pytest.param(lambda writer, number: writer.write(answer(number)[:20]), id="half a head"),
        pytest.param(lambda writer, number: writer.write(answer(number)[:-1]), id="half a body"),
        pytest.param(
            lambda writer, number: writer.write(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n"
            ),
            id="no last chunk",
        ),
    ],
)
@pytest.mark.parametrize("make", [Client, Fresh])
def test_what_is_lost_is_sent_again(bad, make):
    tally = ask(lossy(bad), 1, make)
    assert (tally.sent, tally.answered, tally.retried) == (2, {200: 1}, 1)
    (loss,) = tally.lost
    assert (loss.kind, loss.number) == (make.kind, 1)
    assert loss.port > 0


def test_a_connection_that_was_closed_while_nothing_was_asked_is_no_loss():
    closed = asyncio.Event()

    async def once(reader, writer):
        writer.write(answer(await read_number(reader)))
        writer.close()
        await writer.wait_closed()
        closed.set()

    async def main():
        async with serving(once) as address:
            course = Course(address)
            client = Client(course)
            for number in range(1, 4):
                await client.until_answered(number)
                await closed.wait()
                closed.clear()
                while not client.wire.over:
                    await asyncio.sleep(0)
            await client.hang_up()
        return course.tally

    tally = asyncio.run(main())
    assert (tally.sent, tally.answered, tally.lost) == (3, {200: 3}, [])


def test_a_connection_that_the_server_says_it_will_close_is_not_used_again():
    async def closing(reader, writer):
        writer.write(answer(await read_number(reader), b"Connection: close"))
        assert await read_number(reader) is None

    assert ask(closing, 2).answered == {200: 2}


def test_an_answer_to_something_else():
    async def confused(reader, writer):
        while (number := await read_number(reader)) is not None:
            writer.write(answer(number + 1))

    assert ask(confused).wrong == ["kept 1: b'2'"]


def test_failures_are_answers():
    async def failing(reader, writer):
        await read_number(reader)
        writer.write(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    tally = ask(failing)
    assert (tally.answered, tally.good, tally.lost) == ({503: 1}, 0, [])


def test_who_is_refused_tries_again():
    async def main():
        course = Course(Address(free_port()))
        client = Client(course)
        asking = asyncio.create_task(client.until_answered(1))
        while course.tally.refused < 2:
            await asyncio.sleep(0)
        course.stopping.set()
        assert not await asking
        return course.tally

    tally = asyncio.run(main())
    assert (tally.sent, tally.lost) == (0, [])


def test_who_is_refused_when_the_service_ends_goes_home():
    async def main():
        course = Course(Address(free_port()))
        course.leaving.set()
        await Client(course).run()
        return course.tally

    assert asyncio.run(main()).refused == 0


def test_what_takes_its_time():
    async def slow(reader, writer):
        number = await read_number(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in [b"."] * 10 + [b"%d" % number]:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await read_number(reader)

    tally = ask(slow, make=Patient)
    assert (tally.answered_to, tally.wrong) == ({("slow", 200): 1}, [])
    assert tally.slowest == 0  # what needs its time says nothing of how quick the service is


def test_uploads_come_in_pieces_and_are_checked():
    async def careless(reader, writer):
        number = await read_number(reader)
        received = await reader.readexactly(len(UPLOAD) * 8)
        assert received == UPLOAD * 8
        writer.write(answer(number))  # and not its checksum
        await read_number(reader)

    assert ask(careless, make=Uploading).wrong == ["upload 1: b'1'"]
