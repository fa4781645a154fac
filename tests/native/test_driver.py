"""The first steps of coroutines: what is seen from inside and afterwards, beside what a plain task shows."""

import asyncio
import contextvars
import gc
import inspect
import sys
import warnings
import weakref

import pytest

from tornadolike._native import RUNNING
from tornadolike.ioloop import IOLoop

variable = contextvars.ContextVar("variable", default="nothing")


@pytest.fixture
def loop():
    loop = IOLoop()
    yield loop
    loop.close()


def inside(loop, function):
    """The result of ``function`` called by the loop, outside of any task."""
    outcome = []

    def call():
        try:
            outcome.append(function())
        finally:
            loop.stop()

    loop.call_soon(call)
    loop.run_forever()
    return outcome[0]


def turns(loop, number=5):
    for _ in range(number):
        loop.call_soon(loop.stop)
        loop.run_forever()


def plain(loop, make, context=None):
    """Run it as a plain task."""
    if context is None:
        context = contextvars.copy_context()
    loop.create_task(make(), context=context)
    turns(loop, 30)


def begun(loop, make, context=None):
    """Run it by begin_task(), at its place in a row of others that do nothing."""

    def run():
        for _ in range(3):
            assert loop.begin_task(nothing()) is None
        loop.begin_task(make(), context)
        for _ in range(3):
            assert loop.begin_task(nothing()) is None

    loop.call_soon(run)
    turns(loop, 30)


async def nothing():
    pass


# What a coroutine sees of its task: each says what it has seen, and keeps the task if it has done something to it.


async def looks(said):
    task = asyncio.current_task()
    said += [
        type(task),
        task in asyncio.all_tasks(),
        task.done(),
        task.cancelled(),
        task.cancelling(),
        task.get_loop() is asyncio.get_running_loop(),
        asyncio.iscoroutine(task.get_coro()),
        task.get_coro().__qualname__,
        task.get_coro().cr_running,
        task.get_name().startswith("Task-"),
        inspect.getcoroutinestate(task.get_coro()),
        "running at" in repr(task),
        "looks" in repr(task),
        task.get_stack()[-1].f_code.co_name,
    ]
    if sys.version_info >= (3, 12):
        said.append(task.get_context().get(variable, "nothing"))


async def looks_later(said):
    await asyncio.sleep(0)
    await looks(said)


async def is_kept(said):
    said.append(asyncio.current_task())
    return 42


async def is_kept_and_fails(said):
    said.append(asyncio.current_task())
    raise ZeroDivisionError("no")


async def cancels_itself(said):
    said.append(task := asyncio.current_task())
    said.append(task.cancel("why"))
    said.append(task.cancelling())


async def cancels_itself_and_waits(said):
    said.append(task := asyncio.current_task())
    task.cancel("why")
    try:
        await asyncio.sleep(0)
    finally:
        said.append(task.cancelling())


async def cancels_itself_and_waits_for_a_future(said):
    said.append(task := asyncio.current_task())
    said.append(future := task.get_loop().create_future())
    task.cancel("why")
    try:
        await future
    except asyncio.CancelledError as error:
        said.append(error.args)
        said.append(task.uncancel())
    return 3


async def cancels_itself_and_thinks_better_of_it(said):
    said.append(task := asyncio.current_task())
    task.cancel()
    task.uncancel()
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        said.append("still")


async def cancels_itself_and_fails(said):
    said.append(task := asyncio.current_task())
    task.cancel()
    raise ZeroDivisionError("no")


async def raises_cancelled(said):
    said.append(asyncio.current_task())
    raise asyncio.CancelledError("myself")


async def has_callbacks(said):
    task = asyncio.current_task()
    task.add_done_callback(lambda task: said.append(("done", task.result(), task.done())))
    return 7


async def has_callbacks_with_a_context(said):
    context = contextvars.copy_context()
    context.run(variable.set, "of the callback")
    task = asyncio.current_task()
    task.add_done_callback(lambda task: said.append(variable.get()), context=context)


async def has_a_name(said):
    said.append(task := asyncio.current_task())
    task.set_name("a name")
    said.append(task.get_name())


async def has_attributes(said):
    task = asyncio.current_task()
    said.append(getattr(task, "own", None))
    task.own = "attribute"


async def times_out(said):
    try:
        async with asyncio.timeout(0):
            await asyncio.get_running_loop().create_future()
    except TimeoutError:
        said.append("time is over")


async def has_time_enough(said):
    async with asyncio.timeout(100):
        said.append("in time")


async def has_a_group(said):
    async def part(number):
        await asyncio.sleep(0)
        said.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(part(number))


async def has_a_group_that_fails(said):
    async def part():
        raise ZeroDivisionError

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(part())
            await asyncio.sleep(10)
    except* ZeroDivisionError:
        said.append("failed")


async def has_an_empty_group(said):
    async with asyncio.TaskGroup():
        said.append("in it")


async def starts_another(said):
    task = asyncio.create_task(is_kept(said))
    said.append(await task)


async def sets_a_variable(said):
    said.append(variable.get())
    variable.set("mine")
    await asyncio.sleep(0)
    said.append(variable.get())
    token = variable.set("again")
    variable.reset(token)


async def sets_a_variable_and_ends(said):
    said.append(variable.get())
    variable.set("mine")


async def resets_a_variable(said):
    token = variable.set("mine")
    await asyncio.sleep(0)
    variable.reset(token)
    said.append(variable.get())


async def waits_for_nonsense(said):
    class Nonsense:
        def __await__(self):
            yield 42

    said.append(asyncio.current_task())
    await Nonsense()


async def waits_for_itself(said):
    said.append(task := asyncio.current_task())
    await task


async def gives_what_looks_like_an_exception(said):
    said.append(asyncio.current_task())
    return StopIteration(3)


async def gives_a_tuple(said):
    said.append(asyncio.current_task())
    await asyncio.sleep(0)
    return (1, 2)


async def generates(said):
    async def numbers():
        try:
            for number in range(3):
                yield number
                await asyncio.sleep(0)
        finally:
            said.append("closed")

    async for number in numbers():
        said.append(number)


SCENES = [
    value
    for value in list(globals().values())
    if inspect.isfunction(value) and list(inspect.signature(value).parameters) == ["said"]
]


def outcome(thing):
    """What is said, in words that are the same for two runs."""
    if isinstance(thing, asyncio.Future):
        if not thing.done():
            return "pending"
        if thing.cancelled():
            try:
                thing.result()
            except asyncio.CancelledError as error:
                return "cancelled", error.args
        error = thing.exception()
        result = repr(error) if error is not None else repr(thing.result())
        state = thing.cancelling() if isinstance(thing, asyncio.Task) else None
        # A task that waits for itself is named in the error.
        return "done", result.split("<")[0], state
    return thing


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_as_in_a_plain_task(loop, scene):
    told = []
    for run in (plain, begun):
        for _ in range(2):
            said = []
            run(loop, lambda said=said: scene(said))
            told.append([outcome(thing) for thing in said])
            assert asyncio.all_tasks(loop) == set()
    assert told[0] == told[1] == told[2] == told[3]
    assert told[0]


@pytest.mark.parametrize("exit_error", [SystemExit, KeyboardInterrupt])
def test_the_program_ends(loop, exit_error):
    async def leave():
        tasks.append(asyncio.current_task())
        raise exit_error

    tasks = []
    loop.call_soon(lambda: loop.begin_task(leave()))
    with pytest.raises(exit_error):
        loop.run_forever()
    assert isinstance(tasks[0].exception(), exit_error)
    turns(loop)
    assert asyncio.current_task(loop) is None


def test_an_exception_that_nobody_takes_is_told_of(loop, expect_log):
    async def fail():
        raise ZeroDivisionError

    with expect_log("asyncio", "Task exception was never retrieved"):
        assert inside(loop, lambda: loop.begin_task(fail())) is None
        gc.collect()


@pytest.mark.parametrize("suspends", [False, True])
def test_what_failed_is_gone_when_nobody_holds_it(loop, suspends):
    async def fail():
        task = asyncio.current_task()
        tasks.append(task)
        if suspends:
            await asyncio.sleep(0)
        raise ZeroDivisionError

    tasks = []
    loop.call_soon(lambda: loop.begin_task(fail()))
    turns(loop)
    assert isinstance(tasks[0].exception(), ZeroDivisionError)
    reference = weakref.ref(tasks.pop())
    gc.collect()  # its frame names the task
    assert reference() is None


def test_it_is_pending_while_it_waits(loop):
    async def wait():
        await future
        return 5

    future = loop.create_future()
    task = inside(loop, lambda: loop.begin_task(wait()))
    assert type(task) is asyncio.Task
    assert asyncio.all_tasks(loop) == {task}
    coro = task.get_coro()
    assert coro.cr_suspended
    assert coro.cr_await is not None
    assert inspect.getcoroutinestate(coro) == inspect.CORO_SUSPENDED
    future.set_result(None)
    assert loop.run_until_complete(task) == 5


def test_a_pending_one_that_is_lost_is_told_of(loop, expect_log):
    async def wait():
        await loop.create_future()

    with expect_log("asyncio", "Task was destroyed but it is pending"):
        inside(loop, lambda: loop.begin_task(wait())) and None
        gc.collect()


def test_cancelled_from_outside(loop):
    async def wait():
        try:
            await loop.create_future()
        except asyncio.CancelledError as error:
            return error.args

    task = inside(loop, lambda: loop.begin_task(wait()))
    task.cancel("why")
    assert loop.run_until_complete(task) == ("why",)


def test_inside_a_task_the_first_step_waits(loop):
    async def main():
        task = loop.begin_task(nothing())
        assert not task.done()
        assert asyncio.current_task() is not task
        await task

    loop.run_until_complete(main())


def test_before_the_loop_runs_the_first_step_waits(loop):
    task = loop.begin_task(nothing())
    assert not task.done()
    loop.run_until_complete(task)


def test_with_a_factory_it_makes_the_task(loop):
    made = []

    def factory(loop, coro, **kwargs):
        made.append(coro)
        return asyncio.Task(coro, loop=loop, **kwargs)

    loop.set_task_factory(factory)
    task = inside(loop, lambda: loop.begin_task(nothing()))
    loop.run_until_complete(task)
    assert len(made) == 1
    loop.set_task_factory(None)


def test_in_debug_mode(loop):
    loop.set_debug(True)
    said = []
    inside(loop, lambda: loop.begin_task(is_kept(said)))
    assert said[0].result() == 42
    assert said[0]._source_traceback


def test_what_is_no_coroutine(loop):
    def call():
        with pytest.raises(TypeError):
            loop.begin_task(42)

    inside(loop, call)


def test_what_has_been_awaited_already(loop, expect_log):
    coro = nothing()
    with expect_log("asyncio", "never retrieved"):
        inside(loop, lambda: [loop.begin_task(coro), loop.begin_task(coro)])
        gc.collect()


def test_variables_of_the_caller(loop):
    def call():
        variable.set("outside")
        loop.begin_task(sets_a_variable_and_ends(said))
        loop.begin_task(sets_a_variable_and_ends(said))
        return variable.get()

    said = []
    assert inside(loop, call) == "outside"
    assert said == ["outside", "outside"]


def test_a_context_that_is_given(loop):
    def call():
        context = contextvars.copy_context()
        context.run(variable.set, "given")
        loop.begin_task(sets_a_variable_and_ends(said), context)
        return context

    said = []
    assert inside(loop, call)[variable] == "mine"
    assert said == ["given"]


def test_the_value_of_a_variable_is_not_kept(loop):
    class Value:
        pass

    async def set_it():
        value = Value()
        references.append(weakref.ref(value))
        variable.set(value)

    references = []
    loop.call_soon(lambda: [loop.begin_task(set_it()) for _ in range(5)] and None)
    turns(loop)
    gc.collect()
    assert [reference() for reference in references] == [None] * 5


def test_a_weak_reference_to_its_task_is_not_to_anothers(loop):
    """Libraries keep what they know of tasks in weak dictionaries."""
    known = weakref.WeakKeyDictionary()

    async def look(number):
        assert known.setdefault(asyncio.current_task(), number) == number

    loop.call_soon(lambda: [loop.begin_task(look(number)) for number in range(10)] and None)
    turns(loop)
    gc.collect()
    assert len(known) == 0


def test_no_two_that_live_are_one(loop):
    tasks = []

    async def look():
        tasks.append(asyncio.current_task())

    loop.call_soon(lambda: [loop.begin_task(look()) for _ in range(10)] and None)
    turns(loop)
    assert len({id(task) for task in tasks}) == 10
    assert len({task.get_name() for task in tasks}) == 10
    assert all(task.done() for task in tasks)


@pytest.mark.skipif(not RUNNING, reason="of the native one")
def test_nothing_is_made_for_what_does_nothing_with_its_task(loop):
    seen = set()

    async def look():
        seen.add(id(asyncio.current_task()))
        async with asyncio.timeout(100):
            pass

    def call():
        for _ in range(100):
            loop.begin_task(look())

    inside(loop, call)
    assert len(seen) == 1


def test_the_task_that_waits_is_not_seen(loop):
    inside(loop, lambda: [loop.begin_task(nothing()), asyncio.all_tasks(loop)])
    assert asyncio.all_tasks(loop) == set()


def test_a_loop_that_is_not_closed_leaves_no_task():
    loop = IOLoop()
    inside(loop, lambda loop=loop: loop.begin_task(nothing()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        reference = weakref.ref(loop)
        IOLoop.clear_current()
        del loop
        gc.collect()
    assert reference() is None


def test_references_are_flat(loop):
    value = object()

    async def use(what):
        if what == 1:
            await asyncio.sleep(0)
        elif what == 2:
            asyncio.current_task().own = value
        elif what == 3:
            asyncio.current_task().add_done_callback(lambda task, value=value: None)
        elif what == 4:
            asyncio.current_task().cancel()
        elif what == 5:
            variable.set(value)
        return value

    def call():
        for number in range(300):
            loop.begin_task(use(number % 6))

    def round_():
        loop.call_soon(call)
        turns(loop)
        gc.collect()
        return sys.getrefcount(value), len(gc.get_objects())

    round_()
    first = round_()
    for _ in range(5):
        last = round_()
    assert last[0] == first[0]
    assert abs(last[1] - first[1]) < 20


def test_anyio(loop):
    anyio = pytest.importorskip("anyio")
    said = []

    async def use():
        with anyio.move_on_after(100) as scope:
            said.append(scope.cancel_called)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await anyio.sleep(10)
        said.append(scope.cancelled_caught)
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 0)
        said.append("end")

    begun(loop, use)
    begun(loop, use)
    assert said == [False, True, "end"] * 2


# With what comes after the coroutine, as handlers have it


async def after(awaitable, said):
    try:
        said.append(("after", await awaitable))
    except BaseException as error:
        said.append(("failed", type(error), asyncio.current_task().cancelling()))
        raise


@pytest.mark.skipif(not RUNNING, reason="of the native one")
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_what_comes_after(loop, scene):
    told = []
    for native in (False, True):
        for _ in range(2):
            said = []
            if native:

                def run(said=said):
                    loop.starter.begin_then(
                        scene(said),
                        None,
                        lambda result: said.append(("after", result)),
                        lambda awaitable: after(awaitable, said),
                    )
                    loop.begin_task(nothing())

                loop.call_soon(run)
                turns(loop, 30)
            else:
                plain(loop, lambda said=said: after(scene(said), said))
            # Who runs is the scene or what comes after it; the result of a task is nobody's.
            told.append([str(outcome(thing)).replace("after", "scene") for thing in said])
    if scene in (looks, looks_later, is_kept, has_callbacks, gives_a_tuple, starts_another):
        assert len(told[0]) == len(told[2])
    elif scene is not gives_what_looks_like_an_exception:
        assert told[0] == told[1] == told[2] == told[3]


@pytest.mark.skipif(not RUNNING, reason="of the native one")
def test_what_comes_after_can_fail(loop):
    def end(result):
        said.append(asyncio.current_task() is not None)
        raise ZeroDivisionError

    async def rest(awaitable):
        try:
            await awaitable
        except ZeroDivisionError:
            said.append("failed")

    said = []
    inside(loop, lambda: loop.starter.begin_then(nothing(), None, end, rest))
    turns(loop)
    assert said == [True, "failed"]
