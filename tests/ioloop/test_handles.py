"""What is waiting to run is what asyncio promises, and holds nothing longer than it must."""

import asyncio
import contextvars
import gc
import weakref

import pytest

from tornadolike.ioloop.handles import Handle, TimerHandle

variable = contextvars.ContextVar("variable", default="default")


class Thing:
    def method(self):
        pass


def make(loop, callback, *args, context=None, timer=False):
    if timer:
        return TimerHandle(5.0, callback, args, loop, context)
    return Handle(callback, args, loop, context)


@pytest.fixture(params=["soon", "timer"])
def timer(request):
    return request.param == "timer"


def test_they_are_handles_of_asyncio(io_loop):
    assert isinstance(io_loop.call_soon(print), asyncio.Handle)
    timer = io_loop.call_later(1, print)
    assert isinstance(timer, asyncio.TimerHandle)
    assert timer.when() == pytest.approx(io_loop.time() + 1, abs=0.5)


def test_a_handle_runs_its_callback_in_the_context_of_its_birth(io_loop, timer):
    seen = []
    context = contextvars.copy_context()
    context.run(variable.set, "then")
    handle = context.run(make, io_loop, lambda: seen.append(variable.get()), timer=timer)
    variable.set("now")
    handle._run()
    assert seen == ["then"]


def test_a_handle_runs_its_callback_in_the_context_that_it_was_given(io_loop, timer):
    context = contextvars.copy_context()
    handle = make(io_loop, variable.set, "inside", context=context, timer=timer)
    handle._run()
    assert context[variable] == "inside"
    assert variable.get() != "inside"


def test_a_cancelled_handle_lets_go_of_what_it_held(io_loop, timer):
    thing, argument = Thing(), Thing()
    references = weakref.ref(thing), weakref.ref(argument)
    handle = make(io_loop, thing.method, argument, timer=timer)
    assert not handle.cancelled()
    del thing, argument
    handle.cancel()
    handle.cancel()
    assert handle.cancelled()
    gc.collect()
    assert [reference() for reference in references] == [None, None]
    assert "cancelled" in repr(handle)


def test_a_cancelled_timer_tells_the_loop_while_it_waits_there(io_loop):
    waiting = io_loop.call_later(10, print)
    waiting.cancel()
    waiting.cancel()
    make(io_loop, print, timer=True).cancel()  # was never in the loop
    assert io_loop._cancelled_timers == 1


def test_in_debug_mode_a_cancelled_handle_still_says_what_it_was(io_loop, timer):
    io_loop.set_debug(True)
    handle = make(io_loop, Thing().method, timer=timer)
    handle.cancel()
    assert "Thing.method" in repr(handle)


def test_in_debug_mode_a_handle_says_which_line_made_it(io_loop):
    assert "created at" not in repr(io_loop.call_soon(print))
    io_loop.set_debug(True)
    for handle in (
        io_loop.call_soon(print),
        io_loop.call_soon_threadsafe(print),
        io_loop.call_later(0, print),
        io_loop.call_at(0, print),
    ):
        assert f"created at {__file__}:" in repr(handle)


@pytest.mark.parametrize("timer", [False, True])
def test_an_exception_goes_to_the_loops_handler(io_loop, timer):
    contexts = []
    io_loop.set_exception_handler(lambda loop, context: contexts.append(context))
    io_loop.set_debug(True)
    handle = io_loop.call_at(0, int, "x") if timer else io_loop.call_soon(int, "x")
    io_loop.call_soon(io_loop.stop)
    io_loop.start()
    (context,) = contexts
    assert isinstance(context["exception"], ValueError)
    assert "Exception in callback" in context["message"]
    assert "int" in context["message"]
    assert context["handle"] is handle
    assert context["source_traceback"][-1].filename == __file__


def test_without_debug_mode_there_is_no_traceback_to_tell(io_loop, timer):
    contexts = []
    io_loop.set_exception_handler(lambda loop, context: contexts.append(context))
    make(io_loop, int, "x", timer=timer)._run()
    assert "source_traceback" not in contexts[0]


@pytest.mark.parametrize("exit_error", [SystemExit, KeyboardInterrupt])
def test_a_process_exit_is_nobodys_to_handle(io_loop, timer, exit_error):
    def leave():
        raise exit_error

    with pytest.raises(exit_error):
        make(io_loop, leave, timer=timer)._run()


def test_a_failed_timer_is_not_held_by_its_exception(io_loop):
    """The exception holds the frame in which it was reported, which need not hold the handle."""
    errors = []
    io_loop.set_exception_handler(lambda loop, context: errors.append(context["exception"]))
    thing = Thing()
    reference = weakref.ref(thing)
    gc.disable()
    try:
        make(io_loop, int, thing, timer=True)._run()
        del thing
        assert reference() is None
        assert errors[0].__traceback__ is not None
    finally:
        gc.enable()


def test_a_timer_that_gives_a_coroutine_has_it_run(io_loop):
    ran = []

    async def later(argument):
        await asyncio.sleep(0)
        ran.append((argument, variable.get()))
        io_loop.stop()

    context = contextvars.copy_context()
    context.run(variable.set, "of the timer")
    io_loop.call_later(0, later, 1, context=context)
    io_loop.start()
    assert ran == [(1, "of the timer")]


def test_a_timer_does_not_mind_other_results(io_loop):
    io_loop.call_later(0, lambda: "text")
    io_loop.call_later(0, io_loop.create_future)
    io_loop.call_later(0, io_loop.stop)
    io_loop.start()
