"""Functions of the author that are called at the ends of an application's life."""

import asyncio
import contextlib
import functools
from typing import Any

import pytest

from tornadolike.web.life.hooks import call_hook, check_hook, context_of


class Says:
    def method(self, app: Any) -> Any:
        return app

    def __call__(self, app: Any = "its own") -> Any:
        return app


@pytest.mark.parametrize(
    ("hook", "gets"),
    [
        (lambda: "nothing", "nothing"),
        (lambda app: app, "the application"),
        (lambda app, more=7: app, "the application"),
        (lambda app="its own": app, "its own"),
        (lambda *all: all, ()),
        (Says().method, "the application"),
        (Says(), "its own"),
        (functools.partial(lambda word, app: (word, app), "bound"), ("bound", "the application")),
        (dict, {}),  # which is written in C, and tells nothing of its parameters
    ],
)
def test_who_wants_the_application_gets_it(hook: Any, gets: Any) -> None:
    check_hook("on_startup", hook)
    assert call_hook(hook, "the application") == gets


def test_what_cannot_be_called_at_its_time() -> None:
    async def coroutine() -> None: ...

    async def generator() -> Any:
        yield

    for kind, hook, why in (
        ("on_startup", "x", r"on_startup\(\) takes a function, not 'x'"),
        ("on_startup", generator, "has a yield: use lifetime"),
        ("on_shutdown", lambda: (yield), "has a yield"),
        ("on_shutdown", lambda app, more: None, "gets the application and nothing else"),
        ("lifetime", coroutine, "coroutine.* needs a yield"),
    ):
        with pytest.raises(TypeError, match=why):
            check_hook(kind, hook)


async def used(made: Any) -> Any:
    async with context_of(made, "hook") as value:
        return value


def test_contexts_and_generators_are_contexts() -> None:
    async def generator() -> Any:
        yield "begun"

    for made in (
        generator(),
        contextlib.asynccontextmanager(generator)(),
        contextlib.nullcontext("begun"),
    ):
        assert asyncio.run(used(made)) == "begun"


def test_what_is_no_context() -> None:
    async def coroutine() -> None: ...

    for made in (None, 7, coroutine(), contextlib.suppress(KeyError), contextlib.nullcontext):
        with pytest.raises(
            TypeError, match=r"lifetime\(hook\) has to give an asynchronous context"
        ):
            context_of(made, "hook")
