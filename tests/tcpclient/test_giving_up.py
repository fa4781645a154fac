"""Connections that nobody waits for any longer: time-outs and cancelled tasks."""

import asyncio
import datetime
import errno

import pytest

from tests.peers import full_server
from tests.running import on_every_loop, on_jumping_clock, turns
from tests.tcpclient.helpers import SOON, Names, Never, cannot_reach, serving
from tornadolike.ioloop import IOLoop
from tornadolike.netutil import Resolver
from tornadolike.tcpclient import TCPClient


@pytest.mark.parametrize("timeout", [90, 90.0, datetime.timedelta(seconds=90)])
@on_jumping_clock
async def test_a_resolver_that_does_not_answer(timeout):
    resolver = Never()
    start = IOLoop.current().time()
    with pytest.raises(TimeoutError, match=r"^Timeout while resolving name\.example$"):
        await TCPClient(resolver).connect("name.example", 1, timeout=timeout)
    assert IOLoop.current().time() - start == pytest.approx(90)
    assert resolver.given_up


@on_every_loop
async def test_a_time_out_of_the_resolvers_own():
    class Impatient(Resolver):
        async def resolve(self, *question):
            raise TimeoutError("the name server does not answer")

    with pytest.raises(TimeoutError, match=r"^the name server does not answer$"):
        await TCPClient(Impatient()).connect("name.example", 1, timeout=100)


@on_every_loop
async def test_no_time_at_all():
    with pytest.raises(TimeoutError, match="while resolving"):
        await TCPClient(Never()).connect("name.example", 1, timeout=0)
    with full_server() as full:
        (host, port), client = full.getsockname(), TCPClient(Names(full.getsockname(), ("::1", 1)))
        with pytest.raises(TimeoutError, match=f"while connecting to {host}:{port}$"):
            await client.connect("name.example", 1, timeout=0)


@on_every_loop
async def test_a_server_that_does_not_answer():
    with full_server() as full:
        host, port = full.getsockname()
        for delay in (0.25, None):
            client = TCPClient(happy_eyeballs_delay=delay)
            with pytest.raises(TimeoutError) as caught:
                await client.connect(host, port, timeout=SOON)
            assert str(caught.value) == f"Timeout while connecting to 127.0.0.1:{port}"


@on_every_loop
async def test_a_server_that_does_not_shake_hands(certs):
    async def silent(reader, writer):
        await reader.read()

    async with serving(handle=silent) as (host, port):
        with pytest.raises(TimeoutError) as caught:
            await TCPClient().connect(host, port, ssl_options=certs.client_context(), timeout=SOON)
        assert str(caught.value) == f"Timeout during TLS handshake with 127.0.0.1:{port}"


@on_every_loop
async def test_an_exception_of_the_kernels_is_not_our_time_out(monkeypatch):
    async def connect(loop, sock, address):
        raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")

    monkeypatch.setattr("tornadolike.ioloop.dialing.connect", connect)
    with cannot_reach("Connection timed out") as caught:
        await TCPClient().connect("127.0.0.1", 1, timeout=100)
    assert isinstance(caught.value.real_error, TimeoutError)


async def give_up(connecting):
    """Cancel it after some turns of the loop."""
    task = asyncio.ensure_future(connecting)
    await turns(10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}


every_patience = pytest.mark.parametrize("timeout", [None, 3600])


@every_patience
@on_every_loop
async def test_giving_up_while_a_name_is_resolved(timeout):
    resolver = Never()
    await give_up(TCPClient(resolver).connect("name.example", 1, timeout=timeout))
    assert resolver.given_up


@every_patience
@pytest.mark.parametrize("delay", [None, 0, 0.25])
@on_every_loop
async def test_giving_up_while_it_is_connected(timeout, delay):
    with full_server() as full:
        names = Names(*[full.getsockname()] * 3)
        client = TCPClient(names, happy_eyeballs_delay=delay)
        await give_up(client.connect("name.example", 1, timeout=timeout))


@every_patience
@on_every_loop
async def test_giving_up_in_the_handshake(timeout, certs):
    begun = asyncio.Event()

    async def silent(reader, writer):
        await reader.read(1)
        begun.set()
        await reader.read()

    context = certs.client_context()
    async with serving(handle=silent) as (host, port):
        connecting = TCPClient().connect(host, port, ssl_options=context, timeout=timeout)
        task = asyncio.ensure_future(connecting)
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
