"""Templates that wait: coroutines, and streams of what is made."""

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings

from tests.template.making import BODIES, made_names, outcome
from tornadolike.template import DictLoader, Template
from tornadolike.template.runtime import CHUNK_SIZE


async def soon(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


async def counted(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield await soon(number)


NAMES = {"soon": soon, "counted": counted, "upper": bytes.upper}


async def read(template: Template, **names: Any) -> list[bytes]:
    async with contextlib.aclosing(template.stream(**NAMES, **names)) as chunks:
        return [chunk async for chunk in chunks]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ await soon('<') }}", b"&lt;"),
        ("{% raw await soon('<') %}", b"<"),
        ("{% set x = await soon(1) %}{{ x }}", b"1"),
        ("{% if await soon(0) %}a{% elif await soon(1) %}b{% else %}c{% end %}", b"b"),
        ("{% for x in await soon('ab') %}{{ x }}{% end %}", b"ab"),
        ("{% async for x in counted(3) %}{{ x }}{% end %}", b"012"),
        ("{% async for x in counted(3) %}{{ x }}{% else %}e{% end %}", b"012e"),
        (
            "{% async for x in counted(4) %}{% if x == 1 %}{% continue %}{% end %}{{ x }}{% end %}",
            b"023",
        ),
        ("{% set n = 3 %}{% while await soon(n) %}{{ n }}{% set n -= 1 %}{% end %}", b"321"),
        ("{% apply upper %}a{{ await soon('b') }}{% end %}", b"AB"),
        ("{% apply upper %}{% async for x in counted(2) %}x{{ x }}{% end %}{% end %}", b"X0X1"),
        ("{{ [x async for x in counted(2)] }}", b"[0, 1]"),
        ("{% try %}a{{ await soon(1) }}{{ 1 / 0 }}{% except %}b{% end %}", b"a1b"),
        ("{% try %}a{% finally %}{{ await soon(1) }}{% end %}", b"a1"),
    ],
)
def test_what_waits(io_loop: Any, text: str, expected: bytes) -> None:
    template = Template(text)
    assert template.is_async
    assert io_loop.run_sync(lambda: template.generate_async(**NAMES)) == expected
    assert b"".join(io_loop.run_sync(lambda: read(template))) == expected
    with pytest.raises(RuntimeError, match="generate_async"):
        template.generate(**NAMES)


def test_an_included_file_or_a_child_waits(io_loop: Any) -> None:
    loader = DictLoader(
        {
            "base.html": "<{% block a %}{% end %}>",
            "index.html": "{% extends base.html %}{% block a %}{{ await soon(1) }}{% end %}",
        }
    )
    assert not loader.load("base.html").is_async
    template = loader.load("index.html")
    assert template.is_async
    assert io_loop.run_sync(lambda: template.generate_async(**NAMES)) == b"<1>"


def test_functions_that_wait_make_no_template_wait() -> None:
    text = "{% set async def f(): await x\n %}await {{ 'await' }}"
    template = Template(text)
    assert not template.is_async
    assert template.generate() == b"await await"


def test_a_template_that_does_not_wait_has_all_forms(io_loop: Any) -> None:
    template = Template("{% for x in 'ab' %}{{ x }}{% end %}")
    assert io_loop.run_sync(template.generate_async) == b"ab"
    assert io_loop.run_sync(lambda: read(template)) == [b"ab"]


def test_what_was_made_goes_out_before_each_wait(io_loop: Any) -> None:
    template = Template("a{{ 1 }}{{ await soon('b') }}c{% set x = await soon(2) %}d{{ x }}")
    assert io_loop.run_sync(lambda: read(template)) == [b"a1", b"bc", b"d2"]


def test_an_async_loop_sends_each_turn(io_loop: Any) -> None:
    text = "a{% async for x in counted(3) %}{% if x == 0 %}-{% continue %}{% end %}{{ x }}{% end %}"
    assert io_loop.run_sync(lambda: read(Template(text))) == [b"a", b"-", b"1", b"2"]


def test_a_loop_sends_what_is_much(io_loop: Any) -> None:
    template = Template("{% for x in range(count) %}{{ x }}{% raw 'x' * 100 %}\n{% end %}")
    chunks = io_loop.run_sync(lambda: read(template, count=2000))
    assert b"".join(chunks) == template.generate(count=2000)
    assert all(CHUNK_SIZE <= len(chunk) < 2 * CHUNK_SIZE for chunk in chunks[:-1])


def test_bytes_that_are_no_text_are_streamed(io_loop: Any) -> None:
    template = Template(r"{% for x in range(3000) %}{% raw b'\xff' * 10 %}{% end %}ü")
    chunks = io_loop.run_sync(lambda: read(template))
    assert b"".join(chunks) == b"\xff" * 30000 + "ü".encode()
    assert len(chunks) > 1


def test_closing_a_stream_runs_finally(io_loop: Any) -> None:
    text = (
        "{% try %}{% try %}a{{ await soon(1) }}{{ await soon(2) }}{% except %}never{% end %}"
        "{% finally %}{{ await soon('b') }}{% set log.append('closed') %}{% end %}"
    )
    log: list[str] = []

    async def read_one() -> bytes:
        chunks = Template(text).stream(**NAMES, log=log)
        chunk = await anext(chunks)
        await chunks.aclose()
        return chunk

    assert io_loop.run_sync(read_one) == b"a"
    assert log == ["closed"]


def test_a_cancelled_render_ends(io_loop: Any) -> None:
    template = Template("{% try %}{{ await forever() }}{% except %}swallowed{% end %}")

    async def cancel() -> None:
        task = asyncio.create_task(template.generate_async(forever=asyncio.Event().wait))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    io_loop.run_sync(cancel)


def test_context_variables(io_loop: Any) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")

    async def get() -> str:
        return variable.get()

    async def render() -> list[bytes]:
        variable.set("mine")
        return await read(
            Template("{{ await get() }}{{ variable.get() }}"), get=get, variable=variable
        )

    assert b"".join(io_loop.run_sync(render)) == b"minemine"


def test_renders_at_the_same_time(io_loop: Any) -> None:
    template = Template("{% set x = n %}{{ await soon(x) }}{{ await soon(x) }}{{ x }}")

    async def render() -> list[bytes]:
        return await asyncio.gather(*(template.generate_async(**NAMES, n=n) for n in range(50)))

    assert io_loop.run_sync(render) == [str(n).encode() * 3 for n in range(50)]


@pytest.mark.slow
@given(BODIES, BODIES)
@settings(deadline=None, max_examples=60)
def test_all_forms_give_the_same(index: str, part: str) -> None:
    files = {"index.html": index, "part.html": part.replace("include", "comment include")}
    try:
        template = DictLoader(files).load("index.html")
    except SyntaxError:
        return

    async def stream() -> bytes:
        return b"".join([chunk async for chunk in template.stream(**made_names())])

    expected = outcome(lambda: template.generate(**made_names()))
    assert outcome(lambda: asyncio.run(template.generate_async(**made_names()))) == expected
    assert outcome(lambda: asyncio.run(stream())) == expected
