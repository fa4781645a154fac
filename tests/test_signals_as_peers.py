"""The same receivers, told by aiohttp's signals, by Sanic's and by ours; docs/signals.rst tells of it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import aiosignal
import pytest

from tornadolike.signals import Signals

Receivers = list[Callable[..., Any]]
CASES: dict[str, dict[str, list[str]]] = {
    "both": {"aiohttp": ["a", "b"], "sanic": ["a", "b"], "ours": ["a", "b"]},
    # What a receiver raises is nobody else's trouble.
    "fails": {"aiohttp": ["a", "ValueError"], "sanic": ["a", "ValueError"], "ours": ["a", "b"]},
    # What a receiver returns is nothing to a signal.
    "returns": {"aiohttp": ["a", "b"], "sanic": ["a"], "ours": ["a", "b"]},
    "nobody": {"aiohttp": [], "sanic": ["NotFound"], "ours": []},
    # The application runs already.
    "late": {"aiohttp": ["RuntimeError"], "ours": ["a"]},
    "word": {"sanic": ["a ann"], "ours": ["a ann"]},
}
"""Who was told, or what the sender got."""


def receivers(case: str, told: list[str]) -> Receivers:
    def first(*sender: Any, **data: Any) -> Any:
        told.append(" ".join(["a", *([data["who"]] if "who" in data else [])]))
        if case == "fails":
            raise ValueError
        return "x" if case == "returns" else None

    def second(*sender: Any, **data: Any) -> None:
        told.append("b")

    return {"nobody": [], "late": [first], "word": [first]}.get(case, [first, second])


def coroutine(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    async def receive(**data: Any) -> Any:
        return function(**data)

    return receive


async def aiohttp(case: str, functions: Receivers) -> None:
    signal: Any = aiosignal.Signal(None)
    if case == "late":
        signal.freeze()
    signal.extend(map(coroutine, functions))
    if case != "late":
        signal.freeze()
    await signal.send(data=1)


async def sanic(case: str, functions: Receivers) -> None:
    package = pytest.importorskip("sanic", reason="asks a peer (the extra peers)")
    app = package.Sanic("signals", configure_logging=False)
    try:
        app.signal("somebody.else.listens")(coroutine(receivers("", [])[0]))
        for function in functions:
            event = "user.created.<who>" if case == "word" else "user.created.now"
            app.signal(event)(coroutine(function))
        app.signalize()
        event = "user.created.ann" if case == "word" else "user.created.now"
        await app.dispatch(event, context={"data": 1}, inline=True)
    finally:
        package.Sanic.unregister_app(app)


async def ours(case: str, functions: Receivers) -> None:
    signals = Signals()
    for function in functions:
        signals.on("user.<who>" if case == "word" else "user.created", coroutine(function))
    await signals.send("user.ann" if case == "word" else "user.created", data=1)


WAYS = {"aiohttp": aiohttp, "sanic": sanic, "ours": ours}


@pytest.mark.parametrize("who", WAYS)
def test_who_is_told(who: str, expect_log: Any) -> None:
    for case, expected in CASES.items():
        if who not in expected:
            continue
        told: list[str] = []
        logged: Any = contextlib.nullcontext()
        if who == "ours" and case == "fails":
            logged = expect_log("tornadolike.application", "The receiver .* failed", count=1)
        with logged:
            try:
                asyncio.run(WAYS[who](case, receivers(case, told)))
            except Exception as error:
                told.append(type(error).__name__)
        assert told == expected[who], case
