"""Coroutines on a loop, for so long at the most."""

import inspect
from collections.abc import Callable
from contextvars import Context, ContextVar, Token, copy_context
from typing import TYPE_CHECKING, Any, Final

import pytest

from .choosing import function_of
from .settings import timeout_of

if TYPE_CHECKING:
    from ..ioloop import IOLoop

END: Final = object()
"""What a generator gives behind its last value."""


def run(
    loop: "IOLoop",
    function: Callable[[], Any],
    seconds: float,
    what: str,
    context: Context | None = None,
) -> Any:
    """Call ``function`` in a task of ``loop``, wait for what it returns, and return the result.

    :arg seconds: of the real clock, after which it is cancelled and :exc:`TimeoutError` raised; 0 for no limit.
    :arg what: whose name to tell then.
    :arg context: the task's; by default a copy of the present one.
    """
    __tracebackhide__ = True
    import asyncio  # here, as in all of the plugin: who doesn't use it need not load it

    from ..gen import convert_yielded
    from ..testing.limits import RealLimit

    async def main() -> Any:
        result = function()
        if result is None:
            return None
        return await (result if inspect.isawaitable(result) else convert_yielded(result))

    task = loop.create_task(main(), context=context or copy_context())
    limit = RealLimit(loop, seconds, task.cancel) if seconds else None
    problem: asyncio.CancelledError | None = None
    result = None
    try:
        result = loop.run_until_complete(task)
    except asyncio.CancelledError as error:
        if limit is None or not limit.expired:
            raise
        problem = error
    except (KeyboardInterrupt, SystemExit):
        # Somebody has had enough: the task is to end here, and not when the loop does.
        if not task.done():
            task.cancel()
            loop.run_until_complete(asyncio.wait([task]))
        raise
    finally:
        if limit is not None:
            limit.cancel()
    if limit is None or not limit.expired:
        return result
    too_long = TimeoutError(
        f"{what} took longer than {seconds:g} seconds. If it should: @pytest.mark.tornadolike(timeout=...), or "
        "tornadolike_timeout in pytest's configuration"
    )
    # With the traceback of the place where it was waiting.
    raise too_long.with_traceback(problem.__traceback__ if problem else None) from None


def run_test(item: pytest.Function, loop: "IOLoop") -> bool | None:
    """Run a test that is ours. None: pytest is to call it itself, as hypothesis wants it."""
    __tracebackhide__ = True
    seconds = timeout_of(item)

    def run_function(function: Callable[..., Any], arguments: dict[str, Any]) -> None:
        __tracebackhide__ = True
        if inspect.isgeneratorfunction(function):
            from ..gen import coroutine

            function = coroutine(function)
        run(loop, lambda: function(**arguments), seconds, item.name)

    if hasattr(item.obj, "hypothesis"):
        inner = function_of(item.obj)
        original = getattr(inner, "_tornadolike_original", inner)
        if not inspect.iscoroutinefunction(original):
            return None

        def run_example(**arguments: Any) -> None:
            run_function(original, arguments)

        run_example._tornadolike_original = original  # type: ignore[attr-defined]
        item.obj.hypothesis.inner_test = run_example
        return None
    names = item._fixtureinfo.argnames
    run_function(item.obj, {name: item.funcargs[name] for name in names})
    return True


def as_sync(
    request: pytest.FixtureRequest, function: Callable[..., Any], loop: "IOLoop"
) -> Callable[..., Any]:
    """A fixture that is no coroutine, in the place of one that is: ``function``, which runs in ``loop``."""
    instance = request.instance
    if inspect.ismethod(function) and isinstance(instance, type(function.__self__)):
        function = function.__func__.__get__(instance)
    seconds = timeout_of(request._pyfuncitem)
    what = f"the fixture {request.fixturename}"

    def call(**arguments: Any) -> Any:
        # What it sets of context variables, the test is to see: the next coroutine begins with a copy of this context.
        context = copy_context()
        if inspect.iscoroutinefunction(function):
            value = run(loop, lambda: function(**arguments), seconds, what, context)
            request.addfinalizer(adopt(context))
            return value
        values = function(**arguments)

        async def next_value() -> Any:
            return await anext(values, END)

        value = run(loop, next_value, seconds, what, context)
        if value is END:
            pytest.fail(f"{what} has yielded nothing", pytrace=False)
        restore = adopt(context)

        def finish() -> None:
            restore()
            if run(loop, next_value, seconds, what, context) is not END:
                run(loop, values.aclose, seconds, what, context)
                pytest.fail(f"{what} yields more than once", pytrace=False)

        request.addfinalizer(finish)
        return value

    return call


def adopt(context: Context) -> Callable[[], None]:
    """Give the variables the values they have in ``context``; what is returned takes that back."""
    tokens: list[tuple[ContextVar[Any], Token[Any]]] = [
        (variable, variable.set(value))
        for variable, value in context.items()
        if variable.get(END) is not value
    ]

    def restore() -> None:
        for variable, token in reversed(tokens):
            variable.reset(token)

    return restore
