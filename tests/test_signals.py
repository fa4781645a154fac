"""Signals: who is told, of what, and what it costs the others when one fails."""

import asyncio
import gc

import pytest

from tests.running import on_every_loop
from tornadolike.signals import Signal, Signals


class Keeper:
    """Has a method that is told."""

    def __init__(self):
        self.told = []

    async def take(self, *args, **data):
        self.told.append((args, data))


@on_every_loop
async def test_all_receivers_are_told_in_their_order():
    paid, told = Signal("paid"), []

    @paid.connect
    async def first(order):
        await asyncio.sleep(0)
        told.append(("first", order))

    @paid.connect
    def second(order):
        told.append(("second", order))

    paid.connect(first)  # once is enough
    await paid.send(order=1)
    assert told == [("first", 1), ("second", 1)]
    assert paid.disconnect(first)
    assert not paid.disconnect(first)
    await paid.send(2)
    assert told[2:] == [("second", 2)]
    assert repr(paid) == "<Signal 'paid', 1 receivers>"
    with pytest.raises(TypeError, match="a receiver is a function"):
        paid.connect("first")


@on_every_loop
async def test_weak_receivers_go_with_their_owners():
    signal, keeper = Signal(), Keeper()

    def function(*args, **data):
        keeper.told.append("function")

    signal.connect(keeper.take, weak=True)
    signal.connect(function, weak=True)
    await signal.send(1, x=2)
    assert keeper.told == [((1,), {"x": 2}), "function"]
    del function
    gc.collect()
    assert signal.receivers == [keeper.take]
    keeper = None
    gc.collect()
    assert signal.receivers == []
    survivor = Keeper()
    signal.connect(survivor.take, weak=True)
    del signal  # and what is left of it is not missed
    gc.collect()
    del survivor


@on_every_loop
async def test_a_receiver_that_fails_costs_nobody_else(expect_log):
    signals, told = Signals(), []

    @signals.on("user.created")
    async def broken(user):
        raise ValueError(user)

    @signals.on("user.created")
    async def cancelled(user):
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    signals.on("user.created", lambda user: told.append(user))
    with expect_log("tornadolike.application", r"receiver .*(broken|cancelled) of", count=2):
        await signals.send("user.created", user="me")
    assert told == ["me"]


@on_every_loop
async def test_who_sends_may_be_cancelled():
    signal = Signal()

    @signal.connect
    async def slow():
        await asyncio.sleep(3600)

    sending = asyncio.ensure_future(signal.send())
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


@on_every_loop
async def test_names_may_have_variables():
    signals, told = Signals(), []

    @signals.on("shop.<thing>.sold")
    def sold(thing, **data):
        told.append((thing, data))

    signals.on("shop.book.sold", lambda **data: told.append(("very name", data)))
    await signals.send("shop.book.sold", price=1)
    await signals.send("shop.cup.sold")
    await signals.send("shop.book.paid")
    await signals.send("shop.big.book.sold")
    assert told == [("very name", {"price": 1}), ("book", {"price": 1}), ("cup", {})]
    assert signals.has_receivers("shop.x.sold")
    assert signals.off("shop.<thing>.sold", sold)
    assert not signals.has_receivers("shop.x.sold")


def test_names_that_are_none_are_refused():
    signals = Signals(own=("application.started", "request.begun"))
    for name in ("", ".", "a..b", "a b", "<a>.<a>", "<1>", "a<b>", "a.<b", "request.finish"):
        with pytest.raises(ValueError, match=r"signal"):
            signals.on(name, print)
    with pytest.raises(TypeError, match="a signal's name is text"):
        signals.on(3, print)
    signals.on("request.<what>", print)
    signals.on("<room>.started", print)
    signals.on("application.started", print)
    for name in ("", "a b", "user.<what>"):
        with pytest.raises(ValueError, match="a signal is sent by words"):
            asyncio.run(signals.send(name))


def test_a_receiver_whose_tasks_were_cancelled_is_logged(expect_log):
    signal = Signal("done")
    told = []

    @signal.connect
    def fails():
        raise BaseExceptionGroup("tasks", [asyncio.CancelledError()])

    signal.connect(lambda: told.append(1))
    with expect_log("tornadolike.application", "fails of the signal 'done' failed", count=1):
        asyncio.run(signal.send())
    assert told == [1]
